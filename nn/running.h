/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "nn/arena.h"
#include "nn/model.h"

/*
 * Private to nn/: values that follow a layer from frame to frame: means and variances of an
 * instance norm, the means behind a gate. One set for each key, because a layer at another
 * width has other values.
 *
 * A frame uses the running values as they were at its start; its own enter at its end.
 */

/*
 * Frames after which running values say nothing of the picture any more: one second at 30 a
 * second.
 */
#define AR_RUNNING_MAX_AGE 30

struct ar_running {
    uint32_t n_keys;
    uint32_t n_values;
    float *values; /* [key][n_values] */
    float *own;    /* of the frame under way */
    uint32_t own_key;
    bool has_own;
    bool replace;
    uint64_t updated[AR_MODEL_MAX_RUNGS]; /* frame that each set was last updated in, 0: none */
};

void ar_running_init(struct ar_running *running, uint32_t n_keys, uint32_t n_values,
                     struct ar_arena *arena);

/* The values of a key, whether or not they can be used. */
float *ar_running_set(const struct ar_running *running, uint32_t key);

/*
 * The set of a key as of the frames before `frame`; NULL when there is none or it is too old.
 */
const float *ar_running_find(const struct ar_running *running, uint32_t key, uint64_t frame);

/*
 * Room for the frame's own values: fill what the key has. A second call in one frame replaces the
 * first.
 */
float *ar_running_own(struct ar_running *running, uint32_t key);

/*
 * The running values do not describe this frame: at its end its own take their place. After
 * own().
 */
void ar_running_replace(struct ar_running *running);

/*
 * values += rate * (own - values); own ones are taken as they are where find() gives NULL or
 * after replace().
 */
void ar_running_end_frame(struct ar_running *running, uint64_t frame, float rate);

void ar_running_forget(struct ar_running *running);
