/* SPDX-License-Identifier: MIT */
#pragma once

#include <arm_neon.h>

#include "nn/tile.h"

/* To the nearest whole numbers, halves to even. What does not fit becomes what is nearest to it, not-a-number zero. */

AR_TILE uint16x8_t ar_neon_round_unsigned(float32x4_t low, float32x4_t high)
{
    return vqmovun_high_s32(vqmovun_s32(vcvtnq_s32_f32(low)), vcvtnq_s32_f32(high));
}

AR_TILE int16x8_t ar_neon_round_signed(float32x4_t low, float32x4_t high)
{
    return vqmovn_high_s32(vqmovn_s32(vcvtnq_s32_f32(low)), vcvtnq_s32_f32(high));
}

/* A depthwise filter's results from four vectors of scaled sums, in their order. */
AR_TILE uint8x16_t ar_neon_round_filtered(const float32x4_t *restrict values)
{
    const int8x16_t bytes =
        vqmovn_high_s16(vqmovn_s16(ar_neon_round_signed(values[0], values[1])),
                        ar_neon_round_signed(values[2], values[3]));

    return vmaxq_u8(veorq_u8(vreinterpretq_u8_s8(bytes), vdupq_n_u8(0x80)), vdupq_n_u8(1));
}

/* Four bytes of each of four channels to four channels of each of four pixels. */
AR_TILE uint8x16_t ar_neon_by_pixel(uint8x16_t bytes)
{
    static const uint8_t order[16] = { 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 };

    return vqtbl1q_u8(bytes, vld1q_u8(order));
}
