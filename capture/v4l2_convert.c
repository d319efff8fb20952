/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_convert.h"

#include <string.h>

#include "base/macros.h"

#define NEUTRAL_CHROMA 128
#define OPAQUE         0xff

/* Limited range: black, and how many steps from black to white. */
#define LOW_LUMA   16
#define LUMA_STEPS 219

/* One row of n_b bytes in the frame. */
typedef void row_fn(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b);

/* Plane p of the frame from plane `from` of the driver. */
static void each_row(const struct ar_v4l2_rows *src, uint32_t from, struct ar_frame *frame,
                     uint32_t p, row_fn *row)
{
    const struct ar_frame_plane *dst = &frame->planes[p];
    const uint32_t width_b = ar_frame_plane_width_b(&frame->shape, p);
    const uint32_t n_rows = ar_frame_plane_rows(&frame->shape, p);

    for (size_t y = 0; y < n_rows; y++)
        row(dst->data + y * dst->stride_b, src->data[from] + y * src->stride_b[from], width_b);
}

static void copy_row(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b)
{
    memcpy(dst, src, n_b);
}

void ar_v4l2_copy(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    for (uint32_t p = 0; p < ar_frame_n_planes(frame->shape.format); p++)
        each_row(src, p, frame, p, copy_row);
}

void ar_v4l2_from_yvu420(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    each_row(src, 0, frame, 0, copy_row);
    each_row(src, 2, frame, 1, copy_row);
    each_row(src, 1, frame, 2, copy_row);
}

void ar_v4l2_from_grey(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    each_row(src, 0, frame, 0, copy_row);
    for (uint32_t p = 1; p < 3; p++)
        memset(frame->planes[p].data, NEUTRAL_CHROMA,
               (size_t)frame->planes[p].stride_b * ar_frame_plane_rows(&frame->shape, p));
}

static void swap_pairs_row(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b)
{
    for (size_t i = 0; i < n_b; i += 2) {
        dst[i] = src[i + 1];
        dst[i + 1] = src[i];
    }
}

void ar_v4l2_from_nv21(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    each_row(src, 0, frame, 0, copy_row);
    each_row(src, 1, frame, 1, swap_pairs_row);
}

void ar_v4l2_from_uyvy(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    each_row(src, 0, frame, 0, swap_pairs_row);
}

static void yvyu_row(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b)
{
    for (size_t i = 0; i < n_b; i += 4) {
        dst[i] = src[i];
        dst[i + 1] = src[i + 3];
        dst[i + 2] = src[i + 2];
        dst[i + 3] = src[i + 1];
    }
}

void ar_v4l2_from_yvyu(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    each_row(src, 0, frame, 0, yvyu_row);
}

static void vyuy_row(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b)
{
    for (size_t i = 0; i < n_b; i += 4) {
        dst[i] = src[i + 1];
        dst[i + 1] = src[i + 2];
        dst[i + 2] = src[i + 3];
        dst[i + 3] = src[i];
    }
}

void ar_v4l2_from_vyuy(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    each_row(src, 0, frame, 0, vyuy_row);
}

static void rgb24_row(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b)
{
    for (size_t i = 0; i < n_b / 4; i++) {
        dst[4 * i] = src[3 * i + 2];
        dst[4 * i + 1] = src[3 * i + 1];
        dst[4 * i + 2] = src[3 * i];
        dst[4 * i + 3] = OPAQUE;
    }
}

void ar_v4l2_from_rgb24(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    each_row(src, 0, frame, 0, rgb24_row);
}

static void bgr24_row(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b)
{
    for (size_t i = 0; i < n_b / 4; i++) {
        dst[4 * i] = src[3 * i];
        dst[4 * i + 1] = src[3 * i + 1];
        dst[4 * i + 2] = src[3 * i + 2];
        dst[4 * i + 3] = OPAQUE;
    }
}

void ar_v4l2_from_bgr24(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    each_row(src, 0, frame, 0, bgr24_row);
}

static void xrgb_row(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b)
{
    for (size_t i = 0; i < n_b; i += 4) {
        dst[i] = src[i + 3];
        dst[i + 1] = src[i + 2];
        dst[i + 2] = src[i + 1];
        dst[i + 3] = src[i];
    }
}

void ar_v4l2_from_xrgb(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    each_row(src, 0, frame, 0, xrgb_row);
}

static uint8_t widen(uint8_t byte)
{
    const int32_t wide = ((byte - LOW_LUMA) * 255 * 2 + LUMA_STEPS) / (LUMA_STEPS * 2);

    return (uint8_t)ar_clamp_i32(wide, 0, 255);
}

void ar_v4l2_widen_rgb(struct ar_frame *frame)
{
    const uint32_t width_b = ar_frame_plane_width_b(&frame->shape, 0);
    uint8_t levels[256];

    for (uint32_t i = 0; i < AR_ARRAY_LEN(levels); i++)
        levels[i] = widen((uint8_t)i);
    for (size_t y = 0; y < frame->shape.height_px; y++) {
        uint8_t *row = frame->planes[0].data + y * frame->planes[0].stride_b;

        for (size_t x = 0; x < width_b; x++)
            row[x] = levels[row[x]];
    }
}
