/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/macros.h"
#include "capture/scene/noise.h"
#include "capture/scene/paint.h"

/* The near shore: grass, a path, trees, flowers. */

#define TURN 6.2831853f

enum seed {
    SEED_SHORE = 401,
    SEED_GRASS = 421,
    SEED_PATH = 443,
    SEED_REED = 461,
    SEED_TREE = 479,
    SEED_FLOWER = 499,
};

static float shore(float u)
{
    return AR_SCENE_NEARSHORE + 0.034f * ar_noise_fractal(SEED_SHORE, u * 1.1f, 0.5f, 0, 3) +
           0.003f * ar_noise_fractal(SEED_SHORE + 5, u * 22.0f, 0.5f, 0, 2);
}

/* 0..1: how far a point is on the path, which winds and is worn at its edges. */
static float on_path(float u, float v)
{
    const float middle = AR_SCENE_PATH + 0.006f * ar_noise_smooth(SEED_PATH, u * 1.7f, 0.5f, 0);
    const float worn = 0.010f * ar_noise_fractal(SEED_PATH + 1, u * 26.0f, v * 60.0f, 0, 3);

    return ar_noise_ramp(0.026f, 0.014f, fabsf(v - middle) + worn);
}

static struct ar_colour ground(float u, float v)
{
    static const struct ar_colour sunny = { 0.66f, 0.70f, 0.26f };
    static const struct ar_colour shady = { 0.20f, 0.36f, 0.15f };
    static const struct ar_colour sand = { 0.86f, 0.75f, 0.55f };
    static const struct ar_colour earth = { 0.55f, 0.43f, 0.30f };
    const float depth = (v - AR_SCENE_NEARSHORE) / (1.0f - AR_SCENE_NEARSHORE);
    const float patches = ar_noise_fractal(SEED_GRASS, u * 4.0f, v * 14.0f, 0, 4);
    const float blades = ar_noise_fractal(SEED_GRASS + 7, u * 150.0f, v * 60.0f, 0, 2);
    const float light = 0.62f + 0.7f * patches - 0.35f * depth + 0.30f * blades;
    const struct ar_colour grass = ar_colour_mix(shady, sunny, fminf(fmaxf(light, 0.0f), 1.0f));
    const float pebbles =
        0.5f + 0.6f * ar_noise_fractal(SEED_PATH + 5, u * 90.0f, v * 200.0f, 0, 3);

    return ar_colour_mix(grass, ar_colour_mix(earth, sand, fminf(fmaxf(pebbles, 0.0f), 1.0f)),
                         on_path(u, v));
}

static void paint_reeds(struct ar_canvas *canvas)
{
    const float width = (float)canvas->width_px / canvas->scale_px;
    const uint32_t n_reeds = (uint32_t)(width * 210.0f);

    for (uint32_t i = 0; i < n_reeds; i++) {
        const float u = width * ar_noise_uniform(SEED_REED, i, 1);
        const float thick = ar_noise_smooth(SEED_REED + 1, u * 2.6f, 0.5f, 0);
        const float height = (0.018f + 0.030f * ar_noise_uniform(SEED_REED, i, 2)) *
                             ar_noise_ramp(-0.05f, 0.35f, thick);
        const float lean = 0.020f * (ar_noise_uniform(SEED_REED, i, 3) - 0.4f);
        const float foot = shore(u) + 0.008f;
        const struct ar_paint blade = {
            .top = ar_colour_mix((struct ar_colour){ 0.62f, 0.66f, 0.28f },
                                 (struct ar_colour){ 0.80f, 0.70f, 0.38f },
                                 ar_noise_uniform(SEED_REED, i, 4)),
            .bottom = { 0.20f, 0.33f, 0.15f },
            .alpha = 1.0f,
        };

        if (height > 0.004f)
            ar_canvas_stroke(canvas, (struct ar_point){ u, foot }, 0.0016f,
                             (struct ar_point){ u + lean, foot - height }, 0.0006f, &blade);
    }
}

