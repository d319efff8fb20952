/* SPDX-License-Identifier: MIT */
#pragma once

#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/lanes_neon.h"
#include "nn/kernels8.h"
#include "nn/tile.h"

/*
 * From the sums of a depthwise filter to bytes, four channels at a time, without a conversion: a Cortex-A76 begins one
 * in two cycles, and adds two vectors a cycle.
 *
 * A sum that starts at the bits of MIDDLE is, read as a float, the sum above MIDDLE. Fused, its product with the scale,
 * less MIDDLE * scale, is the product of the sum alone, rounded once: the scale has bits to spare (nn/kernels8.h), so
 * that MIDDLE * scale is exact. Adding MIDDLE rounds to a whole number, halves to even, in the lowest 16 bits if it fits
 * there. Where the scale is so large that it may not, what is too far is brought nearer first.
 */
#define AR_NEON_FILTER8_MIDDLE 12582912.0F /* 1.5 * 2^23 */
#define AR_NEON_FILTER8_BITS   0x4B400000
#define AR_NEON_FILTER8_ZERO   128.0F
#define AR_NEON_FILTER8_FAR    1024.0F  /* beyond any byte */
#define AR_NEON_FILTER8_SMALL  0.03125F /* of the largest sum, 25 * 255 * 127, it is 25301 */

/*
 * What the sums of four channels start at and end with. The kernels read it from memory for each vector: that takes
 * a place of no multiply-add, where a copy of a register would.
 */
struct ar_neon_filter8 {
    int32x4_t start[4];
    float32x4_t offset[4];
    float32x4_t scale;
};

AR_TILE void ar_neon_filter8_load(struct ar_neon_filter8 *restrict filter,
                                  const struct ar_dwconv8_filter *restrict from, size_t c)
{
    filter->scale = vld1q_f32(from->scale + c);
    AR_UNROLL
    for (size_t i = 0; i < 4; i++) {
        filter->start[i] = vdupq_n_s32(AR_NEON_FILTER8_BITS + from->signed_start[c + i]);
        filter->offset[i] = vdupq_n_f32(-AR_NEON_FILTER8_MIDDLE * from->scale[c + i]);
    }
}

/* Whether results of all four channels fit 16 bits. */
AR_TILE bool ar_neon_filter8_is_small(const struct ar_neon_filter8 *filter)
{
    return vmaxvq_f32(filter->scale) <= AR_NEON_FILTER8_SMALL;
}

/* A register of its own for what many start with: the compiler would load it once and copy it. */
AR_TILE int32x4_t ar_neon_filter8_start(const struct ar_neon_filter8 *filter, size_t i)
{
    int32x4_t start;

    __asm__ volatile("ldr %q0, %1" : "=w"(start) : "m"(filter->start[i]));
    return start;
}

AR_TILE float32x4_t ar_neon_filter8_offset(const struct ar_neon_filter8 *filter, size_t i)
{
    float32x4_t offset;

    __asm__ volatile("ldr %q0, %1" : "=w"(offset) : "m"(filter->offset[i]));
    return offset;
}

/* Four pixels of channel i: whole numbers in the lower half of each lane. */
AR_TILE uint16x8_t ar_neon_filter8_end(const struct ar_neon_filter8 *filter, size_t i,
                                       int32x4_t sum, bool is_small)
{
    float32x4_t value = vfmaq_n_f32(ar_neon_filter8_offset(filter, i),
                                    vreinterpretq_f32_s32(sum), filter->scale[i]);

    if (!is_small) {
        value = vminq_f32(value, vdupq_n_f32(AR_NEON_FILTER8_FAR));
        value = vmaxq_f32(value, vdupq_n_f32(-AR_NEON_FILTER8_FAR));
    }
    value = vaddq_f32(value, vdupq_n_f32(AR_NEON_FILTER8_MIDDLE + AR_NEON_FILTER8_ZERO));
    return vreinterpretq_u16_f32(value);
}

/* Two vectors of such numbers to bytes, 1 to 255. */
AR_TILE uint8x16_t ar_neon_filter8_bytes(uint16x8_t low, uint16x8_t high)
{
    const uint8x16_t bytes =
        vqmovun_high_s16(vqmovun_s16(vreinterpretq_s16_u16(low)), vreinterpretq_s16_u16(high));

    return vmaxq_u8(bytes, vdupq_n_u8(1));
}

AR_TILE int8x16_t ar_neon_filter8_in(const uint8_t *bytes)
{
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(bytes), vdupq_n_u8(0x80)));
}
