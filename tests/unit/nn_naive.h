/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/model.h"
#include "nn/tensor.h"

/*
 * For tests: the meaning of a layer (doc/MODEL-FORMAT.md) in double precision, one value after
 * the other, with a bound of what single precision may differ by.
 *
 * The bound is first-order: a sum of n terms errs by n * FLT_EPSILON * sum of |terms| at most,
 * in any order, fused or not; what comes in with an error passes it on times the weight's size.
 * A layer is given the inputs that the runtime gave its own, so errors do not pile up.
 */

struct naive_map {
    uint32_t channels;
    uint32_t height;
    uint32_t width;
    double *value; /* [channels][height][width] */
    double *bound;
};

struct naive_state;

struct naive_state *naive_state_create(const struct ar_model *model);
void naive_state_destroy(struct naive_state *state);

struct naive_layer {
    uint32_t index;
    uint32_t rung;
    uint32_t width_px; /* of the picture */
    uint32_t height_px;
    const struct ar_tensor *input;
    const struct ar_tensor *add; /* NULL: nothing to add */
};

/* The layer's result; to be finished. */
struct naive_map naive_run(struct naive_state *state, const struct naive_layer *run);
void naive_map_finish(struct naive_map *map);

void naive_end_frame(struct naive_state *state);
void naive_forget(struct naive_state *state);

/* Number of values of `got` that are not within the bound of `want`; prints the first. */
uint32_t naive_compare(const struct ar_tensor *got, const struct naive_map *want,
                       const char *what);
