/* SPDX-License-Identifier: MIT */
#include "capture/scene/canvas.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "capture/scene/noise.h"

#define GRAIN_SEED    7
#define CAP_POINTS    7 /* of half a circle */
#define CIRCLE_POINTS 20

int ar_canvas_init(struct ar_canvas *canvas, float scale_px, size_t max_px)
{
    *canvas = (struct ar_canvas){
        .scale_px = scale_px,
        .max_px = max_px,
        .rgba = malloc(max_px * 4 * sizeof(float)),
        .cover = calloc(max_px + 2, sizeof(float)),
    };
    if (canvas->rgba && canvas->cover)
        return 0;
    ar_canvas_finish(canvas);
    return -ENOMEM;
}

void ar_canvas_finish(struct ar_canvas *canvas)
{
    free(canvas->rgba);
    free(canvas->cover);
    *canvas = (struct ar_canvas){ .rgba = NULL };
}

void ar_canvas_place(struct ar_canvas *canvas, const struct ar_area *area)
{
    assert((size_t)area->width_px * area->height_px <= canvas->max_px);
    canvas->left_px = area->left_px;
    canvas->top_px = area->top_px;
    canvas->width_px = area->width_px;
    canvas->height_px = area->height_px;
    memset(canvas->rgba, 0, (size_t)area->width_px * area->height_px * 4 * sizeof(float));
}

float ar_canvas_x(const struct ar_canvas *canvas, uint32_t x)
{
    return ((float)canvas->left_px + (float)x + 0.5f) / canvas->scale_px;
}

float ar_canvas_y(const struct ar_canvas *canvas, uint32_t y)
{
    return ((float)canvas->top_px + (float)y + 0.5f) / canvas->scale_px;
}

void ar_canvas_dab(struct ar_canvas *canvas, uint32_t x, uint32_t y, struct ar_colour colour,
                   float alpha)
{
    float *pixel = &canvas->rgba[((size_t)y * canvas->width_px + x) * 4];
    const float keep = 1.0f - alpha;

    pixel[0] = pixel[0] * keep + colour.r * alpha;
    pixel[1] = pixel[1] * keep + colour.g * alpha;
    pixel[2] = pixel[2] * keep + colour.b * alpha;
    pixel[3] = pixel[3] * keep + alpha;
}

/*
 * Adds what an edge within one row contributes: cover[x] takes the change of covered area from pixel x - 1
 * to pixel x, so that a running sum along the row gives each pixel's exact share.
 * x0, x1: where the edge enters and leaves the row; dy: its signed height in it.
 */
static void add_span(float *cover, float width, float x0, float x1, float dy)
{
    const float left = fminf(fmaxf(fminf(x0, x1), 0.0f), width);
    const float right = fminf(fmaxf(fmaxf(x0, x1), 0.0f), width);
    const uint32_t first = (uint32_t)left;
    const uint32_t last = (uint32_t)right;
    float done = 0.0f; /* share of dy given out so far */

    if (first == last) {
        const float inside = 1.0f - (0.5f * (left + right) - (float)first);

        cover[first] += dy * inside;
        cover[first + 1] += dy * (1.0f - inside);
        return;
    }
    for (uint32_t x = first; x <= last; x++) {
        const float from = fmaxf(left, (float)x);
        const float to = fminf(right, (float)x + 1.0f);
        const float share = (to - from) / (right - left);
        const float inside = 1.0f - (0.5f * (from + to) - (float)x);

        cover[x] += dy * share * inside;
        if (x < (uint32_t)width)
            cover[x + 1] += dy * share * (1.0f - inside);
        done += share;
    }
    cover[last] += dy * (1.0f - done);
}

/* Adds an edge's part in the row from y to y + 1. */
static void add_edge(float *cover, float width, struct ar_point a, struct ar_point b, float y)
{
    const float sign = a.y < b.y ? 1.0f : -1.0f;
    const struct ar_point top = a.y < b.y ? a : b;
    const struct ar_point low = a.y < b.y ? b : a;
    const float from = fmaxf(top.y, y);
    const float to = fminf(low.y, y + 1.0f);
    float slope;

    if (from >= to)
        return;
    slope = (low.x - top.x) / (low.y - top.y);
    add_span(cover, width, top.x + (from - top.y) * slope, top.x + (to - top.y) * slope,
             sign * (to - from));
}

struct extent {
    float left;
    float top;
    float right;
    float bottom;
};

static struct extent extent_of(const struct ar_point *points, uint32_t n_points)
{
    struct extent e = { points[0].x, points[0].y, points[0].x, points[0].y };

    for (uint32_t i = 1; i < n_points; i++) {
        e.left = fminf(e.left, points[i].x);
        e.top = fminf(e.top, points[i].y);
        e.right = fmaxf(e.right, points[i].x);
        e.bottom = fmaxf(e.bottom, points[i].y);
    }
    return e;
}

