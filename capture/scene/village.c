/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/macros.h"
#include "capture/scene/noise.h"
#include "capture/scene/paint.h"

/* The village on the far shore: houses, a church, poplars. */

#define SEED_VILLAGE 211

static const struct ar_colour dark_wood = { 0.26f, 0.19f, 0.15f };
static const struct ar_colour glass = { 0.20f, 0.25f, 0.33f };
static const struct ar_colour lamp = { 1.00f, 0.82f, 0.42f };

struct house {
    float x;       /* of its left wall, from the middle of the village */
    float foot;    /* above the waterline */
    float width;   /* of the long side */
    float gable;   /* width of the side with the gable, which the sun lights */
    float wall;    /* height */
    uint8_t paint; /* index of the wall's colour */
};

static const struct ar_colour walls[] = {
    { 0.97f, 0.92f, 0.82f },
    { 0.95f, 0.80f, 0.58f },
    { 0.90f, 0.70f, 0.60f },
    { 0.82f, 0.86f, 0.84f },
};

static struct ar_paint shaded(struct ar_colour colour, float top, float bottom)
{
    return (struct ar_paint){ .top = ar_colour_scale(colour, top),
                              .bottom = ar_colour_scale(colour, bottom),
                              .alpha = 1.0f,
                              .grain = 0.10f,
                              .grain_size = 0.004f };
}

/* A window with its frame; about one in three is lit from inside. */
static void paint_window(struct ar_canvas *canvas, float x, float y, float width, float height)
{
    const uint32_t at = (uint32_t)(x * 4096.0f);
    const struct ar_colour pane = ar_noise_uniform(SEED_VILLAGE, at, 3) < 0.3f ? lamp : glass;
    const struct ar_paint frame = ar_paint_flat((struct ar_colour){ 0.98f, 0.95f, 0.90f });
    const struct ar_paint inside = ar_paint_flat(pane);
    const float rim = width * 0.18f;

    ar_canvas_box(canvas, x - rim, y - rim, x + width + rim, y + height + rim, &frame);
    ar_canvas_box(canvas, x, y, x + width * 0.44f, y + height, &inside);
    ar_canvas_box(canvas, x + width * 0.56f, y, x + width, y + height, &inside);
}

static void paint_roof(struct ar_canvas *canvas, const struct house *house, float left,
                       float eaves)
{
    const struct ar_colour tiles =
        ar_colour_mix((struct ar_colour){ 0.80f, 0.36f, 0.22f },
                      (struct ar_colour){ 0.58f, 0.30f, 0.24f },
                      ar_noise_uniform(SEED_VILLAGE, (uint32_t)(house->x * 999.0f), 1));
    const float ridge = eaves - house->gable * 0.62f;
    const float middle = left + house->gable * 0.5f;
    const float right = left + house->gable + house->width;
    const struct ar_point slope[] = { { middle, ridge },
                                      { right - house->gable * 0.42f, ridge },
                                      { right + 0.003f, eaves + 0.002f },
                                      { left + house->gable - 0.001f, eaves + 0.002f } };
    const struct ar_point chimney_foot = { right - house->width * 0.38f, ridge };
    struct ar_paint paint = shaded(tiles, 1.08f, 0.86f);
    const struct ar_paint brick = shaded(dark_wood, 1.9f, 1.6f);

    paint.grain = 0.22f;
    ar_canvas_box(canvas, chimney_foot.x, ridge - house->gable * 0.20f, chimney_foot.x + 0.007f,
                  ridge + 0.010f, &brick);
    ar_canvas_polygon(canvas, slope, AR_ARRAY_LEN(slope), &paint);
}

static void paint_house(struct ar_canvas *canvas, const struct house *house, float middle)
{
    const float left = middle + house->x;
    const float foot = AR_SCENE_WATERLINE - house->foot;
    const float eaves = foot - house->wall;
    const float corner = left + house->gable;
    const struct ar_colour colour = walls[house->paint % AR_ARRAY_LEN(walls)];
    const struct ar_paint lit = shaded(colour, 1.02f, 0.96f);
    const struct ar_paint shadow = shaded(ar_colour_mix(colour, glass, 0.25f), 0.86f, 0.74f);
    const struct ar_point gable[] = { { left, foot },
                                      { left, eaves },
                                      { left + house->gable * 0.5f,
                                        eaves - house->gable * 0.62f },
                                      { corner, eaves },
                                      { corner, foot } };
    const struct ar_paint door = ar_paint_flat(dark_wood);
    const float pane = house->wall * 0.20f;
    const uint32_t n_windows = (uint32_t)(house->width / (pane * 2.6f));

    ar_canvas_box(canvas, corner - 0.0005f, eaves, corner + house->width, foot, &shadow);
    ar_canvas_polygon(canvas, gable, AR_ARRAY_LEN(gable), &lit);
    paint_roof(canvas, house, left, eaves);
    for (uint32_t i = 0; i < n_windows; i++) {
        const float x =
            corner + house->width * ((float)i + 0.5f) / (float)n_windows - pane * 0.5f;

        paint_window(canvas, x, eaves + house->wall * 0.18f, pane, pane * 1.25f);
        if (i != n_windows / 2)
            paint_window(canvas, x, eaves + house->wall * 0.60f, pane, pane * 1.25f);
        else
            ar_canvas_box(canvas, x, foot - house->wall * 0.36f, x + pane, foot, &door);
    }
    paint_window(canvas, left + house->gable * 0.5f - pane * 0.5f, eaves + house->wall * 0.2f,
                 pane, pane * 1.3f);
}