/* A fence along the path, on its far side. */
static void paint_fence(struct ar_canvas *canvas, float from, float to)
{
    const struct ar_paint wood = { .top = { 0.66f, 0.55f, 0.42f },
                                   .bottom = { 0.36f, 0.28f, 0.21f },
                                   .alpha = 1.0f,
                                   .grain = 0.25f,
                                   .grain_size = 0.006f };
    const float gap = 0.062f;
    const float foot = AR_SCENE_PATH - 0.030f;
    const uint32_t n_posts = (uint32_t)((to - from) / gap) + 1;

    for (uint32_t i = 0; i < n_posts; i++) {
        const float u = from + gap * (float)i;
        const float tilt = 0.004f * ar_noise_smooth(SEED_PATH + 9, u * 31.0f, 0.5f, 0);

        for (uint32_t rail = 1; rail <= 2 && i + 1 < n_posts; rail++) {
            const float up = 0.016f * (float)rail;

            ar_canvas_stroke(canvas, (struct ar_point){ u, foot - up }, 0.0026f,
                             (struct ar_point){ u + gap, foot - up - 0.001f + tilt }, 0.0024f,
                             &wood);
        }
        ar_canvas_stroke(canvas, (struct ar_point){ u, foot }, 0.0044f,
                         (struct ar_point){ u + tilt, foot - 0.042f }, 0.0038f, &wood);
    }
}

/* Wet sand at the water, dry sand, then grass. */
static struct ar_colour shore_colour(float u, float v, float edge)
{
    static const struct ar_colour wet = { 0.42f, 0.35f, 0.25f };
    static const struct ar_colour dry = { 0.82f, 0.74f, 0.56f };
    const float rough = 0.004f * ar_noise_fractal(SEED_SHORE + 9, u * 40.0f, v * 90.0f, 0, 3);
    const float inland = v - edge + rough;

    return ar_colour_mix(ar_colour_mix(wet, dry, ar_noise_ramp(0.001f, 0.004f, inland)),
                         ground(u, v), ar_noise_ramp(0.006f, 0.011f, inland));
}

/* Daisies and clover in the grass behind the path, a few pixels each. */
static void paint_specks(struct ar_canvas *canvas)
{
    static const struct ar_colour colours[] = { { 0.98f, 0.96f, 0.90f },
                                                { 0.96f, 0.82f, 0.26f },
                                                { 0.86f, 0.50f, 0.62f },
                                                { 0.16f, 0.30f, 0.11f } };
    const float width = (float)canvas->width_px / canvas->scale_px;
    const uint32_t n_specks = (uint32_t)(width * 560.0f);

    for (uint32_t i = 0; i < n_specks; i++) {
        const float u = width * ar_noise_uniform(SEED_FLOWER + 20, i, 1);
        const float v = AR_SCENE_NEARSHORE + 0.26f * ar_noise_uniform(SEED_FLOWER + 20, i, 2);
        const float bed = ar_noise_fractal(SEED_FLOWER + 21, u * 3.0f, v * 12.0f, 0, 2);
        const float size = 0.0012f + 0.0075f * (v - AR_SCENE_NEARSHORE);
        const struct ar_paint paint =
            ar_paint_flat(colours[ar_noise_hash(SEED_FLOWER + 20, i, 3) & 3]);

        if (v > shore(u) + 0.014f && on_path(u, v) < 0.1f && bed > -0.05f)
            ar_canvas_ellipse(canvas, (struct ar_point){ u, v }, size, 0.7f * size, &paint);
    }
}

void ar_scene_paint_meadow(struct ar_canvas *canvas, float aspect)
{
    for (uint32_t x = 0; x < canvas->width_px; x++) {
        const float u = ar_canvas_x(canvas, x);
        const float edge = shore(u);

        for (uint32_t y = 0; y < canvas->height_px; y++) {
            const float v = ar_canvas_y(canvas, y);
            const float cover = fminf((v - edge) * canvas->scale_px + 0.5f, 1.0f);

            if (cover > 0.0f)
                ar_canvas_dab(canvas, x, y, shore_colour(u, v, edge), cover);
        }
    }
    paint_specks(canvas);
    paint_reeds(canvas);
    paint_fence(canvas, 0.52f * aspect, 0.98f * aspect);
}

