/* SPDX-License-Identifier: MIT */
#include "daemon/picture.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define ALIGN_B 64

int ar_picture_init(struct ar_picture *picture, const struct ar_frame_shape *shape)
{
    const size_t size_b = ar_align_up(ar_frame_size_b(shape), ALIGN_B);

    *picture = (struct ar_picture){ .memory = aligned_alloc(ALIGN_B, size_b) };
    if (!picture->memory)
        return -ENOMEM;
    memset(picture->memory, 0, size_b);
    ar_frame_map(&picture->frame, shape, picture->memory);
    return 0;
}

void ar_picture_finish(struct ar_picture *picture)
{
    free(picture->memory);
    picture->memory = NULL;
}

/* Two rows of luma and the row of chroma that they share. */
struct pair {
    uint8_t *luma[2];
    uint8_t *u;
    uint8_t *v;
};

/* Rows y and y + 1 of a frame, y even. */
typedef void read_pair_fn(const struct pair *dst, const struct ar_frame *src, size_t y);

static const uint8_t *row_of(const struct ar_frame *frame, uint32_t plane, size_t y)
{
    return frame->planes[plane].data + y * frame->planes[plane].stride_b;
}

static void read_luma(const struct pair *dst, const struct ar_frame *src, size_t y)
{
    for (size_t i = 0; i < 2; i++)
        memcpy(dst->luma[i], row_of(src, 0, y + i), src->shape.width_px);
}

static void read_i420(const struct pair *dst, const struct ar_frame *src, size_t y)
{
    read_luma(dst, src, y);
    memcpy(dst->u, row_of(src, 1, y / 2), src->shape.width_px / 2);
    memcpy(dst->v, row_of(src, 2, y / 2), src->shape.width_px / 2);
}

static void read_nv12(const struct pair *dst, const struct ar_frame *src, size_t y)
{
    const uint8_t *uv = row_of(src, 1, y / 2);

    read_luma(dst, src, y);
    for (size_t x = 0; x < src->shape.width_px / 2; x++) {
        dst->u[x] = uv[2 * x];
        dst->v[x] = uv[2 * x + 1];
    }
}

static uint8_t mean(uint8_t a, uint8_t b)
{
    return (uint8_t)((a + b + 1) / 2);
}

static void read_yuyv(const struct pair *dst, const struct ar_frame *src, size_t y)
{
    const uint8_t *upper = row_of(src, 0, y);
    const uint8_t *lower = row_of(src, 0, y + 1);

    for (size_t x = 0; x < src->shape.width_px; x++) {
        dst->luma[0][x] = upper[2 * x];
        dst->luma[1][x] = lower[2 * x];
    }
    for (size_t x = 0; x < src->shape.width_px / 2; x++) {
        dst->u[x] = mean(upper[4 * x + 1], lower[4 * x + 1]);
        dst->v[x] = mean(upper[4 * x + 3], lower[4 * x + 3]);
    }
}

/* BT.601, full range, 16 bit fixed point. */
static uint8_t luma_of(const uint8_t *bgrx)
{
    return (uint8_t)((19595 * bgrx[2] + 38470 * bgrx[1] + 7471 * bgrx[0] + 32768) >> 16);
}

/* Of the sum of four pixels: 18 bit. Blue and red at their purest are 128 and a half above grey. */
static uint8_t chroma_of(int32_t weighted)
{
    return (uint8_t)ar_clamp_i32(((weighted + (1 << 17)) >> 18) + 128, 0, 255);
}

static void read_xrgb(const struct pair *dst, const struct ar_frame *src, size_t y)
{
    const uint8_t *rows[2] = { row_of(src, 0, y), row_of(src, 0, y + 1) };

    for (size_t i = 0; i < 2; i++)
        for (size_t x = 0; x < src->shape.width_px; x++)
            dst->luma[i][x] = luma_of(&rows[i][4 * x]);
    for (size_t x = 0; x < src->shape.width_px / 2; x++) {
        int32_t sum[3];

        for (size_t c = 0; c < 3; c++)
            sum[c] = rows[0][8 * x + c] + rows[0][8 * x + 4 + c] + rows[1][8 * x + c] +
                     rows[1][8 * x + 4 + c];
        dst->u[x] = chroma_of(-11056 * sum[2] - 21712 * sum[1] + 32768 * sum[0]);
        dst->v[x] = chroma_of(32768 * sum[2] - 27440 * sum[1] - 5328 * sum[0]);
    }
}

/* What each byte becomes in the other range: 219 steps of luma and 224 of chroma stand for 255. */
struct range_map {
    uint8_t luma[256];
    uint8_t chroma[256];
};

static uint8_t scale(int32_t value, int32_t mul, int32_t div, int32_t add)
{
    const int32_t half = value < 0 ? -div / 2 : div / 2;

    return (uint8_t)ar_clamp_i32((value * mul + half) / div + add, 0, 255);
}

static void make_map(struct range_map *map, enum ar_frame_range to)
{
    for (int32_t i = 0; i < 256; i++) {
        map->luma[i] =
            to == AR_FRAME_LIMITED ? scale(i, 219, 255, 16) : scale(i - 16, 255, 219, 0);
        map->chroma[i] = to == AR_FRAME_LIMITED ? scale(i - 128, 224, 255, 128)
                                                : scale(i - 128, 255, 224, 128);
    }
}

static void map_row(uint8_t *row, const uint8_t map[256], size_t n)
{
    for (size_t x = 0; x < n; x++)
        row[x] = map[row[x]];
}

static void map_pair(const struct pair *pair, const struct range_map *map, size_t width_px)
{
    map_row(pair->luma[0], map->luma, width_px);
    map_row(pair->luma[1], map->luma, width_px);
    map_row(pair->u, map->chroma, width_px / 2);
    map_row(pair->v, map->chroma, width_px / 2);
}

static uint8_t *place_of(const struct ar_frame *frame, uint32_t plane, size_t x, size_t y)
{
    return frame->planes[plane].data + y * frame->planes[plane].stride_b + x;
}

void ar_picture_paste(struct ar_frame *dst, uint32_t left_px, uint32_t top_px,
                      const struct ar_frame *src)
{
    static read_pair_fn *const read_pair[AR_FRAME_N_FORMATS] = {
        [AR_FRAME_I420] = read_i420,
        [AR_FRAME_NV12] = read_nv12,
        [AR_FRAME_YUYV] = read_yuyv,
        [AR_FRAME_XRGB] = read_xrgb,
    };
    const enum ar_frame_range range =
        src->shape.format == AR_FRAME_XRGB ? AR_FRAME_FULL : src->shape.range;
    struct range_map map;

    assert(dst->shape.format == AR_FRAME_I420 && left_px % 2 == 0 && top_px % 2 == 0);
    assert(left_px + src->shape.width_px <= dst->shape.width_px);
    assert(top_px + src->shape.height_px <= dst->shape.height_px);
    make_map(&map, dst->shape.range);
    for (size_t y = 0; y < src->shape.height_px; y += 2) {
        const size_t to_y = top_px + y;
        const struct pair pair = { .luma = { place_of(dst, 0, left_px, to_y),
                                             place_of(dst, 0, left_px, to_y + 1) },
                                   .u = place_of(dst, 1, left_px / 2, to_y / 2),
                                   .v = place_of(dst, 2, left_px / 2, to_y / 2) };

        read_pair[src->shape.format](&pair, src, y);
        if (range != dst->shape.range)
            map_pair(&pair, &map, src->shape.width_px);
    }
}