static void paint_spire(struct ar_canvas *canvas, float left, float right, float foot,
                        float tip)
{
    const float middle = 0.5f * (left + right);
    const float bulge = 0.72f * foot + 0.28f * tip;
    const struct ar_point shape[] = { { left - 0.003f, foot },
                                      { middle - 0.007f, bulge },
                                      { middle, tip },
                                      { middle + 0.007f, bulge },
                                      { right + 0.003f, foot } };
    const struct ar_point sunny[] = { { left - 0.003f, foot },
                                      { middle - 0.007f, bulge },
                                      { middle, tip },
                                      { middle - 0.001f, foot } };
    const struct ar_paint slate = ar_paint_flat((struct ar_colour){ 0.25f, 0.33f, 0.40f });
    const struct ar_paint bright = ar_paint_flat((struct ar_colour){ 0.48f, 0.55f, 0.56f });
    const struct ar_paint gold = ar_paint_flat((struct ar_colour){ 0.95f, 0.78f, 0.35f });

    ar_canvas_polygon(canvas, shape, AR_ARRAY_LEN(shape), &slate);
    ar_canvas_polygon(canvas, sunny, AR_ARRAY_LEN(sunny), &bright);
    ar_canvas_box(canvas, middle - 0.0012f, tip - 0.016f, middle + 0.0012f, tip + 0.004f,
                  &gold);
    ar_canvas_box(canvas, middle - 0.0045f, tip - 0.011f, middle + 0.0045f, tip - 0.0085f,
                  &gold);
}

static void paint_church(struct ar_canvas *canvas, float left)
{
    static const struct house nave = {
        .foot = 0.012f, .width = 0.105f, .gable = 0.050f, .wall = 0.050f, .paint = 0
    };
    const float foot = AR_SCENE_WATERLINE - 0.012f;
    const float top = foot - 0.130f;
    const float right = left + 0.040f;
    const struct ar_paint lit = shaded(walls[0], 1.03f, 0.97f);
    const struct ar_paint shadow = shaded(walls[0], 0.76f, 0.66f);
    const struct ar_paint dark = ar_paint_flat(glass);
    const struct ar_paint face = ar_paint_flat((struct ar_colour){ 0.98f, 0.94f, 0.80f });
    const struct ar_point clock = { left + 0.014f, top + 0.022f };

    paint_house(canvas, &nave, left + 0.034f);
    ar_canvas_box(canvas, left, top, left + 0.028f, foot, &lit);
    ar_canvas_box(canvas, left + 0.0275f, top, right, foot, &shadow);
    ar_canvas_box(canvas, left - 0.002f, top + 0.036f, right + 0.002f, top + 0.039f, &shadow);
    ar_canvas_ellipse(canvas, clock, 0.0095f, 0.0095f, &dark);
    ar_canvas_ellipse(canvas, clock, 0.0080f, 0.0080f, &face);
    ar_canvas_stroke(canvas, clock, 0.0008f,
                     (struct ar_point){ clock.x + 0.003f, clock.y - 0.005f }, 0.0006f, &dark);
    for (uint32_t i = 0; i < 2; i++)
        ar_canvas_box(canvas, left + 0.006f + 0.010f * (float)i, top + 0.048f,
                      left + 0.011f + 0.010f * (float)i, top + 0.066f, &dark);
    paint_spire(canvas, left, right, top, top - 0.110f);
}

