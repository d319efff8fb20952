/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_convert.h"

#include <libyuv.h>
#include <string.h>

#include "base/macros.h"

#define NEUTRAL_CHROMA 128

/* Limited range: black, and how many steps from black to white. */
#define LOW_LUMA   16
#define LUMA_STEPS 219

/* Plane p of the frame from plane `from` of the driver, as it is. */
static void copy_plane(const struct ar_v4l2_rows *src, uint32_t from, struct ar_frame *frame,
                       uint32_t p)
{
    CopyPlane(src->data[from], src->stride_b[from], frame->planes[p].data,
              frame->planes[p].stride_b, ar_frame_plane_width_b(&frame->shape, p),
              ar_frame_plane_rows(&frame->shape, p));
}

void ar_v4l2_copy(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    for (uint32_t p = 0; p < ar_frame_n_planes(frame->shape.format); p++)
        copy_plane(src, p, frame, p);
}

void ar_v4l2_from_yvu420(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    copy_plane(src, 0, frame, 0);
    copy_plane(src, 2, frame, 1);
    copy_plane(src, 1, frame, 2);
}

void ar_v4l2_from_grey(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    copy_plane(src, 0, frame, 0);
    for (uint32_t p = 1; p < 3; p++)
        SetPlane(frame->planes[p].data, frame->planes[p].stride_b,
                 ar_frame_plane_width_b(&frame->shape, p),
                 ar_frame_plane_rows(&frame->shape, p), NEUTRAL_CHROMA);
}

void ar_v4l2_from_nv21(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    copy_plane(src, 0, frame, 0);
    SwapUVPlane(src->data[1], src->stride_b[1], frame->planes[1].data,
                frame->planes[1].stride_b, frame->shape.width_px / 2,
                frame->shape.height_px / 2);
}

/* Four bytes each from the same four, in an order that is given for sixteen. */
static void shuffle(const struct ar_v4l2_rows *src, struct ar_frame *frame,
                    const uint8_t order[16])
{
    ARGBShuffle(src->data[0], src->stride_b[0], frame->planes[0].data,
                frame->planes[0].stride_b, order, ar_frame_plane_width_b(&frame->shape, 0) / 4,
                frame->shape.height_px);
}

void ar_v4l2_from_uyvy(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    shuffle(src, frame,
            (const uint8_t[]){ 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14 });
}

void ar_v4l2_from_yvyu(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    shuffle(src, frame,
            (const uint8_t[]){ 0, 3, 2, 1, 4, 7, 6, 5, 8, 11, 10, 9, 12, 15, 14, 13 });
}

void ar_v4l2_from_vyuy(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    shuffle(src, frame,
            (const uint8_t[]){ 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12 });
}

void ar_v4l2_from_xrgb(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    shuffle(src, frame,
            (const uint8_t[]){ 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12 });
}

/* libyuv names colours from the highest byte down, but for "raw", which is the other way round. */
void ar_v4l2_from_rgb24(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    RAWToARGB(src->data[0], src->stride_b[0], frame->planes[0].data, frame->planes[0].stride_b,
              frame->shape.width_px, frame->shape.height_px);
}

void ar_v4l2_from_bgr24(const struct ar_v4l2_rows *src, struct ar_frame *frame)
{
    RGB24ToARGB(src->data[0], src->stride_b[0], frame->planes[0].data,
                frame->planes[0].stride_b, frame->shape.width_px, frame->shape.height_px);
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
