/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/macros.h"
#include "nn/ref/calm.h"
#include "nn/ref/ref.h"

static uint32_t sum_3x3(const uint8_t *const *restrict change, size_t x)
{
    uint32_t sum = 0;

    for (uint32_t row = 0; row < 3; row++) {
        const uint8_t *const left = change[row] + x - 1;

        sum += left[0] + left[1] + left[2];
    }
    return sum;
}

void ar_gain_row_ref(int16_t *restrict gains, int16_t *restrict shown,
                     const int16_t *restrict now, const uint8_t *const *restrict change,
                     const struct ar_gain_curve *restrict curve,
                     const struct ar_gain_reach *restrict reach, uint32_t width)
{
    for (size_t x = 0; x < width; x++) {
        const uint32_t sum = sum_3x3(change, x);
        const uint32_t above =
            sum > curve->from ? ar_min_u32(sum - curve->from, curve->span) : 0;

        const uint32_t least =
            (uint32_t)ar_ref_step(reach->rows[0][x], reach->rows[1][x], reach->share);
        const uint32_t gain = ar_min_u32(curve->still + above * curve->slope, AR_CALM_GAIN_MAX);

        gains[x] = (int16_t)ar_max_u32(gain, least);
        shown[x] = ar_ref_step(shown[x], now[x], gains[x]);
    }
}
