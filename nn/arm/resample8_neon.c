/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/lanes_neon.h"
#include "nn/arm/neon.h"
#include "nn/arm/round8_neon.h"
#include "nn/tile.h"

#define LANES AR_NEON_LANES
#define STEP  (2 * LANES) /* pixels: eight bytes */

void ar_widen8_row_neon(uint8_t *restrict dst, const float *restrict src,
                        const uint8_t *restrict add, const struct ar_widen8 *restrict widen,
                        uint32_t width)
{
    const float32x4_t add_scale = vdupq_n_f32(widen->add_scale);
    const float32x4_t add_bias = vdupq_n_f32(widen->add_bias);
    const uint8x8_t least = vdup_n_u8((uint8_t)widen->low);
    const uint8x8_t most = vdup_n_u8((uint8_t)widen->high);
    const size_t n_pixels = ar_tensor_whole(width);

    for (size_t x = 0; x < n_pixels; x += STEP) {
        const float32x4_t half = vld1q_f32(src + x / 2);
        float32x4_t low = vzip1q_f32(half, half);
        float32x4_t high = vzip2q_f32(half, half);
        uint8x8_t bytes;

        if (add) {
            const uint16x8_t more = vmovl_u8(vld1_u8(add + x));
            const float32x4_t more_low = vcvtq_f32_u32(vmovl_u16(vget_low_u16(more)));
            const float32x4_t more_high = vcvtq_f32_u32(vmovl_high_u16(more));

            low = vaddq_f32(low, vfmaq_f32(add_bias, more_low, add_scale));
            high = vaddq_f32(high, vfmaq_f32(add_bias, more_high, add_scale));
        }
        bytes = vqmovn_u16(ar_neon_round_unsigned(low, high));
        vst1_u8(dst + x, vmin_u8(vmax_u8(bytes, least), most));
    }
}

void ar_quantise8_row_neon(uint8_t *restrict dst, const float *const *restrict src,
                           const struct ar_quantise8 *restrict quantise, uint32_t width)
{
    const size_t n_pixels = ar_tensor_whole(width);

    for (size_t x = 0; x < n_pixels; x += STEP) {
        uint8x8x4_t fours;

        AR_UNROLL
        for (size_t i = 0; i < 4; i++) {
            const float32x4_t bias = vdupq_n_f32(quantise->bias[i]);
            const float32x4_t low = vmulq_n_f32(vld1q_f32(src[i] + x), quantise->scale[i]);
            const float32x4_t high =
                vmulq_n_f32(vld1q_f32(src[i] + x + LANES), quantise->scale[i]);

            fours.val[i] =
                vqmovn_u16(ar_neon_round_unsigned(vaddq_f32(low, bias), vaddq_f32(high, bias)));
        }
        vst4_u8(dst + 4 * x, fours);
    }
}
