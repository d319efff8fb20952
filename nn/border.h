/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/model.h"
#include "nn/tensor.h"
#include "nn/tensor8.h"

/*
 * Private to nn/: what a filter sees outside a map.
 *
 * Reflection leaves the edge itself out: ... 2 1 | 0 1 2 ... Where the map is shorter than
 * the halo it goes back and forth; a single row or pixel is repeated.
 */

/* The row or column that stands for `index`, which may lie outside 0 to size - 1. */
uint32_t ar_border_index(enum ar_layer_border border, int32_t index, uint32_t size);

/* Fills the AR_TENSOR_HALO pixels on both sides of each plane of a row. */
void ar_border_fill(enum ar_layer_border border, const struct ar_tensor *tensor, uint32_t row);

/* The same for a row of bytes, or of fours. */
void ar_border_fill8(enum ar_layer_border border, const struct ar_tensor8 *tensor,
                     uint32_t row);
