/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>

#include "base/macros.h"
#include "nn/image.h"
#include "nn/ref/ref.h"

/* AR_IMAGE_Y_OF_R and its likes, of 256. */
#define Y_OF_R_Q8 77
#define Y_OF_G_Q8 150
#define Y_OF_B_Q8 29

static uint8_t change_of(int32_t now, int32_t shown)
{
    const int32_t steps = (abs(now - shown) + AR_CALM_CHANGE / 2) / AR_CALM_CHANGE;

    return (uint8_t)ar_clamp_i32(steps, 0, UINT8_MAX);
}

/* A block's luma bytes are step_b apart, its neighbour's 2 * step_b. */
static void guide_row(int16_t *restrict now, uint8_t *restrict change,
                      const int16_t *restrict shown, const struct ar_image_rows *restrict src,
                      size_t step_b)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        const uint8_t *const upper = src->y[0] + 2 * x * step_b;
        const uint8_t *const lower = src->y[1] + 2 * x * step_b;
        const int32_t sum = upper[0] + upper[step_b] + lower[0] + lower[step_b];

        now[x] = (int16_t)(sum * (AR_CALM_LEVEL / 4));
        change[x] = change_of(now[x], shown[x]);
    }
}

void ar_guide_row_planar_ref(int16_t *restrict now, uint8_t *restrict change,
                             const int16_t *restrict shown,
                             const struct ar_image_rows *restrict src)
{
    guide_row(now, change, shown, src, 1);
}

void ar_guide_row_yuyv_ref(int16_t *restrict now, uint8_t *restrict change,
                           const int16_t *restrict shown,
                           const struct ar_image_rows *restrict src)
{
    guide_row(now, change, shown, src, 2);
}

/* Bytes are B G R X. */
void ar_guide_row_xrgb_ref(int16_t *restrict now, uint8_t *restrict change,
                           const int16_t *restrict shown,
                           const struct ar_image_rows *restrict src)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        int32_t luma_q8 = 0;

        for (size_t i = 0; i < 4; i++) {
            const uint8_t *const pixel = src->y[i / 2] + (x * 2 + i % 2) * 4;

            luma_q8 += pixel[2] * Y_OF_R_Q8 + pixel[1] * Y_OF_G_Q8 + pixel[0] * Y_OF_B_Q8;
        }
        now[x] = (int16_t)((luma_q8 + 4) / (4 * 256 / AR_CALM_LEVEL));
        change[x] = change_of(now[x], shown[x]);
    }
}

void ar_moving_row_ref(uint8_t *restrict counts, const uint8_t *restrict change, uint8_t least,
                       uint32_t width)
{
    for (size_t x = 0; x < width; x++)
        counts[x / 8] = (uint8_t)(counts[x / 8] + (change[x] >= least));
}
