/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/arena.h"
#include "nn/model.h"

/*
 * Private to nn/: one layer's weights in the order in which the kernels read them
 * (nn/kernels.h).
 *
 * Depthwise filters are used as the file has them, [channel][tap]. Matrices of pointwise products are blocks of
 * outputs. A channel's inputs lie together, be it one, two (second branch) or k * k (dense filters): so
 * fewer outputs and fewer channels are both a prefix, and one packing serves every width.
 */

struct ar_pack {
    const float *dw[2]; /* the second for kernel2 */
    float *weights;     /* NULL where the layer multiplies nothing */
    uint32_t block_inputs;
};

/* Packs into memory of the arena, or only counts it. */
void ar_pack_init(struct ar_pack *pack, const struct ar_layer *layer, struct ar_arena *arena);

/* Inputs of the layer's pointwise product for each channel of its producer. */
uint32_t ar_pack_inputs_per_channel(const struct ar_layer *layer);