static struct ar_colour grained(const struct ar_canvas *canvas, const struct ar_paint *paint,
                                struct ar_colour colour, uint32_t x, uint32_t y)
{
    const float size = paint->grain_size;
    const float noise = ar_noise_fractal(GRAIN_SEED, ar_canvas_x(canvas, x) / size,
                                         ar_canvas_y(canvas, y) / size, 0, 3);

    return ar_colour_scale(colour, 1.0f + paint->grain * noise);
}

/* Lays paint over the row where `cover` says, and clears `cover`. */
static void paint_row(struct ar_canvas *canvas, const struct ar_paint *paint, uint32_t y,
                      uint32_t first, uint32_t end, float t)
{
    const struct ar_colour colour = ar_colour_mix(paint->top, paint->bottom, t);
    float covered = 0.0f;

    for (uint32_t x = first; x < end; x++) {
        float alpha;

        covered += canvas->cover[x];
        alpha = fminf(fabsf(covered), 1.0f) * paint->alpha;
        if (alpha < 0.002f)
            continue;
        ar_canvas_dab(canvas, x, y,
                      paint->grain > 0.0f ? grained(canvas, paint, colour, x, y) : colour,
                      alpha);
    }
    memset(&canvas->cover[first], 0, (end - first + 2) * sizeof(float));
}

void ar_canvas_polygon(struct ar_canvas *canvas, const struct ar_point *points,
                       uint32_t n_points, const struct ar_paint *paint)
{
    const float width = (float)canvas->width_px;
    struct ar_point local[AR_CANVAS_MAX_POINTS];
    struct extent e;
    uint32_t first;
    uint32_t end;

    assert(n_points >= 3 && n_points <= AR_CANVAS_MAX_POINTS);
    for (uint32_t i = 0; i < n_points; i++)
        local[i] = (struct ar_point){ points[i].x * canvas->scale_px - (float)canvas->left_px,
                                      points[i].y * canvas->scale_px - (float)canvas->top_px };
    e = extent_of(local, n_points);
    if (e.right <= 0.0f || e.left >= width || e.bottom <= 0.0f ||
        e.top >= (float)canvas->height_px)
        return;
    first = (uint32_t)fmaxf(e.left, 0.0f);
    end = ar_min_u32((uint32_t)e.right + 1, canvas->width_px);
    for (uint32_t y = (uint32_t)fmaxf(e.top, 0.0f); y < canvas->height_px; y++) {
        if ((float)y >= e.bottom)
            break;
        for (uint32_t i = 0; i < n_points; i++)
            add_edge(canvas->cover, width, local[i], local[(i + 1) % n_points], (float)y);
        paint_row(canvas, paint, y, first, end,
                  fminf(fmaxf(((float)y + 0.5f - e.top) / (e.bottom - e.top), 0.0f), 1.0f));
    }
}

void ar_canvas_box(struct ar_canvas *canvas, float left, float top, float right, float bottom,
                   const struct ar_paint *paint)
{
    const struct ar_point corners[] = {
        { left, top }, { right, top }, { right, bottom }, { left, bottom }
    };

    ar_canvas_polygon(canvas, corners, AR_ARRAY_LEN(corners), paint);
}

void ar_canvas_ellipse(struct ar_canvas *canvas, struct ar_point middle, float radius_x,
                       float radius_y, const struct ar_paint *paint)
{
    struct ar_point points[CIRCLE_POINTS];

    for (uint32_t i = 0; i < CIRCLE_POINTS; i++) {
        const float angle = (float)i * (6.2831853f / CIRCLE_POINTS);

        points[i] = (struct ar_point){ middle.x + radius_x * cosf(angle),
                                       middle.y + radius_y * sinf(angle) };
    }
    ar_canvas_polygon(canvas, points, CIRCLE_POINTS, paint);
}

void ar_canvas_stroke(struct ar_canvas *canvas, struct ar_point p0, float r0,
                      struct ar_point p1, float r1, const struct ar_paint *paint)
{
    const float along = atan2f(p1.y - p0.y, p1.x - p0.x);
    struct ar_point points[2 * CAP_POINTS];

    for (uint32_t i = 0; i < CAP_POINTS; i++) {
        const float turn = (float)i * (3.1415927f / (CAP_POINTS - 1)) - 1.5707963f;
        const float ahead = along + turn;

        points[i] = (struct ar_point){ p1.x + r1 * cosf(ahead), p1.y + r1 * sinf(ahead) };
        points[CAP_POINTS + i] =
            (struct ar_point){ p0.x - r0 * cosf(ahead), p0.y - r0 * sinf(ahead) };
    }
    ar_canvas_polygon(canvas, points, 2 * CAP_POINTS, paint);
}
