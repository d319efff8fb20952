/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "capture/scene/noise.h"
#include "capture/scene/paint.h"

/* The distance: sky, clouds, mountains, hills. */

enum seed {
    SEED_CIRRUS = 11,
    SEED_CUMULUS = 23,
    SEED_RIDGE = 37,
    SEED_ROCK = 53,
    SEED_HILL = 71,
    SEED_FIELD = 83,
    SEED_WOOD = 97,
};

static const struct ar_colour sunlight = { 1.00f, 0.86f, 0.60f };
static const struct ar_colour haze = { 0.80f, 0.80f, 0.84f };

static float distance(float dx, float dy)
{
    return sqrtf(dx * dx + dy * dy);
}

void ar_scene_paint_sky(struct ar_canvas *canvas, float aspect)
{
    static const struct ar_colour zenith = { 0.20f, 0.40f, 0.70f };
    static const struct ar_colour middle = { 0.50f, 0.71f, 0.86f };
    static const struct ar_colour low = { 0.99f, 0.87f, 0.70f };

    for (uint32_t y = 0; y < canvas->height_px; y++) {
        const float v = ar_canvas_y(canvas, y);
        const struct ar_colour upper =
            ar_colour_mix(zenith, middle, ar_noise_ramp(-0.05f, 0.34f, v));
        const struct ar_colour base =
            ar_colour_mix(upper, low, ar_noise_ramp(0.12f, AR_SCENE_WATERLINE, v));

        for (uint32_t x = 0; x < canvas->width_px; x++) {
            const float d = distance((ar_canvas_x(canvas, x) - AR_SCENE_SUN_X * aspect) * 0.8f,
                                     v - AR_SCENE_SUN_Y);
            const float glow = 0.75f * expf(-d * 5.0f) + 0.35f * expf(-d * d * 260.0f);

            ar_canvas_dab(canvas, x, y, base, 1.0f);
            ar_canvas_dab(canvas, x, y, sunlight, fminf(glow, 1.0f));
            ar_canvas_dab(canvas, x, y, (struct ar_colour){ 1.0f, 0.98f, 0.90f },
                          ar_noise_ramp(0.043f, 0.037f, d));
        }
    }
}

/* Cells of about `size` that fit a whole number of times into the canvas. */
static uint32_t n_cells(const struct ar_canvas *canvas, float size)
{
    const float n = (float)canvas->width_px / canvas->scale_px / size;

    return n < 2.0f ? 2 : (uint32_t)n;
}

void ar_scene_paint_cirrus(struct ar_canvas *canvas, float aspect)
{
    const uint32_t period = n_cells(canvas, 0.55f);
    const float per_px = (float)period / (float)canvas->width_px;

    for (uint32_t y = 0; y < canvas->height_px; y++) {
        const float v = ar_canvas_y(canvas, y);

        for (uint32_t x = 0; x < canvas->width_px; x++) {
            const float u = (float)x * per_px;
            const float bend = 0.6f * ar_noise_smooth(SEED_CIRRUS, u, v * 3.0f, period);
            const float n = ar_noise_fractal(SEED_CIRRUS + 1, u, v * 14.0f + bend, period, 5);
            const float alpha =
                ar_noise_ramp(-0.02f, 0.75f, n) * ar_noise_ramp(0.46f, 0.10f, v) * 0.75f;

            ar_canvas_dab(canvas, x, y, (struct ar_colour){ 1.0f, 0.96f, 0.93f }, alpha);
        }
    }
}

/* How thick the clouds are at a point; seen from below, they crowd towards the horizon. */
static float cloud(float u, float v, uint32_t period)
{
    const float depth = 0.30f / (0.72f - v);
    const float shape = ar_noise_fractal(SEED_CUMULUS, u, depth * 5.0f, period, 6);
    const float bank = ar_noise_smooth(SEED_CUMULUS + 9, u * 0.5f, depth * 2.2f, period / 2);

    return shape + 0.45f * bank;
}

void ar_scene_paint_cumulus(struct ar_canvas *canvas, float aspect)
{
    static const struct ar_colour shadow = { 0.56f, 0.57f, 0.70f };
    static const struct ar_colour light = { 1.00f, 0.96f, 0.88f };
    static const struct ar_colour gold = { 1.00f, 0.80f, 0.58f };
    const uint32_t period = n_cells(canvas, 0.24f) & ~1u;
    const float per_px = (float)period / (float)canvas->width_px;

    for (uint32_t y = 0; y < canvas->height_px; y++) {
        const float v = ar_canvas_y(canvas, y);
        const float fade = ar_noise_ramp(0.50f, 0.36f, v);
        const struct ar_colour lit = ar_colour_mix(light, gold, ar_noise_ramp(0.12f, 0.45f, v));

        for (uint32_t x = 0; x < canvas->width_px; x++) {
            const float u = (float)x * per_px;
            const float thick = cloud(u, v, period);
            const float above = cloud(u - 0.10f, v - 0.030f, period);
            const float shade =
                0.55f + 1.1f * (thick - above) - 0.45f * fmaxf(thick - 0.35f, 0.0f);

            ar_canvas_dab(canvas, x, y,
                          ar_colour_mix(shadow, lit, fminf(fmaxf(shade, 0.0f), 1.0f)),
                          fade * 0.97f * ar_noise_ramp(0.04f, 0.30f, thick));
        }
    }
}