/* Leaves from the back to the front: dark inside, warm where the sun comes through. */
static void paint_crown(struct ar_canvas *canvas, struct ar_point middle, float radius,
                        float haze, uint32_t seed)
{
    static const struct ar_colour dark = { 0.09f, 0.19f, 0.11f };
    static const struct ar_colour light = { 0.52f, 0.60f, 0.22f };
    static const struct ar_colour air = { 0.86f, 0.80f, 0.70f };
    /* A crown of many pixels needs many leaves; a far one is a few dabs. */
    const float size_px = radius * canvas->scale_px;
    const uint32_t n_leaves = (uint32_t)fminf(30.0f + size_px * size_px * 0.45f, 5200.0f);
    const float leaf = radius * fmaxf(0.036f, 0.30f - 0.0060f * size_px);

    for (uint32_t i = 0; i < n_leaves; i++) {
        const float back = 1.0f - (float)i / (float)n_leaves;
        const float angle = TURN * ar_noise_uniform(seed, i, 1);
        const float lobe = 0.78f +
                           0.28f * ar_noise_smooth(seed, angle * (10.0f / TURN), 0.5f, 10) +
                           0.14f * ar_noise_smooth(seed, angle * (31.0f / TURN), 1.5f, 31) +
                           0.12f * (ar_noise_uniform(seed, i, 6) - 0.5f);
        const float out =
            radius * lobe * sqrtf(ar_noise_uniform(seed, i, 2)) * (0.75f + 0.25f * back);
        const struct ar_point at = { middle.x + 1.12f * out * cosf(angle),
                                     middle.y + 0.88f * out * sinf(angle) };
        const float clump = ar_noise_fractal(seed + 3, (at.x - middle.x) / radius * 2.6f,
                                             (at.y - middle.y) / radius * 3.2f, 0, 3);
        const float sun = 0.42f - 0.34f * (at.x - middle.x) / radius -
                          0.42f * (at.y - middle.y) / radius + 0.95f * clump - 0.35f * back;
        const float own = 0.42f * (ar_noise_uniform(seed, i, 3) - 0.5f);
        const struct ar_colour colour =
            ar_colour_mix(dark, light, fminf(fmaxf(sun + own, 0.0f), 1.15f));
        const struct ar_paint paint = ar_paint_flat(ar_colour_mix(colour, air, haze));

        ar_canvas_ellipse(canvas, at, leaf * (0.7f + 0.6f * ar_noise_uniform(seed, i, 4)),
                          leaf * (0.45f + 0.4f * ar_noise_uniform(seed, i, 5)), &paint);
    }
}

void ar_scene_paint_tree(struct ar_canvas *canvas, struct ar_point foot, float height,
                         float haze, uint32_t seed)
{
    const struct ar_paint bark = {
        .top = ar_colour_mix((struct ar_colour){ 0.30f, 0.23f, 0.17f },
                             (struct ar_colour){ 0.8f, 0.8f, 0.8f }, haze),
        .bottom = { 0.22f, 0.17f, 0.13f },
        .alpha = 1.0f,
        .grain = 0.35f,
        .grain_size = 0.012f
    };
    const struct ar_point crown = { foot.x + 0.02f * height, foot.y - 0.64f * height };

    const struct ar_point roots[] = { { foot.x - 0.065f * height, foot.y + 0.012f * height },
                                      { foot.x, foot.y - 0.14f * height },
                                      { foot.x + 0.065f * height, foot.y + 0.012f * height } };

    ar_canvas_polygon(canvas, roots, AR_ARRAY_LEN(roots), &bark);
    ar_canvas_stroke(canvas, (struct ar_point){ foot.x, foot.y - 0.03f * height },
                     0.036f * height, crown, 0.020f * height, &bark);
    paint_crown(canvas, crown, 0.36f * height, haze, seed);
}

