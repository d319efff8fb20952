/* SPDX-License-Identifier: MIT */
#include "capture/fit.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

/* A sample of pixel x, y is at (y >> shift_y) * stride + (x >> shift_x) * step_b + first_b of that plane. */
struct sample {
    uint8_t plane;
    uint8_t shift_x;
    uint8_t shift_y;
    uint8_t step_b;
    uint8_t first_b;
};

/* Where Y, U, V lie; of XRGB: R, G, B. */
static const struct sample samples[AR_FRAME_N_FORMATS][3] = {
    [AR_FRAME_I420] = { { 0, 0, 0, 1, 0 }, { 1, 1, 1, 1, 0 }, { 2, 1, 1, 1, 0 } },
    [AR_FRAME_NV12] = { { 0, 0, 0, 1, 0 }, { 1, 1, 1, 2, 0 }, { 1, 1, 1, 2, 1 } },
    [AR_FRAME_YUYV] = { { 0, 0, 0, 2, 0 }, { 0, 1, 0, 4, 1 }, { 0, 1, 0, 4, 3 } },
    [AR_FRAME_XRGB] = { { 0, 0, 0, 4, 2 }, { 0, 0, 0, 4, 1 }, { 0, 0, 0, 4, 0 } },
};

/* Between a frame's bytes and full range, for luma and for chroma. */
struct levels {
    uint8_t values[3][256];
};

struct rectangle {
    uint32_t left_px;
    uint32_t top_px;
    uint32_t width_px;
    uint32_t height_px;
};

static uint8_t clamp_u8(int32_t value)
{
    return (uint8_t)ar_clamp_i32(value, 0, 255);
}

/* n * numerator / denominator, rounded, n of either sign. */
static int32_t scale(int32_t n, int32_t numerator, int32_t denominator)
{
    const int32_t half = n < 0 ? -denominator / 2 : denominator / 2;

    return (n * numerator + half) / denominator;
}

static void fill_levels(struct levels *levels, const struct ar_frame_shape *shape, bool widen)
{
    const bool limited = shape->range == AR_FRAME_LIMITED && shape->format != AR_FRAME_XRGB;

    for (int32_t i = 0; i < 256; i++) {
        int32_t luma = i;
        int32_t chroma = i;

        if (limited) {
            luma = widen ? scale(i - 16, 255, 219) : scale(i, 219, 255) + 16;
            chroma = 128 + (widen ? scale(i - 128, 255, 224) : scale(i - 128, 224, 255));
        }
        levels->values[0][i] = clamp_u8(luma);
        levels->values[1][i] = clamp_u8(chroma);
        levels->values[2][i] = clamp_u8(chroma);
    }
}

static uint8_t *find(const struct ar_frame *frame, uint32_t i, uint32_t x, uint32_t y)
{
    const struct sample *sample = &samples[frame->shape.format][i];
    const struct ar_frame_plane *plane = &frame->planes[sample->plane];

    return plane->data + (size_t)(y >> sample->shift_y) * plane->stride_b +
           (size_t)(x >> sample->shift_x) * sample->step_b + sample->first_b;
}

/* BT.601, full range, in 256ths. */
static void yuv_of_rgb(uint8_t pixel[3])
{
    const int32_t r = pixel[0];
    const int32_t g = pixel[1];
    const int32_t b = pixel[2];

    pixel[0] = clamp_u8((77 * r + 150 * g + 29 * b + 128) >> 8);
    pixel[1] = clamp_u8(((-43 * r - 85 * g + 128 * b + 128) >> 8) + 128);
    pixel[2] = clamp_u8(((128 * r - 107 * g - 21 * b + 128) >> 8) + 128);
}

static void rgb_of_yuv(uint8_t pixel[3])
{
    const int32_t y = pixel[0];
    const int32_t u = pixel[1] - 128;
    const int32_t v = pixel[2] - 128;

    pixel[0] = clamp_u8(y + ((359 * v + 128) >> 8));
    pixel[1] = clamp_u8(y - ((88 * u + 183 * v + 128) >> 8));
    pixel[2] = clamp_u8(y + ((454 * u + 128) >> 8));
}

struct converter {
    struct levels widen;
    struct levels narrow;
    bool to_yuv;
    bool to_rgb;
};

