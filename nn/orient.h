/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"
#include "nn/kernels.h"

/*
 * A picture turned by quarters and mirrored, in one pass from one frame into another. Any thread; pure functions.
 *
 * Turned by 90 or 270 degrees, YUYV becomes I420: its chroma is halved the other way then. Other formats stay as they are, and
 * so does the range.
 */

/* In this order: rows become columns, then left and right, top and bottom change places. All false: nothing to do. */
struct ar_orient {
    bool transposes;
    bool mirrors; /* left and right */
    bool flips;   /* top and bottom */
};

/* Clockwise, so many quarters from 0 to 3; then mirrored or flipped, as the turned picture is seen. */
struct ar_orient ar_orient_of(uint32_t n_quarters, bool mirrors, bool flips);

bool ar_orient_is_plain(struct ar_orient orient);

/* What a frame of this shape becomes. */
struct ar_frame_shape ar_orient_shape(struct ar_orient orient,
                                      const struct ar_frame_shape *shape);

/* Pixels only, no times. `out` has the shape that ar_orient_shape() gives for that of `in`: asserted. */
void ar_orient_frame(const struct ar_kernels *kernels, struct ar_orient orient,
                     const struct ar_frame *in, struct ar_frame *out);