/* What the tall tree keeps the low sun from: its trunk's and its crown's shadow on the grass. */
static void paint_shadow(struct ar_canvas *canvas, struct ar_point foot)
{
    struct ar_paint shade = ar_paint_flat((struct ar_colour){ 0.08f, 0.16f, 0.12f });

    shade.alpha = 0.30f;
    ar_canvas_stroke(canvas, foot, 0.024f, (struct ar_point){ foot.x + 0.40f, foot.y + 0.062f },
                     0.020f, &shade);
    shade.alpha = 0.13f;
    for (uint32_t i = 0; i < 26; i++) {
        const struct ar_point at = {
            foot.x + 0.36f + 0.50f * ar_noise_uniform(SEED_TREE, i, 31),
            foot.y + 0.045f + 0.065f * ar_noise_uniform(SEED_TREE, i, 32)
        };

        ar_canvas_ellipse(canvas, at, 0.075f, 0.013f, &shade);
    }
}

/* Bushes along the water, in groups. */
static void paint_bushes(struct ar_canvas *canvas)
{
    const float width = (float)canvas->width_px / canvas->scale_px;
    const uint32_t n_bushes = (uint32_t)(width * 17.0f);

    for (uint32_t i = 0; i < n_bushes; i++) {
        const float u =
            width * ((float)i + ar_noise_uniform(SEED_TREE + 40, i, 1)) / (float)n_bushes;
        const float size = 0.016f + 0.020f * ar_noise_uniform(SEED_TREE + 40, i, 2);

        if (ar_noise_smooth(SEED_TREE + 41, u * 1.9f, 0.5f, 0) > 0.12f)
            paint_crown(canvas, (struct ar_point){ u, shore(u) + 0.018f - 0.5f * size }, size,
                        0.06f, SEED_TREE + 50 + i);
    }
}

void ar_scene_paint_trees(struct ar_canvas *canvas, float aspect)
{
    const struct ar_paint bark = { .top = { 0.20f, 0.16f, 0.13f },
                                   .bottom = { 0.27f, 0.21f, 0.16f },
                                   .alpha = 1.0f,
                                   .grain = 0.45f,
                                   .grain_size = 0.014f };
    const struct ar_point foot = { 0.075f * aspect, 0.885f };
    const struct ar_point fork = { foot.x - 0.008f, 0.52f };
    static const struct ar_point boughs[] = { { -0.15f, 0.34f },
                                              { 0.16f, 0.32f },
                                              { 0.02f, 0.22f } };

    paint_bushes(canvas);
    paint_shadow(canvas, foot);
    ar_canvas_stroke(canvas, foot, 0.034f, fork, 0.021f, &bark);
    ar_canvas_stroke(canvas, (struct ar_point){ foot.x - 0.05f, foot.y + 0.01f }, 0.010f,
                     (struct ar_point){ foot.x, foot.y - 0.05f }, 0.022f, &bark);
    ar_canvas_stroke(canvas, (struct ar_point){ foot.x + 0.055f, foot.y + 0.012f }, 0.010f,
                     (struct ar_point){ foot.x, foot.y - 0.05f }, 0.022f, &bark);
    for (uint32_t i = 0; i < AR_ARRAY_LEN(boughs); i++) {
        const struct ar_point end = { foot.x + boughs[i].x, boughs[i].y };

        ar_canvas_stroke(canvas, fork, 0.017f, end, 0.006f, &bark);
    }
    paint_crown(canvas, (struct ar_point){ foot.x - 0.13f, 0.30f }, 0.17f, 0.0f, SEED_TREE);
    paint_crown(canvas, (struct ar_point){ foot.x + 0.15f, 0.28f }, 0.16f, 0.0f, SEED_TREE + 1);
    paint_crown(canvas, (struct ar_point){ foot.x + 0.00f, 0.17f }, 0.22f, 0.0f, SEED_TREE + 2);
    ar_scene_paint_tree(canvas, (struct ar_point){ 1.16f * aspect, 0.800f }, 0.30f, 0.03f,
                        SEED_TREE + 10);
    ar_scene_paint_tree(canvas, (struct ar_point){ 1.44f * aspect, 0.880f }, 0.66f, 0.0f,
                        SEED_TREE + 20);
}

