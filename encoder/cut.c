/* SPDX-License-Identifier: MIT */
#include "encoder/cut.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "nn/image.h"

#define SAMPLES 8 /* of a cell, each way */

/*
 * Two grids, each less its mean (which takes exposure out), differ by `distance` on average;
 * `spread` is how far cells are from their own grid's mean, on average. Their ratio is 0 for the
 * same picture and about 1.4 for unrelated ones, whatever their contrast.
 *
 * Taken on 5000 pairs of photographs and on four camera clips (508 frames, 25 to 30 a second):
 * 99.3 % of the pairs are above 0.8, the clips' neighbours reach 0.26. Panning over the
 * photographs: at 3 % of the width per frame all stay below 0.62, at 5 % one in a hundred
 * passes 0.8.
 */
#define CUT_RATIO 0.8F

/*
 * Levels. Below it the ratio is one of noise: covered lenses, walls. One pair in a thousand is
 * below 9.
 */
#define CUT_DISTANCE 8.0F

/*
 * Levels between the grids' means. A light that is switched leaves the picture's structure but
 * not its statistics. Automatic exposure moves by single levels per frame (5.3 at most in the
 * clips).
 */
#define CUT_BRIGHTNESS 48.0F

static float luma_at(const struct ar_net *net, uint32_t y, uint32_t x)
{
    if (ar_net_model(net)->layout.planes == AR_IMAGE_YUV420)
        return ar_net_level(net, 0, y, x);
    return AR_IMAGE_Y_OF_R * ar_net_level(net, 0, y, x) +
           AR_IMAGE_Y_OF_G * ar_net_level(net, 1, y, x) +
           AR_IMAGE_Y_OF_B * ar_net_level(net, 2, y, x);
}

/* The middle of part i of n equal parts of `size`. */
static uint32_t middle(uint32_t i, uint32_t n, uint32_t size)
{
    return (2 * i + 1) * size / (2 * n);
}

static void measure(float *cells, const struct ar_net *net)
{
    const uint32_t width = ar_net_planes_width(net);
    const uint32_t height = ar_net_planes_height(net);

    for (uint32_t i = 0; i < AR_ENCODER_CUT_CELLS; i++)
        cells[i] = 0.0F;
    for (uint32_t j = 0; j < AR_ENCODER_CUT_ROWS * SAMPLES; j++) {
        const uint32_t y = middle(j, AR_ENCODER_CUT_ROWS * SAMPLES, height);

        for (uint32_t i = 0; i < AR_ENCODER_CUT_COLUMNS * SAMPLES; i++) {
            const uint32_t x = middle(i, AR_ENCODER_CUT_COLUMNS * SAMPLES, width);
            const uint32_t cell = j / SAMPLES * AR_ENCODER_CUT_COLUMNS + i / SAMPLES;

            cells[cell] += luma_at(net, y, x) / (SAMPLES * SAMPLES);
        }
    }
}

static float mean_of(const float *cells)
{
    float sum = 0.0F;

    for (uint32_t i = 0; i < AR_ENCODER_CUT_CELLS; i++)
        sum += cells[i];
    return sum / AR_ENCODER_CUT_CELLS;
}

static bool differ(const float *before, const float *now)
{
    const float mean_before = mean_of(before);
    const float mean_now = mean_of(now);
    float distance = 0.0F;
    float spread = 0.0F;

    for (uint32_t i = 0; i < AR_ENCODER_CUT_CELLS; i++) {
        const float a = before[i] - mean_before;
        const float b = now[i] - mean_now;

        distance += fabsf(a - b) / AR_ENCODER_CUT_CELLS;
        spread += (fabsf(a) + fabsf(b)) / (2 * AR_ENCODER_CUT_CELLS);
    }
    return fabsf(mean_before - mean_now) > CUT_BRIGHTNESS ||
           (distance > CUT_DISTANCE && distance > CUT_RATIO * spread);
}

bool ar_encoder_cut_look(struct ar_encoder_cut *cut, const struct ar_net *net)
{
    float cells[AR_ENCODER_CUT_CELLS];
    bool is_cut;

    measure(cells, net);
    is_cut = cut->has_cells && differ(cut->cells, cells);
    memcpy(cut->cells, cells, sizeof(cells));
    cut->has_cells = true;
    return is_cut;
}
