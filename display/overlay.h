/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"

/*
 * What the governor does, in a corner of the picture, for whoever tunes it: two lines and a bar. The bar is what this
 * frame took of its budget, which ends at the mark; what is beyond it is red. Pure; allocates nothing.
 */

struct ar_overlay {
    double fps;
    double width; /* multiplier of the network */
    uint64_t p99_us;
    uint64_t paint_us; /* this frame's */
    uint64_t budget_us;
};

/* Letters grow with the picture's height. Where it is too narrow lines lack their ends; where it is too small there is nothing. */
void ar_overlay_draw(struct ar_frame *frame, const struct ar_overlay *overlay);
