/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"

/*
 * From a driver's picture to a frame: one linear pass over memory that may be uncached, which is read once, in
 * address order, and never written. Pure.
 */

#define AR_V4L2_MAX_PLANES 3

/* A picture in the driver's memory. Rows may be longer than the frame's, and start anywhere. */
struct ar_v4l2_rows {
    const uint8_t *data[AR_V4L2_MAX_PLANES];
    uint32_t stride_b[AR_V4L2_MAX_PLANES];
};

typedef void ar_v4l2_convert_fn(const struct ar_v4l2_rows *src, struct ar_frame *frame);

/* The frame's format, plane by plane. */
ar_v4l2_convert_fn ar_v4l2_copy;
/* To I420 frames. */
ar_v4l2_convert_fn ar_v4l2_from_yvu420; /* planes Y, V, U */
ar_v4l2_convert_fn ar_v4l2_from_grey;   /* Y alone */
/* To NV12 frames. */
ar_v4l2_convert_fn ar_v4l2_from_nv21; /* planes Y, VU */
/* To YUYV frames. */
ar_v4l2_convert_fn ar_v4l2_from_uyvy;
ar_v4l2_convert_fn ar_v4l2_from_yvyu;
ar_v4l2_convert_fn ar_v4l2_from_vyuy;
/* To XRGB frames, from bytes in memory order. */
ar_v4l2_convert_fn ar_v4l2_from_rgb24;
ar_v4l2_convert_fn ar_v4l2_from_bgr24;
ar_v4l2_convert_fn ar_v4l2_from_xrgb; /* X R G B */

/* Stretches an XRGB frame whose colours run 16..235 to 0..255, in place. */
void ar_v4l2_widen_rgb(struct ar_frame *frame);
