/* SPDX-License-Identifier: MIT */
#include "base/frame.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "base/priv.h"

#define ROW_ALIGN_B 64

/* How a plane follows from the picture's size: (width >> shift_x) * step_b bytes, height >> shift_y rows. */
struct plane_layout {
    uint8_t shift_x;
    uint8_t shift_y;
    uint8_t step_b; /* 0: no such plane */
};

static const struct plane_layout layouts[][3] = {
    [AR_FRAME_I420] = { { 0, 0, 1 }, { 1, 1, 1 }, { 1, 1, 1 } },
    [AR_FRAME_NV12] = { { 0, 0, 1 }, { 1, 1, 2 } },
    [AR_FRAME_YUYV] = { { 0, 0, 2 } },
    [AR_FRAME_XRGB] = { { 0, 0, 4 } },
};
static_assert(AR_ARRAY_LEN(layouts) == AR_FRAME_N_FORMATS, "a layout for each format");

static uint32_t plane_stride_b(const struct ar_frame_shape *shape, uint32_t plane)
{
    return (uint32_t)ar_align_up(ar_frame_plane_width_b(shape, plane), ROW_ALIGN_B);
}

static bool is_side(uint32_t side_px, uint32_t max_px)
{
    return side_px >= AR_FRAME_MIN_PX && side_px <= max_px && side_px % 2 == 0;
}

int ar_frame_shape_check(const struct ar_frame_shape *shape, const char *what,
                         struct ar_reason *reason)
{
    if ((uint32_t)shape->format >= AR_FRAME_N_FORMATS ||
        (uint32_t)shape->range > AR_FRAME_LIMITED)
        return ar_reason_set(reason, -EINVAL, "%s: unknown pixel format", what);
    if (!is_side(shape->width_px, AR_FRAME_MAX_W_PX) ||
        !is_side(shape->height_px, AR_FRAME_MAX_H_PX))
        return ar_reason_set(reason, -EINVAL,
                             "%s: a picture of %ux%u will not do: width and height are even, "
                             "from %ux%u to %ux%u",
                             what, shape->width_px, shape->height_px, AR_FRAME_MIN_PX,
                             AR_FRAME_MIN_PX, AR_FRAME_MAX_W_PX, AR_FRAME_MAX_H_PX);
    return 0;
}

bool ar_frame_shape_equal(const struct ar_frame_shape *a, const struct ar_frame_shape *b)
{
    return a->width_px == b->width_px && a->height_px == b->height_px &&
           a->format == b->format && a->range == b->range;
}

size_t ar_frame_size_b(const struct ar_frame_shape *shape)
{
    const uint32_t n_planes = ar_frame_n_planes(shape->format);
    size_t size_b = 0;

    for (uint32_t i = 0; i < n_planes; i++)
        size_b += (size_t)plane_stride_b(shape, i) * ar_frame_plane_rows(shape, i);
    return size_b;
}

void ar_frame_map(struct ar_frame *frame, const struct ar_frame_shape *shape, uint8_t *memory)
{
    const uint32_t n_planes = ar_frame_n_planes(shape->format);

    frame->shape = *shape;
    memset(frame->planes, 0, sizeof(frame->planes));
    for (uint32_t i = 0; i < n_planes; i++) {
        frame->planes[i].data = memory;
        frame->planes[i].stride_b = plane_stride_b(shape, i);
        memory += (size_t)frame->planes[i].stride_b * ar_frame_plane_rows(shape, i);
    }
}

uint32_t ar_frame_n_planes(enum ar_frame_format format)
{
    uint32_t n_planes = 0;

    while (n_planes < AR_ARRAY_LEN(layouts[format]) && layouts[format][n_planes].step_b)
        n_planes++;
    return n_planes;
}

uint32_t ar_frame_plane_width_b(const struct ar_frame_shape *shape, uint32_t plane)
{
    const struct plane_layout *layout = &layouts[shape->format][plane];

    return (shape->width_px >> layout->shift_x) * layout->step_b;
}

uint32_t ar_frame_plane_rows(const struct ar_frame_shape *shape, uint32_t plane)
{
    return shape->height_px >> layouts[shape->format][plane].shift_y;
}

struct ar_frame *ar_frame_ref(struct ar_frame *frame)
{
    if (frame->pool) {
        const unsigned n_before =
            atomic_fetch_add_explicit(&frame->n_refs, 1, memory_order_relaxed);

        assert(n_before > 0);
        (void)n_before;
    }
    return frame;
}

void ar_frame_unref(struct ar_frame **frame)
{
    struct ar_frame *gone = *frame;

    *frame = NULL;
    if (!gone || !gone->pool)
        return;

    /* Whoever gives back last must see what the others wrote, and the next taker after it. */
    const unsigned n_before = atomic_fetch_sub_explicit(&gone->n_refs, 1, memory_order_acq_rel);

    assert(n_before > 0);
    if (n_before == 1)
        ar_pool_give(gone->pool, gone);
}

