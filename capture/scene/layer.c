/* SPDX-License-Identifier: MIT */
#include "capture/scene/layer.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "capture/scene/noise.h"

#define DITHER_SEED 101
#define N_PLANES    3

enum row_kind {
    ROW_EMPTY,
    ROW_MIXED,
    ROW_SOLID,
};

/* One plane with its own alpha; the values are multiplied by it already. */
struct sheet {
    uint8_t *value;
    uint8_t *alpha;
    uint8_t *kinds; /* enum row_kind of each row */
    uint32_t width_px;
    uint32_t height_px;
    int32_t top_px;
};

struct ar_layer {
    struct sheet sheets[N_PLANES]; /* Y, U, V */
};

/* The mean of step x step pixels from (x, y) on. False when nothing is there. */
static bool sample(const struct ar_canvas *canvas, uint32_t x, uint32_t y, uint32_t step,
                   float mean[4])
{
    const float *pixels = canvas->rgba + ((size_t)y * canvas->width_px + x) * 4;
    const size_t stride = (size_t)canvas->width_px * 4;

    for (uint32_t c = 0; c < 4; c++)
        mean[c] = step == 1 ? pixels[c]
                            : 0.25f * (pixels[c] + pixels[c + 4] + pixels[stride + c] +
                                       pixels[stride + c + 4]);
    return mean[3] > 0.0f;
}

/* Y, U or V of premultiplied RGB: 0..255 times alpha. */
static float component(const float rgba[4], uint32_t plane)
{
    const float y = 0.299f * rgba[0] + 0.587f * rgba[1] + 0.114f * rgba[2];
    const float middle = 128.0f * rgba[3];

    if (plane == 0)
        return 255.0f * y;
    return plane == 1 ? middle + 255.0f / 1.772f * (rgba[2] - y)
                      : middle + 255.0f / 1.402f * (rgba[0] - y);
}

/* Rounds at random, so that slow gradients show no bands. */
static uint8_t quantise(float value, float dither)
{
    return (uint8_t)fminf(fmaxf(value + dither, 0.0f), 255.0f);
}

static enum row_kind kind_of(const uint8_t *alpha, uint32_t width_px)
{
    bool empty = true;
    bool solid = true;

    for (uint32_t x = 0; x < width_px; x++) {
        empty &= alpha[x] == 0;
        solid &= alpha[x] == 255;
    }
    if (empty)
        return ROW_EMPTY;
    return solid ? ROW_SOLID : ROW_MIXED;
}

static int fill_sheet(struct sheet *sheet, const struct ar_canvas *canvas, uint32_t plane,
                      uint32_t repeat_px)
{
    const uint32_t step = plane == 0 ? 1 : 2;
    const uint32_t own_px = canvas->width_px / step;
    size_t size_b;

    sheet->width_px = own_px + repeat_px / step;
    sheet->height_px = canvas->height_px / step;
    sheet->top_px = canvas->top_px / (int32_t)step;
    size_b = (size_t)sheet->width_px * sheet->height_px;
    sheet->value = calloc(1, size_b);
    sheet->alpha = calloc(1, size_b);
    sheet->kinds = malloc(sheet->height_px);
    if (!sheet->value || !sheet->alpha || !sheet->kinds)
        return -ENOMEM;
    for (uint32_t y = 0; y < sheet->height_px; y++) {
        uint8_t *value = sheet->value + (size_t)y * sheet->width_px;
        uint8_t *alpha = sheet->alpha + (size_t)y * sheet->width_px;

        for (uint32_t x = 0; x < own_px; x++) {
            float mean[4];
            const bool seen = sample(canvas, x * step, y * step, step, mean);
            const float dither = ar_noise_uniform(DITHER_SEED + plane, x, y);

            alpha[x] = quantise(255.0f * mean[3], 0.5f);
            value[x] = seen && alpha[x] ? quantise(component(mean, plane), dither) : 0;
        }
        for (uint32_t x = own_px; x < sheet->width_px; x++) {
            value[x] = value[x - own_px];
            alpha[x] = alpha[x - own_px];
        }
        sheet->kinds[y] = (uint8_t)kind_of(alpha, sheet->width_px);
    }
    return 0;
}

int ar_layer_create(struct ar_layer **out, const struct ar_canvas *canvas, uint32_t repeat_px)
{
    struct ar_layer *layer = calloc(1, sizeof(*layer));
    int ret = layer ? 0 : -ENOMEM;

    assert(canvas->width_px % 2 == 0 && canvas->height_px % 2 == 0 && canvas->top_px % 2 == 0);
    for (uint32_t plane = 0; ret == 0 && plane < N_PLANES; plane++)
        ret = fill_sheet(&layer->sheets[plane], canvas, plane, repeat_px);
    if (ret < 0) {
        ar_layer_destroy(layer);
        return ret;
    }
    *out = layer;
    return 0;
}

