/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "nn/ref/ref.h"

static void filter_row(float *restrict dst, const float *const *restrict rows,
                       const float *restrict weights,
                       const struct ar_dwconv_shape *restrict shape, uint32_t kernel,
                       uint32_t stride)
{
    for (size_t c = 0; c < shape->channels; c++) {
        const float *const taps = weights + c * kernel * kernel;
        const size_t plane = c * shape->src_stride;

        for (size_t x = 0; x < shape->width; x++) {
            float sum = 0.0F;

            for (size_t row = 0; row < kernel; row++) {
                const float *const in = rows[row] + plane + x * stride - kernel / 2;

                for (size_t column = 0; column < kernel; column++)
                    sum += in[column] * taps[row * kernel + column];
            }
            dst[c * shape->dst_stride + x] = sum;
        }
    }
}

static void dwconv_row(float *restrict dst, const float *const *restrict rows,
                       const float *restrict weights,
                       const struct ar_dwconv_shape *restrict shape, uint32_t kernel,
                       uint32_t stride)
{
    for (size_t y = 0; y < shape->height; y++)
        filter_row(dst + y * shape->dst_row_stride, rows + y * stride, weights, shape, kernel,
                   stride);
}

void ar_dwconv3x3_row_s1_ref(float *restrict dst, const float *const *restrict rows,
                             const float *restrict weights,
                             const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 3, 1);
}

void ar_dwconv3x3_row_s2_ref(float *restrict dst, const float *const *restrict rows,
                             const float *restrict weights,
                             const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 3, 2);
}

void ar_dwconv5x5_row_s1_ref(float *restrict dst, const float *const *restrict rows,
                             const float *restrict weights,
                             const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 5, 1);
}

void ar_dwconv5x5_row_s2_ref(float *restrict dst, const float *const *restrict rows,
                             const float *restrict weights,
                             const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 5, 2);
}