/* Jagged noise in about [0, 1]: peaks where smooth noise passes zero. */
static float ridged(uint32_t seed, float x, uint32_t n_octaves)
{
    float sum = 0.0f;
    float weight = 0.55f;

    for (uint32_t i = 0; i < n_octaves; i++) {
        const float n = 1.0f - fabsf(ar_noise_smooth(seed + i, x, 0.37f, 0));

        sum += weight * n * n;
        weight *= 0.46f;
        x *= 2.1f;
    }
    return sum;
}

struct range {
    float base;   /* the skyline's lowest height */
    float relief; /* above it */
    float detail; /* peaks per scene unit */
    float far;    /* share of haze */
    float snow;   /* how far below the skyline it lies, 0: none */
    struct ar_colour lit;
    struct ar_colour shadow;
    uint32_t seed;
};

/* The height of rock at a point of a slope: gullies that part below each peak. */
static float relief(const struct range *range, float u, float below)
{
    const float bend = 0.30f * ar_noise_smooth(range->seed + 61, u * 5.0f, below * 7.0f, 0);
    float x = u * 6.5f + bend;
    float y = below * 5.0f;
    float sum = 0.0f;
    float weight = 0.5f;

    for (uint32_t i = 0; i < 4; i++) {
        sum += weight * (1.0f - fabsf(ar_noise_smooth(range->seed + SEED_ROCK + i, x, y, 0)));
        weight *= 0.55f;
        x *= 2.1f;
        y *= 2.0f;
    }
    return sum;
}

static struct ar_colour rock(const struct range *range, float u, float below)
{
    const float e = 0.004f;
    const float slope = relief(range, u + e, below) - relief(range, u - e, below);
    const float light = ar_noise_ramp(-0.045f, 0.045f, slope);
    struct ar_colour colour = ar_colour_mix(range->shadow, range->lit, light);

    if (range->snow > 0.0f) {
        const struct ar_colour snow =
            ar_colour_mix((struct ar_colour){ 0.56f, 0.64f, 0.84f },
                          (struct ar_colour){ 1.0f, 0.95f, 0.86f }, light);
        const float patches =
            ar_noise_fractal(range->seed + 67, u * 24.0f, below * 30.0f, 0, 3);
        const float edge = range->snow * (1.0f + 0.9f * patches);

        colour = ar_colour_mix(colour, snow, ar_noise_ramp(edge, edge * 0.75f, below));
    }
    return colour;
}

static void paint_range(struct ar_canvas *canvas, const struct range *range, float aspect)
{
    for (uint32_t x = 0; x < canvas->width_px; x++) {
        const float u = ar_canvas_x(canvas, x);
        const float swell = 0.5f + 0.5f * ar_noise_smooth(range->seed + 77, u * 1.1f, 0.5f, 0);
        const float skyline = range->base - range->relief * (0.35f + 0.65f * swell) *
                                                ridged(range->seed, u * range->detail, 6);
        const float sun = expf(-fabsf(u - AR_SCENE_SUN_X * aspect) * 2.2f);

        for (uint32_t y = 0; y < canvas->height_px; y++) {
            const float v = ar_canvas_y(canvas, y);
            const float below = v - skyline;
            const float cover = fminf(below * canvas->scale_px + 0.5f, 1.0f);
            float veil;
            struct ar_colour air;

            if (cover <= 0.0f)
                continue;
            veil = fminf(range->far + 0.55f * ar_noise_ramp(0.02f, 0.22f, below), 1.0f);
            air = ar_colour_mix(haze, sunlight, 0.7f * sun);
            ar_canvas_dab(canvas, x, y, ar_colour_mix(rock(range, u, below), air, veil), cover);
        }
    }
}

