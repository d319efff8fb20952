/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/neon.h"
#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"

#define STEP        8 /* blocks; what is left of a row goes to the reference */
#define SUM_BITS    5 /* of AR_CALM_LEVEL / 4: four bytes are summed */
#define CHANGE_BITS 5

static_assert(4 << SUM_BITS == AR_CALM_LEVEL, "a shift is a product");
static_assert(1 << CHANGE_BITS == AR_CALM_CHANGE, "and a quotient");

/* 16 luma bytes of either row. */
AR_TILE void store(int16_t *now, uint8_t *change, const int16_t *shown, uint8x16_t upper,
                   uint8x16_t lower)
{
    const uint16x8_t sums = vpadalq_u8(vpaddlq_u8(upper), lower);
    const int16x8_t guide = vreinterpretq_s16_u16(vshlq_n_u16(sums, SUM_BITS));
    const uint16x8_t steps = vreinterpretq_u16_s16(vabdq_s16(guide, vld1q_s16(shown)));

    vst1q_s16(now, guide);
    vst1_u8(change, vqrshrn_n_u16(steps, CHANGE_BITS));
}

static struct ar_image_rows rest_of(const struct ar_image_rows *restrict src, size_t n_done,
                                    uint32_t bytes_per_px)
{
    const size_t done_b = n_done * 2 * bytes_per_px;

    return (struct ar_image_rows){
        .y = { src->y[0] + done_b, src->y[1] + done_b },
        .width_px = src->width_px - (uint32_t)(2 * n_done),
    };
}

void ar_guide_row_planar_neon(int16_t *restrict now, uint8_t *restrict change,
                              const int16_t *restrict shown,
                              const struct ar_image_rows *restrict src)
{
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP;

    for (size_t x = 0; x < n_whole; x += STEP)
        store(now + x, change + x, shown + x, vld1q_u8(src->y[0] + 2 * x),
              vld1q_u8(src->y[1] + 2 * x));
    const struct ar_image_rows rest = rest_of(src, n_whole, 1);

    ar_guide_row_planar_ref(now + n_whole, change + n_whole, shown + n_whole, &rest);
}

void ar_guide_row_yuyv_neon(int16_t *restrict now, uint8_t *restrict change,
                            const int16_t *restrict shown,
                            const struct ar_image_rows *restrict src)
{
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP;

    for (size_t x = 0; x < n_whole; x += STEP)
        store(now + x, change + x, shown + x, vld2q_u8(src->y[0] + 4 * x).val[0],
              vld2q_u8(src->y[1] + 4 * x).val[0]);
    const struct ar_image_rows rest = rest_of(src, n_whole, 2);

    ar_guide_row_yuyv_ref(now + n_whole, change + n_whole, shown + n_whole, &rest);
}

void ar_moving_row_neon(uint8_t *restrict counts, const uint8_t *restrict change, uint8_t least,
                        uint32_t width)
{
    const uint8x16_t limit = vdupq_n_u8(least);
    const size_t n_whole = width - width % 16;

    for (size_t x = 0; x < n_whole; x += 16) {
        const uint8x16_t moving = vcgeq_u8(vld1q_u8(change + x), limit);
        const uint8x16_t ones = vandq_u8(moving, vdupq_n_u8(1));
        const uint64x2_t sums = vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(ones)));

        counts[x / 8] = (uint8_t)(counts[x / 8] + vgetq_lane_u64(sums, 0));
        counts[x / 8 + 1] = (uint8_t)(counts[x / 8 + 1] + vgetq_lane_u64(sums, 1));
    }
    ar_moving_row_ref(counts + n_whole / 8, change + n_whole, least, width - (uint32_t)n_whole);
}
