/* SPDX-License-Identifier: MIT */
#include "capture/scene/water.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/macros.h"
#include "capture/scene/noise.h"

#define SEED_RIPPLE   601
#define PERIOD_CELLS  16 /* after which the ripples of a row repeat */
#define GLITTER_STEPS 256

/* Of a row: one wave is a cell wide; all grows towards the camera. */
struct ripples {
    uint32_t period_px;
    uint32_t mirror_px; /* how far above the shore the row looks */
    int32_t sway_q8;    /* pixels that a full wave displaces the picture */
    uint32_t clear_q8;  /* share of the mirrored picture, the rest is water */
    int8_t *heights;    /* width + period, -63..63: two of them meet */
};

struct ar_water {
    uint32_t width_px;
    uint32_t top_px;
    uint32_t n_rows;
    uint32_t lake_px;
    struct ripples *rows;
    int8_t *heights;
    uint8_t glitter[GLITTER_STEPS]; /* falls off from the sun's column */
};

/* Deep water, full range. */
static const uint8_t tint[3] = { 84, 141, 112 };

static float cell_px(const struct ar_water *water, uint32_t row)
{
    const float near = (float)row / (float)water->n_rows;

    return (float)water->lake_px * (0.07f + 0.36f * near);
}

static void fill_row(struct ar_water *water, uint32_t row, float depth)
{
    struct ripples *ripples = &water->rows[row];
    const float near = (float)row / (float)water->n_rows;
    const float per_px = (float)PERIOD_CELLS / (float)ripples->period_px;

    ripples->mirror_px = (uint32_t)((float)row * 1.35f) + 1;
    ripples->sway_q8 =
        (int32_t)((float)water->lake_px * (0.035f + 0.20f * near) * 256.0f / 127.0f);
    ripples->clear_q8 = (uint32_t)(256.0f * (0.90f - 0.38f * near));
    for (uint32_t x = 0; x < water->width_px + ripples->period_px; x++) {
        const float n = ar_noise_fractal(SEED_RIPPLE, (float)(x % ripples->period_px) * per_px,
                                         depth, PERIOD_CELLS, 3);

        ripples->heights[x] = (int8_t)ar_clamp_i32((int32_t)(n * 60.0f), -63, 63);
    }
}

int ar_water_create(struct ar_water **out, uint32_t width_px, uint32_t top_px, uint32_t end_px)
{
    struct ar_water *water = calloc(1, sizeof(*water));
    size_t size_b = 0;
    float depth = 0.0f;

    if (!water)
        return -ENOMEM;
    water->width_px = width_px;
    water->top_px = top_px;
    water->n_rows = end_px - top_px;
    water->lake_px = water->n_rows;
    water->rows = calloc(water->n_rows, sizeof(*water->rows));
    if (!water->rows)
        goto err;
    for (uint32_t row = 0; row < water->n_rows; row++) {
        water->rows[row].period_px =
            ar_max_u32((uint32_t)(cell_px(water, row) * PERIOD_CELLS), PERIOD_CELLS);
        size_b += width_px + water->rows[row].period_px;
    }
    water->heights = malloc(size_b);
    if (!water->heights)
        goto err;
    size_b = 0;
    for (uint32_t row = 0; row < water->n_rows; row++) {
        water->rows[row].heights = water->heights + size_b;
        size_b += width_px + water->rows[row].period_px;
        fill_row(water, row, depth);
        depth += 4.2f /
                 fmaxf(cell_px(water, row), 1.0f); /* waves are flat: 4 times as wide as high */
    }
    for (uint32_t i = 0; i < GLITTER_STEPS; i++)
        water->glitter[i] = (uint8_t)(255.0f * expf(-(float)(i * i) / 9000.0f));
    *out = water;
    return 0;
err:
    ar_water_destroy(water);
    return -ENOMEM;
}

void ar_water_destroy(struct ar_water *water)
{
    if (!water)
        return;
    free(water->rows);
    free(water->heights);
    free(water);
}

/* Two trains of waves over one row: the same heights, running both ways. */
struct waves {
    const struct ripples *ripples;
    const int8_t *there;
    const int8_t *back;
};

static struct waves waves_at(const struct ripples *ripples, double time_s)
{
    const double period = ripples->period_px;
    const double moved = fmod(time_s * 0.032, 1.0) * period;

