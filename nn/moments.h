/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/model.h"
#include "nn/running.h"

/*
 * Private to nn/: the running moments of an instance norm, a set for each rung of the layer, as [mean,
 * variance][max_outputs] (doc/MODEL-FORMAT.md, "Running statistics").
 */

#define AR_MOMENTS_EPSILON 1e-5

/*
 * The end of a frame: the rung that ran takes the frame's own moments in, at `rate` (nn/running.h), and the other rungs'
 * known sets follow it, channel by channel. A rung that comes back after a while then finds its moments up to date,
 * instead of a second pass over the layer and another brightness.
 *
 *   variance += epsilon before, *= (new variance + epsilon) / (old variance + epsilon), -= epsilon after
 *   mean     += (new mean - old mean) * sqrt((variance + epsilon) / (old variance + epsilon)), all but the new mean before
 */
void ar_moments_end_frame(struct ar_running *running, const struct ar_layer *layer,
                          uint64_t frame, float rate);
