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

void ar_quantise8_row_ref(uint8_t *restrict dst, const float *const *restrict src,
                          const struct ar_quantise8 *restrict quantise, uint32_t width)
{
    for (size_t x = 0; x < width; x++)
        for (size_t i = 0; i < 4; i++)
            dst[4 * x + i] =
                (uint8_t)ar_ref_round8(src[i][x] * quantise->scale[i] + quantise->bias[i], 0.0F,
                                       255.0F);
}