static void fill_converter(struct converter *converter, const struct ar_frame_shape *dst,
                           const struct ar_frame_shape *src)
{
    const bool from_rgb = src->format == AR_FRAME_XRGB;

    fill_levels(&converter->widen, src, true);
    fill_levels(&converter->narrow, dst, false);
    converter->to_yuv = from_rgb && dst->format != AR_FRAME_XRGB;
    converter->to_rgb = !from_rgb && dst->format == AR_FRAME_XRGB;
}

static void move_pixel(const struct converter *converter, struct ar_frame *dst, uint32_t x,
                       uint32_t y, const struct ar_frame *src, uint32_t src_x, uint32_t src_y)
{
    uint8_t pixel[3];

    for (uint32_t i = 0; i < 3; i++)
        pixel[i] = converter->widen.values[i][*find(src, i, src_x, src_y)];
    if (converter->to_yuv)
        yuv_of_rgb(pixel);
    if (converter->to_rgb)
        rgb_of_yuv(pixel);
    for (uint32_t i = 0; i < 3; i++)
        *find(dst, i, x, y) = converter->narrow.values[i][pixel[i]];
}

/* The largest even place in the middle of dst that has src's proportions. */
static struct rectangle place(const struct ar_frame_shape *dst,
                              const struct ar_frame_shape *src)
{
    const uint32_t by_height = dst->height_px * src->width_px / src->height_px;
    const uint32_t by_width = dst->width_px * src->height_px / src->width_px;
    struct rectangle to = { .width_px = ar_min_u32(dst->width_px, by_height) & ~1u,
                            .height_px = ar_min_u32(dst->height_px, by_width) & ~1u };

    to.left_px = (dst->width_px - to.width_px) / 2 & ~1u;
    to.top_px = (dst->height_px - to.height_px) / 2 & ~1u;
    return to;
}

/* Which pixel of n_src, for each of n_dst, is nearest. */
static void fill_nearest(uint16_t *nearest, uint32_t n_dst, uint32_t n_src)
{
    for (uint32_t i = 0; i < n_dst; i++)
        nearest[i] = (uint16_t)((2 * i + 1) * n_src / (2 * n_dst));
}

/* Where each place of the picture comes from. */
struct map {
    struct rectangle to;
    uint16_t columns[AR_FRAME_MAX_W_PX];
    uint16_t rows[AR_FRAME_MAX_H_PX];
};

static void move_pixels(const struct converter *converter, struct ar_frame *dst,
                        const struct ar_frame *src, const struct map *map)
{
    for (uint32_t y = 0; y < map->to.height_px; y++)
        for (uint32_t x = 0; x < map->to.width_px; x++)
            move_pixel(converter, dst, map->to.left_px + x, map->to.top_px + y, src,
                       map->columns[x], map->rows[y]);
}

/* Of a picture whose colours stay what they are: each sample of a chroma that has fewer is moved once. */
static void move_samples(const struct converter *converter, struct ar_frame *dst,
                         const struct ar_frame *src, const struct map *map, uint32_t i)
{
    const struct sample *sample = &samples[dst->shape.format][i];
    const uint32_t step_x = 1u << sample->shift_x;
    const uint32_t step_y = 1u << sample->shift_y;
    uint8_t levels[256];

    for (uint32_t n = 0; n < 256; n++)
        levels[n] = converter->narrow.values[i][converter->widen.values[i][n]];
    for (uint32_t y = step_y - 1; y < map->to.height_px; y += step_y)
        for (uint32_t x = step_x - 1; x < map->to.width_px; x += step_x)
            *find(dst, i, map->to.left_px + x, map->to.top_px + y) =
                levels[*find(src, i, map->columns[x], map->rows[y])];
}

void ar_fit(struct ar_frame *dst, const struct ar_frame *src)
{
    static const uint8_t black[3] = { 0, 128, 128 };
    struct map map = { .to = place(&dst->shape, &src->shape) };
    struct converter converter;

    fill_nearest(map.columns, map.to.width_px, src->shape.width_px);
    fill_nearest(map.rows, map.to.height_px, src->shape.height_px);
    fill_converter(&converter, &dst->shape, &src->shape);
    ar_frame_fill(dst, black);
    if (converter.to_yuv || converter.to_rgb) {
        move_pixels(&converter, dst, src, &map);
        return;
    }
    for (uint32_t i = 0; i < 3; i++)
        move_samples(&converter, dst, src, &map, i);
}