void ar_scene_paint_mountains(struct ar_canvas *canvas, float aspect)
{
    static const struct range ranges[] = {
        { .base = 0.475f,
          .relief = 0.27f,
          .detail = 1.9f,
          .far = 0.30f,
          .snow = 0.085f,
          .lit = { 0.62f, 0.60f, 0.66f },
          .shadow = { 0.36f, 0.42f, 0.60f },
          .seed = SEED_RIDGE },
        { .base = 0.52f,
          .relief = 0.15f,
          .detail = 1.7f,
          .far = 0.22f,
          .snow = 0.0f,
          .lit = { 0.52f, 0.58f, 0.56f },
          .shadow = { 0.26f, 0.36f, 0.50f },
          .seed = SEED_RIDGE + 1000 },
    };

    for (uint32_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        paint_range(canvas, &ranges[i], aspect);
}

struct hill {
    float crest; /* its mean height */
    float relief;
    float length; /* of a wave */
    float wood;   /* threshold of the woods: lower is more */
    float far;
    uint32_t seed;
};

static float crest_of(const struct hill *hill, float u)
{
    return hill->crest -
           hill->relief * ar_noise_fractal(hill->seed, u / hill->length, 0.5f, 0, 3);
}

/* Fields: patches of several crops with furrows that follow the slope. */
static struct ar_colour field(const struct hill *hill, float u, float below)
{
    static const struct ar_colour crops[] = {
        { 0.47f, 0.60f, 0.25f }, { 0.83f, 0.72f, 0.33f }, { 0.36f, 0.52f, 0.24f },
        { 0.62f, 0.68f, 0.30f }, { 0.60f, 0.47f, 0.30f }, { 0.42f, 0.57f, 0.30f },
    };
    const float slant = u + below * (ar_noise_smooth(hill->seed + 3, u * 3.0f, 0.0f, 0) * 2.0f);
    const float along =
        slant * 7.0f + 0.5f * ar_noise_smooth(hill->seed + 4, u * 9.0f, 0.5f, 0);
    const float across =
        below * 26.0f + 0.6f * ar_noise_smooth(hill->seed + 5, u * 4.0f, 0.5f, 0);
    const uint32_t patch =
        ar_noise_hash(SEED_FIELD + hill->seed, (uint32_t)(int32_t)floorf(along),
                      (uint32_t)(int32_t)floorf(across));
    const float furrow =
        sinf((along - across * 0.4f) * 55.0f) * ((patch >> 8 & 3) == 0 ? 0.10f : 0.03f);
    const float hedge =
        fminf(fabsf(along - roundf(along)), 2.0f * fabsf(across - roundf(across)));
    const struct ar_colour crop =
        ar_colour_scale(crops[patch % (sizeof(crops) / sizeof(crops[0]))], 1.0f + furrow);

    return ar_colour_mix((struct ar_colour){ 0.20f, 0.32f, 0.16f }, crop,
                         ar_noise_ramp(0.02f, 0.07f, hedge));
}

/* Woods: rounded crowns, light on the side of the sun. */
static struct ar_colour wood(const struct hill *hill, float u, float v)
{
    const float crowns = ar_noise_fractal(hill->seed + SEED_WOOD, u * 85.0f, v * 110.0f, 0, 2);
    const float shifted =
        ar_noise_fractal(hill->seed + SEED_WOOD, u * 85.0f - 0.35f, v * 110.0f - 0.35f, 0, 2);
    const float light = ar_noise_ramp(-0.35f, 0.45f, crowns - shifted + 0.3f * crowns);

    return ar_colour_mix((struct ar_colour){ 0.10f, 0.22f, 0.16f },
                         (struct ar_colour){ 0.46f, 0.53f, 0.22f }, light);
}

static void paint_hill(struct ar_canvas *canvas, const struct hill *hill, float aspect)
{
    for (uint32_t x = 0; x < canvas->width_px; x++) {
        const float u = ar_canvas_x(canvas, x);
        const float crest = crest_of(hill, u);
        const float tilt = crest_of(hill, u + 0.01f) - crest; /* positive: falls to the right */
        const float sun = expf(-fabsf(u - AR_SCENE_SUN_X * aspect) * 2.0f);
        const struct ar_colour air = ar_colour_mix(haze, sunlight, 0.5f + 0.5f * sun);

        for (uint32_t y = 0; y < canvas->height_px; y++) {
            const float v = ar_canvas_y(canvas, y);
            const float bushes =
                0.006f * ar_noise_fractal(hill->seed + 8, u * 70.0f, 0.5f, 0, 2);
            const float trees = ar_noise_fractal(hill->seed + 6, u * 3.2f, v * 9.0f, 0, 4);
            const float woody = ar_noise_ramp(hill->wood - 0.02f, hill->wood + 0.02f, trees);
            const float below = v - crest + (woody > 0.5f ? bushes + 0.006f : 0.0f);
            const float cover = fminf(below * canvas->scale_px + 0.5f, 1.0f);
            struct ar_colour colour;

            if (cover <= 0.0f)
                continue;
            colour = ar_colour_mix(field(hill, u, below), wood(hill, u, v), woody);
            colour = ar_colour_scale(colour, 1.0f - 6.0f * tilt);
            ar_canvas_dab(canvas, x, y, ar_colour_mix(colour, air, hill->far), cover);
        }
    }
}

void ar_scene_paint_hills(struct ar_canvas *canvas, float aspect)
{
    static const struct hill hills[] = {
        { .crest = 0.475f,
          .relief = 0.045f,
          .length = 0.75f,
          .wood = 0.02f,
          .far = 0.34f,
          .seed = SEED_HILL },
        { .crest = 0.525f,
          .relief = 0.040f,
          .length = 0.60f,
          .wood = 0.12f,
          .far = 0.16f,
          .seed = SEED_HILL + 500 },
    };

    for (uint32_t i = 0; i < sizeof(hills) / sizeof(hills[0]); i++)
        paint_hill(canvas, &hills[i], aspect);
}
