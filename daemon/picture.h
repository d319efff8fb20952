/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"

/*
 * A frame with memory of its own, for what is kept or written beside the painting. Any thread, one at a time.
 */

struct ar_picture {
    struct ar_frame frame;
    uint8_t *memory; /* NULL: none */
};

/* Its memory is touched here. 0 or -ENOMEM. */
int ar_picture_init(struct ar_picture *picture, const struct ar_frame_shape *shape);
/* Accepts one that is zeroed. */
void ar_picture_finish(struct ar_picture *picture);

/* Copies src to where its upper left corner is at (left, top) of dst: both I420 of one range, all sides and places even. */
void ar_picture_paste(struct ar_frame *dst, uint32_t left_px, uint32_t top_px,
                      const struct ar_frame *src);
