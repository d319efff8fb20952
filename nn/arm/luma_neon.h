/* SPDX-License-Identifier: MIT */
#pragma once

#include <arm_neon.h>
#include <stddef.h>

#include "nn/arm/rows_neon.h"
#include "nn/image.h"
#include "nn/tile.h"

/* Luma and chroma of XRGB pixels in whole parts (nn/image.h). A row's bytes are B, G, R and X of sixteen pixels. */

/* Of eight pixels, or blocks. */
struct ar_neon_sums {
    int32x4_t low;
    int32x4_t high;
};

/* How far a block's colours are off its luma, summed up. */
struct ar_neon_block_sums {
    struct ar_neon_sums u;
    struct ar_neon_sums v;
};

AR_TILE struct ar_neon_step ar_neon_floats(struct ar_neon_sums sums)
{
    return (struct ar_neon_step){ vcvtq_f32_s32(sums.low), vcvtq_f32_s32(sums.high) };
}

AR_TILE int32x4_t ar_neon_weigh_half(int16x4_t b, int16x4_t g, int16x4_t r, int16_t of_b,
                                     int16_t of_g, int16_t of_r)
{
    return vmlal_n_s16(vmlal_n_s16(vmull_n_s16(b, of_b), g, of_g), r, of_r);
}

AR_TILE struct ar_neon_sums ar_neon_weigh(uint16x8_t b, uint16x8_t g, uint16x8_t r,
                                          int16_t of_b, int16_t of_g, int16_t of_r)
{
    const int16x8_t bs = vreinterpretq_s16_u16(b);
    const int16x8_t gs = vreinterpretq_s16_u16(g);
    const int16x8_t rs = vreinterpretq_s16_u16(r);

    return (struct ar_neon_sums){
        .low = ar_neon_weigh_half(vget_low_s16(bs), vget_low_s16(gs), vget_low_s16(rs), of_b,
                                  of_g, of_r),
        .high = ar_neon_weigh_half(vget_high_s16(bs), vget_high_s16(gs), vget_high_s16(rs),
                                   of_b, of_g, of_r),
    };
}

/* The left (0) or the right (1) ones of a row's pairs of pixels. */
AR_TILE uint16x8_t ar_neon_side(uint8x16_t bytes, size_t side)
{
    const uint16x8_t pairs = vreinterpretq_u16_u8(bytes);

    return side == 0 ? vandq_u16(pairs, vdupq_n_u16(0xFF)) : vshrq_n_u16(pairs, 8);
}

AR_TILE struct ar_neon_sums ar_neon_luma(uint8x16x4_t row, size_t side)
{
    return ar_neon_weigh(ar_neon_side(row.val[0], side), ar_neon_side(row.val[1], side),
                         ar_neon_side(row.val[2], side), AR_IMAGE_Y_PART_B, AR_IMAGE_Y_PART_G,
                         AR_IMAGE_Y_PART_R);
}

AR_TILE struct ar_neon_block_sums ar_neon_sum_blocks(uint8x16x4_t upper, uint8x16x4_t lower)
{
    const uint16x8_t b = vpadalq_u8(vpaddlq_u8(upper.val[0]), lower.val[0]);
    const uint16x8_t g = vpadalq_u8(vpaddlq_u8(upper.val[1]), lower.val[1]);
    const uint16x8_t r = vpadalq_u8(vpaddlq_u8(upper.val[2]), lower.val[2]);

    return (struct ar_neon_block_sums){
        .u = ar_neon_weigh(b, g, r, AR_IMAGE_Y_WHOLE - AR_IMAGE_Y_PART_B, -AR_IMAGE_Y_PART_G,
                           -AR_IMAGE_Y_PART_R),
        .v = ar_neon_weigh(b, g, r, -AR_IMAGE_Y_PART_B, -AR_IMAGE_Y_PART_G,
                           AR_IMAGE_Y_WHOLE - AR_IMAGE_Y_PART_R),
    };
}
