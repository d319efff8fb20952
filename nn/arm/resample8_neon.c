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

void ar_dequantise8_row_neon(float *restrict dst, const uint8_t *restrict src,
                             const struct ar_dequantise8 *restrict dequantise, uint32_t width)
{
    const size_t n_pixels = ar_tensor_whole(width);

    for (size_t x = 0; x < n_pixels; x += STEP) {
        const uint8x8x4_t fours = vld4_u8(src + 4 * x);

        for (size_t i = 0; i < dequantise->n; i++) {
            const uint16x8_t words = vmovl_u8(fours.val[i]);
            const float32x4_t low = vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)));
            const float32x4_t high = vcvtq_f32_u32(vmovl_high_u16(words));
            const float32x4_t add = vdupq_n_f32(dequantise->add[i]);
            float *const to = dst + i * dequantise->dst_stride + x;

            vst1q_f32(to, vfmaq_n_f32(add, low, dequantise->mul));
            vst1q_f32(to + LANES, vfmaq_n_f32(add, high, dequantise->mul));
        }
    }
}

/* Eight bytes above the low one, in 128ths of a level. */
AR_TILE uint16x8_t stretch_words(uint16x8_t above, const struct ar_stretch8 *stretch)
{
    const uint32x4_t low = vmull_n_u16(vget_low_u16(above), stretch->mul);
    const uint32x4_t high = vmull_n_u16(vget_high_u16(above), stretch->mul);
    const uint16x8_t words = vcombine_u16(vshrn_n_u32(low, 8), vshrn_n_u32(high, 8));

    return vqsubq_u16(words, vdupq_n_u16(stretch->sub));
}

void ar_stretch8_row_neon(uint8_t *restrict bytes, const struct ar_stretch8 *restrict stretch,
                          uint32_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        const uint8x8_t above = vqsub_u8(vld1_u8(bytes + i), vdup_n_u8(stretch->low));

        vst1_u8(bytes + i, vqshrn_n_u16(stretch_words(vmovl_u8(above), stretch), 7));
    }
}
