/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/neon.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"

#define STEP_B     16 /* what is left of a row goes to the reference */
#define WHOLE_BITS 8

static_assert(1 << WHOLE_BITS == AR_MIX_WHOLE, "a shift is a quotient");

/* The sum is below 2^16: the shares are a whole. */
AR_TILE uint8x8_t mix(uint8x8_t bytes, uint8x8_t over, uint16_t share)
{
    const uint16x8_t kept = vmulq_n_u16(vmovl_u8(bytes), (uint16_t)(AR_MIX_WHOLE - share));

    return vrshrn_n_u16(vmlaq_n_u16(kept, vmovl_u8(over), share), WHOLE_BITS);
}

void ar_mix_row_neon(uint8_t *restrict bytes, const uint8_t *restrict over, uint32_t share,
                     size_t n_b)
{
    const size_t n_whole = n_b - n_b % STEP_B;

    for (size_t i = 0; i < n_whole; i += STEP_B) {
        const uint8x16_t a = vld1q_u8(bytes + i);
        const uint8x16_t b = vld1q_u8(over + i);

        vst1q_u8(bytes + i,
                 vcombine_u8(mix(vget_low_u8(a), vget_low_u8(b), (uint16_t)share),
                             mix(vget_high_u8(a), vget_high_u8(b), (uint16_t)share)));
    }
    ar_mix_row_ref(bytes + n_whole, over + n_whole, share, n_b - n_whole);
}
