/* SPDX-License-Identifier: MIT */
#include "nn/ref/ref.h"
#include "nn/ref/round8.h"

static int32_t sum_at(const uint8_t *const *restrict rows, ptrdiff_t at,
                      const int8_t *restrict weights, int32_t start, ptrdiff_t kernel)
{
    const ptrdiff_t row_b = 4 * (ptrdiff_t)ar_dwconv8_fours((size_t)kernel);
    int32_t sum = start;

    for (ptrdiff_t row = 0; row < kernel; row++)
        for (ptrdiff_t i = 0; i < kernel; i++)
            sum += rows[row][at + i - kernel / 2] * weights[row * row_b + i];
    return sum;
}

static void dwconv8_row(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                        const struct ar_dwconv8_filter *restrict filter,
                        const struct ar_dwconv8_shape *restrict shape, size_t kernel,
                        ptrdiff_t stride)
{
    for (size_t c = 0; c < shape->channels; c++) {
        const int8_t *const weights =
            filter->weights + c * kernel * ar_dwconv8_fours(kernel) * 4;
        const ptrdiff_t plane = (ptrdiff_t)(c * shape->src_stride);
        uint8_t *const out = dst + c / 4 * shape->dst_stride + c % 4;

        for (ptrdiff_t x = 0; x < shape->width; x++) {
            const int32_t sum =
                sum_at(rows, plane + x * stride, weights, filter->start[c], (ptrdiff_t)kernel);

            out[4 * x] =
                (uint8_t)(ar_ref_round8((float)sum * filter->scale[c], -127.0F, 127.0F) + 128);
        }
    }
}

void ar_dwconv8_3x3_row_s1_ref(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                               const struct ar_dwconv8_filter *restrict filter,
                               const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 1);
}

void ar_dwconv8_3x3_row_s2_ref(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                               const struct ar_dwconv8_filter *restrict filter,
                               const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 2);
}

void ar_dwconv8_5x5_row_s1_ref(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                               const struct ar_dwconv8_filter *restrict filter,
                               const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 1);
}

void ar_dwconv8_5x5_row_s2_ref(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                               const struct ar_dwconv8_filter *restrict filter,
                               const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 2);
}