/* A slender tree: one flame of leaves, lit on the left. */
static void paint_poplar(struct ar_canvas *canvas, float x, float height, uint32_t seed)
{
    const float foot = AR_SCENE_WATERLINE - 0.004f;

    for (uint32_t i = 0; i < 70; i++) {
        const float up = ar_noise_uniform(seed, i, 1);
        const float side = ar_noise_uniform(seed, i, 2) - 0.5f;
        const float girth = height * 0.26f * sinf(3.1f * (0.10f + 0.88f * up));
        const float light =
            ar_noise_ramp(0.35f, -0.45f, side) * (0.6f + 0.4f * ar_noise_uniform(seed, i, 3));
        const struct ar_paint leaves =
            ar_paint_flat(ar_colour_mix((struct ar_colour){ 0.12f, 0.24f, 0.15f },
                                        (struct ar_colour){ 0.55f, 0.60f, 0.26f }, light));

        ar_canvas_ellipse(canvas,
                          (struct ar_point){ x + side * girth,
                                             foot - height * (0.06f + 0.94f * up) },
                          height * 0.030f, height * 0.055f, &leaves);
    }
}

/* A strip of stones and reeds where the land meets the water. */
static void paint_bank(struct ar_canvas *canvas)
{
    for (uint32_t x = 0; x < canvas->width_px; x++) {
        const float u = ar_canvas_x(canvas, x);
        const float top = AR_SCENE_WATERLINE - 0.007f -
                          0.004f * ar_noise_fractal(SEED_VILLAGE + 40, u * 30.0f, 0.5f, 0, 3);

        for (uint32_t y = 0; y < canvas->height_px; y++) {
            const float v = ar_canvas_y(canvas, y);
            const float cover = fminf((v - top) * canvas->scale_px + 0.5f, 1.0f);
            const float stone =
                0.5f + 0.5f * ar_noise_fractal(SEED_VILLAGE + 41, u * 160.0f, v * 260.0f, 0, 2);

            if (cover > 0.0f)
                ar_canvas_dab(canvas, x, y,
                              ar_colour_mix((struct ar_colour){ 0.22f, 0.25f, 0.16f },
                                            (struct ar_colour){ 0.66f, 0.60f, 0.46f }, stone),
                              cover);
        }
    }
}

void ar_scene_paint_village(struct ar_canvas *canvas, float aspect)
{
    static const struct house houses[] = {
        { -0.330f, 0.030f, 0.060f, 0.040f, 0.036f, 1 },
        { -0.215f, 0.036f, 0.050f, 0.036f, 0.038f, 3 },
        { 0.140f, 0.040f, 0.060f, 0.040f, 0.038f, 1 },
        { 0.265f, 0.030f, 0.050f, 0.036f, 0.036f, 0 },
        { -0.400f, 0.008f, 0.052f, 0.038f, 0.036f, 2 },
        { -0.270f, 0.010f, 0.066f, 0.044f, 0.046f, 0 },
        { -0.125f, 0.006f, 0.048f, 0.036f, 0.040f, 1 },
        { 0.185f, 0.008f, 0.070f, 0.044f, 0.044f, 2 },
        { 0.325f, 0.006f, 0.056f, 0.038f, 0.038f, 3 },
        { 0.450f, 0.010f, 0.050f, 0.036f, 0.034f, 0 },
    };
    const float middle = 0.70f * aspect;
    const uint32_t n_trees = (uint32_t)(aspect * 46.0f);

    for (uint32_t i = 0; i < AR_ARRAY_LEN(houses) / 2 - 1; i++)
        paint_house(canvas, &houses[i], middle);
    for (uint32_t i = 0; i < n_trees; i++) {
        const float u =
            aspect * 1.3f * ((float)i + ar_noise_uniform(SEED_VILLAGE, i, 11)) / (float)n_trees;
        const float size = 0.022f + 0.034f * ar_noise_uniform(SEED_VILLAGE, i, 12);
        const float rise = 0.004f + 0.030f * ar_noise_uniform(SEED_VILLAGE, i, 13);

        ar_scene_paint_tree(canvas, (struct ar_point){ u, AR_SCENE_WATERLINE - rise }, size,
                            0.18f, SEED_VILLAGE + i);
    }
    paint_church(canvas, middle - 0.03f);
    for (uint32_t i = AR_ARRAY_LEN(houses) / 2 - 1; i < AR_ARRAY_LEN(houses); i++)
        paint_house(canvas, &houses[i], middle);
    for (uint32_t i = 0; i < 5; i++) {
        paint_poplar(canvas, middle - 0.56f + 0.034f * (float)i,
                     0.105f + 0.02f * ar_noise_uniform(SEED_VILLAGE, i, 20), 300 + i);
        paint_poplar(canvas, middle + 0.62f + 0.030f * (float)i,
                     0.085f + 0.03f * ar_noise_uniform(SEED_VILLAGE, i, 21), 330 + i);
    }
    paint_bank(canvas);
}