static void paint_blossom(struct ar_canvas *canvas, struct ar_point at, float size,
                          uint32_t kind)
{
    static const struct ar_colour petals[] = { { 0.90f, 0.20f, 0.14f },
                                               { 0.98f, 0.97f, 0.94f },
                                               { 0.42f, 0.40f, 0.82f },
                                               { 0.98f, 0.80f, 0.18f } };
    static const struct ar_colour hearts[] = { { 0.16f, 0.10f, 0.12f },
                                               { 0.95f, 0.75f, 0.15f },
                                               { 0.85f, 0.82f, 0.95f },
                                               { 0.75f, 0.45f, 0.08f } };
    const struct ar_paint petal = { .top = ar_colour_scale(petals[kind], 1.05f),
                                    .bottom = ar_colour_scale(petals[kind], 0.78f),
                                    .alpha = 1.0f };
    const struct ar_paint heart = ar_paint_flat(hearts[kind]);

    for (uint32_t i = 0; i < 5; i++) {
        const float angle = 1.2566371f * (float)i + at.x * 50.0f;

        ar_canvas_ellipse(canvas,
                          (struct ar_point){ at.x + 0.58f * size * cosf(angle),
                                             at.y + 0.42f * size * sinf(angle) },
                          0.52f * size, 0.42f * size, &petal);
    }
    ar_canvas_ellipse(canvas, at, 0.30f * size, 0.24f * size, &heart);
}

void ar_scene_paint_flowers(struct ar_canvas *canvas, float aspect)
{
    const float width = (float)canvas->width_px / canvas->scale_px;
    const uint32_t n_stalks = (uint32_t)(width * 420.0f);

    for (uint32_t i = 0; i < n_stalks; i++) {
        const float near = (float)i / (float)n_stalks;
        const float u = width * ar_noise_uniform(SEED_FLOWER, i, 1);
        const float thick = 0.75f + 0.5f * ar_noise_smooth(SEED_FLOWER + 1, u * 2.2f, 0.5f, 0);
        const float height = thick * (0.045f + 0.085f * ar_noise_uniform(SEED_FLOWER, i, 2));
        const float foot = 0.955f + 0.085f * near;
        const float lean = 0.5f * height * (ar_noise_uniform(SEED_FLOWER, i, 3) - 0.42f);
        const struct ar_point tip = { u + lean, foot - height };
        const float light = ar_noise_uniform(SEED_FLOWER, i, 4);
        const struct ar_paint stalk = {
            .top = ar_colour_mix((struct ar_colour){ 0.34f, 0.50f, 0.16f },
                                 (struct ar_colour){ 0.74f, 0.76f, 0.32f }, light),
            .bottom = { 0.09f, 0.19f, 0.07f },
            .alpha = 1.0f,
        };
        const float bed = ar_noise_smooth(SEED_FLOWER + 2, u * 1.9f, 0.3f, 0);

        ar_canvas_stroke(canvas, (struct ar_point){ u, foot }, 0.0030f, tip, 0.0007f, &stalk);
        if (ar_noise_uniform(SEED_FLOWER, i, 5) < 0.10f + 0.10f * bed) {
            const uint32_t mixed = ar_noise_hash(SEED_FLOWER, i, 6) & 3;
            const uint32_t kind = ar_noise_uniform(SEED_FLOWER, i, 7) < 0.55f ? 0 : mixed;

            paint_blossom(canvas, tip, 0.0075f + 0.0055f * near, kind);
        }
    }
}