void ar_layer_destroy(struct ar_layer *layer)
{
    if (!layer)
        return;
    for (uint32_t plane = 0; plane < N_PLANES; plane++) {
        free(layer->sheets[plane].value);
        free(layer->sheets[plane].alpha);
        free(layer->sheets[plane].kinds);
    }
    free(layer);
}

/* Sixteen bits are enough, and twice as many fit into a vector. */
static uint16_t between(uint8_t left, uint8_t right, uint16_t right_q8)
{
    const uint16_t left_q8 = (uint16_t)(256 - right_q8);

    return (uint16_t)((uint16_t)(left * left_q8) + (uint16_t)(right * right_q8)) >> 8;
}

static void copy_row(uint8_t *dst, const uint8_t *value, uint32_t n, uint16_t right_q8)
{
    for (uint32_t x = 0; x < n; x++)
        dst[x] = (uint8_t)between(value[x], value[x + 1], right_q8);
}

static void blend_row(uint8_t *dst, const uint8_t *value, const uint8_t *alpha, uint32_t n,
                      uint16_t right_q8)
{
    for (uint32_t x = 0; x < n; x++) {
        const uint16_t keep = (uint16_t)(255 - between(alpha[x], alpha[x + 1], right_q8));
        const uint16_t under = (uint16_t)(dst[x] * keep + 128);
        const uint16_t kept = (uint16_t)((uint16_t)(under + (under >> 8)) >> 8);
        const uint16_t sum = (uint16_t)(kept + between(value[x], value[x + 1], right_q8));

        dst[x] = (uint8_t)(sum > 255 ? 255 : sum);
    }
}

static void draw_sheet(const struct sheet *sheet, const struct ar_frame *frame, uint32_t plane,
                       uint32_t shift_q8)
{
    const struct ar_frame_plane *dst = &frame->planes[plane];
    const uint32_t width = ar_frame_plane_width_b(&frame->shape, plane);
    const int32_t rows = (int32_t)ar_frame_plane_rows(&frame->shape, plane);
    const uint32_t first = ar_min_u32(shift_q8 >> 8, sheet->width_px - width - 1);

    for (uint32_t y = 0; y < sheet->height_px; y++) {
        const int32_t row = sheet->top_px + (int32_t)y;
        const uint8_t *value = sheet->value + (size_t)y * sheet->width_px + first;
        const uint8_t *alpha = sheet->alpha + (size_t)y * sheet->width_px + first;

        if (row < 0 || row >= rows || sheet->kinds[y] == ROW_EMPTY)
            continue;
        if (sheet->kinds[y] == ROW_SOLID)
            copy_row(dst->data + (size_t)row * dst->stride_b, value, width,
                     (uint16_t)(shift_q8 & 255));
        else
            blend_row(dst->data + (size_t)row * dst->stride_b, value, alpha, width,
                      (uint16_t)(shift_q8 & 255));
    }
}

void ar_layer_draw(const struct ar_layer *layer, struct ar_frame *frame, uint32_t shift_q8)
{
    draw_sheet(&layer->sheets[0], frame, 0, shift_q8);
    draw_sheet(&layer->sheets[1], frame, 1, shift_q8 / 2);
    draw_sheet(&layer->sheets[2], frame, 2, shift_q8 / 2);
}

static void stamp_plane(const struct ar_canvas *canvas, struct ar_frame *frame, uint32_t plane)
{
    const uint32_t step = plane == 0 ? 1 : 2;
    const struct ar_frame_plane *dst = &frame->planes[plane];
    const int32_t width = (int32_t)ar_frame_plane_width_b(&frame->shape, plane);
    const int32_t rows = (int32_t)ar_frame_plane_rows(&frame->shape, plane);

    for (uint32_t y = 0; y < canvas->height_px / step; y++) {
        const int32_t row = canvas->top_px / (int32_t)step + (int32_t)y;

        if (row < 0 || row >= rows)
            continue;
        for (uint32_t x = 0; x < canvas->width_px / step; x++) {
            const int32_t column = canvas->left_px / (int32_t)step + (int32_t)x;
            uint8_t *pixel;
            float mean[4];

            if (column < 0 || column >= width ||
                !sample(canvas, x * step, y * step, step, mean))
                continue;
            pixel = &dst->data[(size_t)row * dst->stride_b + (size_t)column];
            *pixel = quantise(component(mean, plane) + (1.0f - mean[3]) * (float)*pixel, 0.5f);
        }
    }
}

void ar_layer_stamp(const struct ar_canvas *canvas, struct ar_frame *frame)
{
    assert(canvas->left_px % 2 == 0 && canvas->top_px % 2 == 0);
    for (uint32_t plane = 0; plane < N_PLANES; plane++)
        stamp_plane(canvas, frame, plane);
}
