/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/ref/ref.h"
#include "nn/ref/round8.h"

void ar_widen8_row_ref(uint8_t *restrict dst, const float *restrict src,
                       const uint8_t *restrict add, const struct ar_widen8 *restrict widen,
                       uint32_t width)
{
    for (size_t x = 0; x < width; x++) {
        float value = src[x / 2];

        if (add)
            value += fmaf(add[x], widen->add_scale, widen->add_bias);
        dst[x] = (uint8_t)ar_ref_round8(value, widen->low, widen->high);
    }
}

void ar_dequantise8_row_ref(float *restrict dst, const uint8_t *restrict src,
                            const struct ar_dequantise8 *restrict dequantise, uint32_t width)
{
    for (size_t i = 0; i < dequantise->n; i++)
        for (size_t x = 0; x < width; x++)
            dst[i * dequantise->dst_stride + x] =
                fmaf(src[4 * x + i], dequantise->mul, dequantise->add[i]);
}

void ar_stretch8_row_ref(uint8_t *restrict bytes, const struct ar_stretch8 *restrict stretch,
                         uint32_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t above = bytes[i] > stretch->low ? bytes[i] - stretch->low : 0;
        const int32_t value = (above * stretch->mul >> 8) - stretch->sub;
        const int32_t byte = value > 0 ? value >> 7 : 0;

        bytes[i] = (uint8_t)(byte < 255 ? byte : 255);
    }
}
