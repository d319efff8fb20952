/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/reason.h"
#include "nn/model.h"

/*
 * Private to nn/: what the layers of a parsed model mean to each other.
 */

/*
 * Checks options, segments, resolutions and channels, layer by layer, and fills what follows
 * from them: kernel's default, shift, max_inputs, max_outputs, n_segments. -EINVAL with the
 * layer and the rule.
 */
int ar_graph_check(struct ar_model *model, const char *file, struct ar_reason *reason);

/*
 * Log2 of the downscale of a layer's input, and of its filter's output: before it is upsampled
 * or shuffled.
 */
uint32_t ar_graph_input_shift(const struct ar_model *model, int32_t index);
uint32_t ar_graph_filter_shift(const struct ar_model *model, const struct ar_layer *layer);

/* Picture pixels at a downscale of 2^shift: odd sizes round up. */
static inline uint32_t ar_graph_scaled(uint32_t size_px, uint32_t shift)
{
    return (size_px + (1u << shift) - 1) >> shift;
}