    return (struct waves){ .ripples = ripples,
                           .there = ripples->heights + (uint32_t)moved,
                           .back = ripples->heights +
                                   (uint32_t)fmod(1.5 * period - moved, period) };
}

/* The height of the water at a column, about -127..127. */
static int32_t height_at(const struct waves *waves, uint32_t x)
{
    return waves->there[x] + waves->back[x];
}

/* How much the sun adds where a wave of this height tilts towards it. */
static int32_t glitter_at(const struct ar_water *water, int32_t height, uint32_t distance_px,
                          uint32_t row)
{
    const uint32_t spread = water->lake_px / 2 + row;
    const uint32_t step = distance_px * 128 / ar_max_u32(spread, 1);

    if (height <= 6 || step >= GLITTER_STEPS)
        return 0;
    return (height - 6) * water->glitter[step] >> 6;
}

struct mirror {
    uint8_t *pixels;
    uint32_t stride_b;
    int32_t shore_row; /* of this plane */
    uint32_t halvings; /* from the frame's size to this plane's */
};

/* What is seen in the water at x: the picture above, displaced by the waves. */
static int32_t mirrored(const struct mirror *mirror, const struct waves *waves, uint32_t x,
                        int32_t height, uint32_t width_px)
{
    const int32_t sway = height * waves->ripples->sway_q8 >> 8;
    const int32_t up = ((int32_t)waves->ripples->mirror_px + sway) >> mirror->halvings;
    const int32_t row = ar_clamp_i32(mirror->shore_row - up, 0, mirror->shore_row - 1);
    const int32_t column =
        ar_clamp_i32((int32_t)x + (sway >> (2 + mirror->halvings)), 0, (int32_t)width_px - 1);

    return mirror->pixels[(size_t)row * mirror->stride_b + (size_t)column];
}

static void draw_luma(const struct ar_water *water, const struct mirror *mirror,
                      const struct waves *waves, uint32_t row, int32_t sun_x_px)
{
    uint8_t *dst = mirror->pixels + (size_t)(water->top_px + row) * mirror->stride_b;
    const uint32_t clear = waves->ripples->clear_q8;

    for (uint32_t x = 0; x < water->width_px; x++) {
        const int32_t height = height_at(waves, x);
        const int32_t seen = mirrored(mirror, waves, x, height, water->width_px);
        const uint32_t distance_px = (uint32_t)abs((int32_t)x - sun_x_px);
        const int32_t luma = (seen * (int32_t)clear + tint[0] * (int32_t)(256 - clear)) >> 8;

        dst[x] = (uint8_t)ar_clamp_i32(luma + height / 5 +
                                           glitter_at(water, height, distance_px, row),
                                       0, 255);
    }
}

static void draw_chroma(const struct ar_water *water, const struct mirror *mirror,
                        const struct waves *waves, uint32_t row, uint8_t colour)
{
    uint8_t *dst = mirror->pixels + (size_t)((water->top_px + row) / 2) * mirror->stride_b;
    const uint32_t clear = waves->ripples->clear_q8;

    for (uint32_t x = 0; x < water->width_px / 2; x++) {
        const int32_t height = height_at(waves, 2 * x);
        const int32_t seen = mirrored(mirror, waves, x, height, water->width_px / 2);

        dst[x] = (uint8_t)((seen * (int32_t)clear + colour * (int32_t)(256 - clear)) >> 8);
    }
}

void ar_water_draw(const struct ar_water *water, struct ar_frame *frame, double time_s,
                   int32_t sun_x_px)
{
    struct mirror mirrors[3];

    for (uint32_t p = 0; p < 3; p++)
        mirrors[p] =
            (struct mirror){ .pixels = frame->planes[p].data,
                             .stride_b = frame->planes[p].stride_b,
                             .shore_row = (int32_t)(p == 0 ? water->top_px : water->top_px / 2),
                             .halvings = p > 0 };
    for (uint32_t row = 0; row < water->n_rows; row++) {
        const struct waves waves = waves_at(&water->rows[row], time_s);

        draw_luma(water, &mirrors[0], &waves, row, sun_x_px);
        for (uint32_t p = 1; p < 3 && row % 2 == 0; p++)
            draw_chroma(water, &mirrors[p], &waves, row, tint[p]);
    }
}
