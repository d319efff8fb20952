/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "nn/ref/ref.h"

static void dwconv_row(float *restrict dst, const float *const *restrict rows,
                       const float *restrict weights,
                       const struct ar_dwconv_shape *restrict shape, uint32_t kernel,
                       uint32_t stride)
{
    const ptrdiff_t src_stride = (ptrdiff_t)shape->src_stride;

    for (uint32_t x = 0; x < shape->width; x++) {
        const ptrdiff_t first =
            ((ptrdiff_t)(x * stride) - (ptrdiff_t)(kernel / 2)) * src_stride;
        float *const pixel = dst + (size_t)x * shape->dst_stride;

        for (uint32_t c = 0; c < shape->channels; c++) {
            const float *weight = weights + c;
            float sum = 0.0F;

            for (uint32_t row = 0; row < kernel; row++) {
                const float *tap = rows[row] + first + c;

                for (uint32_t column = 0; column < kernel; column++) {
                    sum += *tap * *weight;
                    tap += src_stride;
                    weight += shape->weight_stride;
                }
            }
            pixel[c] = sum;
        }
    }
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
