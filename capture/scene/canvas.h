/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A sheet to paint on: RGB with premultiplied alpha in floats, and anti-aliased shapes. One thread.
 *
 * Shapes are given in scene units, whatever the picture's size: 1 is the height of the view, x grows to the
 * right from the sheet's left edge, y down from the top of the view.
 */

struct ar_colour {
    float r;
    float g;
    float b;
};

struct ar_point {
    float x;
    float y;
};

/* How an area is filled: from `top` to `bottom` over the shape's height, roughened by noise. */
struct ar_paint {
    struct ar_colour top;
    struct ar_colour bottom;
    float alpha;
    float grain;      /* strength of the noise, 0: none */
    float grain_size; /* of its features, in scene units */
};

struct ar_canvas {
    uint32_t width_px;
    uint32_t height_px;
    int32_t left_px; /* where the sheet lies in the scene */
    int32_t top_px;
    float scale_px; /* pixels per scene unit */
    size_t max_px;  /* there is room for */
    float *rgba;    /* width x height x 4 */
    float *cover;   /* of one row */
};

/* A place and size in pixels of the scene. */
struct ar_area {
    int32_t left_px;
    int32_t top_px;
    uint32_t width_px;
    uint32_t height_px;
};

/* Transparent, with room for max_px pixels. 0 or -ENOMEM. */
int ar_canvas_init(struct ar_canvas *canvas, float scale_px, size_t max_px);
/* Accepts one of zeros. */
void ar_canvas_finish(struct ar_canvas *canvas);

/* Lays out an empty sheet there, which has at most max_px pixels. */
void ar_canvas_place(struct ar_canvas *canvas, const struct ar_area *area);

/* Scene coordinates of a pixel's middle. */
float ar_canvas_x(const struct ar_canvas *canvas, uint32_t x);
float ar_canvas_y(const struct ar_canvas *canvas, uint32_t y);

/* Lays a colour over one pixel. */
void ar_canvas_dab(struct ar_canvas *canvas, uint32_t x, uint32_t y, struct ar_colour colour,
                   float alpha);

/* At most AR_CANVAS_MAX_POINTS corners, not crossing itself. */
#define AR_CANVAS_MAX_POINTS 32
void ar_canvas_polygon(struct ar_canvas *canvas, const struct ar_point *points,
                       uint32_t n_points, const struct ar_paint *paint);
void ar_canvas_box(struct ar_canvas *canvas, float left, float top, float right, float bottom,
                   const struct ar_paint *paint);
void ar_canvas_ellipse(struct ar_canvas *canvas, struct ar_point middle, float radius_x,
                       float radius_y, const struct ar_paint *paint);
/* A stroke with round ends, of the radius r0 at p0 and r1 at p1. */
void ar_canvas_stroke(struct ar_canvas *canvas, struct ar_point p0, float r0,
                      struct ar_point p1, float r1, const struct ar_paint *paint);

static inline struct ar_colour ar_colour_mix(struct ar_colour a, struct ar_colour b, float t)
{
    return (struct ar_colour){ a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t,
                               a.b + (b.b - a.b) * t };
}

static inline struct ar_colour ar_colour_scale(struct ar_colour c, float gain)
{
    return (struct ar_colour){ c.r * gain, c.g * gain, c.b * gain };
}

/* One colour all over. */
static inline struct ar_paint ar_paint_flat(struct ar_colour colour)
{
    return (struct ar_paint){ .top = colour, .bottom = colour, .alpha = 1.0f };
}
