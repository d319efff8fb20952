/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"

/*
 * A picture's bytes in another format and range, by libyuv. Where both have the same they are copied; otherwise chroma
 * is that of 2 x 2 pixels on the way. How far from BT.601's own equations it is: tests/unit/test_base_recode.c.
 *
 * One thread each. Allocates at init only. libyuv looks at the processor when it is first called, by one atomic variable:
 * any thread may be the first.
 */

struct ar_recode {
    struct ar_frame strip; /* planar, a few rows that stay in the nearest cache */
};

/* For frames of this width. 0 or -ENOMEM. */
int ar_recode_init(struct ar_recode *recode, uint32_t width_px);
/* Accepts one that is all zeros. */
void ar_recode_finish(struct ar_recode *recode);

/* n_pairs pairs of rows, of `in` from pair in_pair on, to those of `out` from pair out_pair on. */
void ar_recode_pairs(struct ar_recode *recode, struct ar_frame *out, uint32_t out_pair,
                     const struct ar_frame *in, uint32_t in_pair, uint32_t n_pairs);

/* True when a picture has the same bytes in a frame of either shape. Colours have no range. */
bool ar_recode_is_same(const struct ar_frame_shape *a, const struct ar_frame_shape *b);