void ar_frame_copy(struct ar_frame *dst, const struct ar_frame *src)
{
    const struct ar_frame_shape *shape = &dst->shape;
    const uint32_t n_planes = ar_frame_n_planes(shape->format);

    assert(shape->width_px == src->shape.width_px && shape->height_px == src->shape.height_px);
    assert(shape->format == src->shape.format && shape->range == src->shape.range);
    for (uint32_t i = 0; i < n_planes; i++) {
        const size_t width_b = ar_frame_plane_width_b(shape, i);
        const uint32_t n_rows = ar_frame_plane_rows(shape, i);

        for (uint32_t y = 0; y < n_rows; y++)
            memcpy(dst->planes[i].data + (size_t)y * dst->planes[i].stride_b,
                   src->planes[i].data + (size_t)y * src->planes[i].stride_b, width_b);
    }
}

static uint8_t to_byte(double value)
{
    return (uint8_t)ar_clamp_i32((int32_t)lround(value), 0, 255);
}

/* BT.601, full range. */
static void rgb_of_yuv(uint8_t rgb[3], const uint8_t yuv[3])
{
    const double u = yuv[1] - 128.0;
    const double v = yuv[2] - 128.0;

    rgb[0] = to_byte(yuv[0] + 1.402 * v);
    rgb[1] = to_byte(yuv[0] - 0.344136 * u - 0.714136 * v);
    rgb[2] = to_byte(yuv[0] + 1.772 * u);
}

static void limit_range(uint8_t yuv[3])
{
    yuv[0] = to_byte(16.0 + yuv[0] * 219.0 / 255.0);
    yuv[1] = to_byte(128.0 + (yuv[1] - 128.0) * 224.0 / 255.0);
    yuv[2] = to_byte(128.0 + (yuv[2] - 128.0) * 224.0 / 255.0);
}

/* The four bytes that a plane of one colour repeats. */
static void plane_pattern(uint8_t pattern[4], const struct ar_frame_shape *shape,
                          uint32_t plane, const uint8_t yuv_full[3])
{
    uint8_t yuv[3] = { yuv_full[0], yuv_full[1], yuv_full[2] };
    uint8_t rgb[3];

    rgb_of_yuv(rgb, yuv);
    if (shape->range == AR_FRAME_LIMITED)
        limit_range(yuv);

    const uint8_t y = yuv[0];
    const uint8_t u = yuv[1];
    const uint8_t v = yuv[2];
    const uint8_t patterns[AR_FRAME_N_FORMATS][3][4] = {
        [AR_FRAME_I420] = { { y, y, y, y }, { u, u, u, u }, { v, v, v, v } },
        [AR_FRAME_NV12] = { { y, y, y, y }, { u, v, u, v } },
        [AR_FRAME_YUYV] = { { y, u, y, v } },
        [AR_FRAME_XRGB] = { { rgb[2], rgb[1], rgb[0], 0xff } },
    };

    memcpy(pattern, patterns[shape->format][plane], sizeof(patterns[0][0]));
}

void ar_frame_fill_box(struct ar_frame *frame, const struct ar_frame_box *box,
                       const uint8_t yuv[3])
{
    const struct ar_frame_shape *shape = &frame->shape;
    const uint32_t n_planes = ar_frame_n_planes(shape->format);

    assert((box->left_px | box->top_px | box->width_px | box->height_px) % 2 == 0);
    assert(box->left_px + box->width_px <= shape->width_px);
    assert(box->top_px + box->height_px <= shape->height_px);
    for (uint32_t i = 0; i < n_planes; i++) {
        const struct plane_layout *layout = &layouts[shape->format][i];
        const uint32_t left_b = (box->left_px >> layout->shift_x) * layout->step_b;
        const uint32_t width_b = (box->width_px >> layout->shift_x) * layout->step_b;
        const uint32_t first = box->top_px >> layout->shift_y;
        const uint32_t n_rows = box->height_px >> layout->shift_y;
        uint8_t pattern[4];

        plane_pattern(pattern, shape, i, yuv);
        for (uint32_t y = first; y < first + n_rows; y++) {
            uint8_t *row =
                frame->planes[i].data + (size_t)y * frame->planes[i].stride_b + left_b;

            for (uint32_t x = 0; x < width_b; x++)
                row[x] = pattern[x % 4];
        }
    }
}

void ar_frame_fill(struct ar_frame *frame, const uint8_t yuv[3])
{
    ar_frame_fill_box(frame,
                      &(struct ar_frame_box){ .width_px = frame->shape.width_px,
                                              .height_px = frame->shape.height_px },
                      yuv);
}
