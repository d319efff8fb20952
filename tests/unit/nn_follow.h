/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * For tests: the part of nn_naive.h that goes from frame to frame, one set of values at a time.
 */

/* A value, and what single precision may differ from it by. */
struct about {
    double value;
    double bound;
};

struct follow {
    bool known;
    uint64_t frame; /* of the last update */
    struct about *values;
    bool seen;
    bool replace; /* at the end of this frame: they do not describe it */
    struct about *own;
    uint32_t n_values;
    double rate;
};

/* Whether there are values that a frame may use. */
bool follow_serves(const struct follow *follow, uint64_t frame);
/* The frame's own values, and the rate at which they enter at its end. */
void follow_note(struct follow *follow, uint32_t n_values, const struct about *values,
                 double rate);
/* The values to use in a frame: its own where there are no others, or none that serve. */
const struct about *follow_choose(const struct follow *follow, uint64_t frame);
void follow_end_frame(struct follow *follow, uint64_t frame);
void follow_finish(struct follow *follow);
