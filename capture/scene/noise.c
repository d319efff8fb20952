/* SPDX-License-Identifier: MIT */
#include "capture/scene/noise.h"

#include <math.h>

uint32_t ar_noise_hash(uint32_t seed, uint32_t x, uint32_t y)
{
    uint32_t h = seed * 0x9e3779b1u ^ x * 0x85ebca77u ^ y * 0xc2b2ae3du;

    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    return h ^ h >> 15;
}

float ar_noise_uniform(uint32_t seed, uint32_t x, uint32_t y)
{
    return (float)(ar_noise_hash(seed, x, y) >> 8) * (1.0f / 16777216.0f);
}

/* The slope at a lattice point, times the way from there. */
static float corner(uint32_t seed, int32_t x, int32_t y, float dx, float dy)
{
    static const float slopes[8][2] = {
        { 1.0f, 0.0f },  { 0.7071f, 0.7071f },   { 0.0f, 1.0f },  { -0.7071f, 0.7071f },
        { -1.0f, 0.0f }, { -0.7071f, -0.7071f }, { 0.0f, -1.0f }, { 0.7071f, -0.7071f },
    };
    const float *slope = slopes[ar_noise_hash(seed, (uint32_t)x, (uint32_t)y) & 7];

    return slope[0] * dx + slope[1] * dy;
}

static float fade(float t)
{
    return t * t * t * (t * (t * 6.0f - 15.0f) + 10.0f);
}

static int32_t wrap(int32_t x, uint32_t period)
{
    const int32_t n = (int32_t)period;

    return period == 0 ? x : (x % n + n) % n;
}

float ar_noise_smooth(uint32_t seed, float x, float y, uint32_t period_x)
{
    const float floor_x = floorf(x);
    const float floor_y = floorf(y);
    const int32_t x0 = wrap((int32_t)floor_x, period_x);
    const int32_t x1 = wrap((int32_t)floor_x + 1, period_x);
    const int32_t y0 = (int32_t)floor_y;
    const float dx = x - floor_x;
    const float dy = y - floor_y;
    const float fx = fade(dx);
    const float top_left = corner(seed, x0, y0, dx, dy);
    const float top_right = corner(seed, x1, y0, dx - 1.0f, dy);
    const float low_left = corner(seed, x0, y0 + 1, dx, dy - 1.0f);
    const float low_right = corner(seed, x1, y0 + 1, dx - 1.0f, dy - 1.0f);
    const float top = top_left + (top_right - top_left) * fx;
    const float low = low_left + (low_right - low_left) * fx;

    return 1.5f * (top + (low - top) * fade(dy));
}

float ar_noise_fractal(uint32_t seed, float x, float y, uint32_t period_x, uint32_t n_octaves)
{
    float sum = 0.0f;
    float weight = 0.5f;

    for (uint32_t i = 0; i < n_octaves; i++) {
        sum += weight * ar_noise_smooth(seed + i, x, y, period_x);
        weight *= 0.5f;
        x *= 2.0f;
        y *= 2.0f;
        period_x *= 2;
    }
    return sum;
}

float ar_noise_ramp(float low, float high, float value)
{
    const float t = (value - low) / (high - low);

    if (t <= 0.0f)
        return 0.0f;
    return t >= 1.0f ? 1.0f : t * t * (3.0f - 2.0f * t);
}
