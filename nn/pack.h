/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/arena.h"
#include "nn/model.h"

/*
 * Private to nn/: one layer's weights in the order in which the kernels read them
 * (nn/kernels.h).
 *
 * Depthwise filters are [tap][channel]; fewer channels are a prefix. Matrices of pointwise
 * products are blocks of outputs; fewer outputs are a prefix, and fewer inputs too when one
 * input is one channel. Where an input channel counts k * k times (dense filters) or twice
 * (second branch), the inputs of a narrower producer are no prefix: there is one matrix for
 * each count of channels that the producer can have.
 */

struct ar_pack_matrix {
    uint32_t channels; /* of the producer, at most */
    uint32_t block_inputs;
    float *weights;
};

struct ar_pack {
    float *dw[2]; /* the second for kernel2 */
    uint32_t dw_stride;
    uint32_t n_matrices;
    struct ar_pack_matrix matrices[AR_MODEL_MAX_RUNGS]; /* channels ascending */
};

/* Packs into memory of the arena, or only counts it. */
void ar_pack_init(struct ar_pack *pack, const struct ar_model *model,
                  const struct ar_layer *layer, struct ar_arena *arena);

/* The matrix for a producer of so many channels. */
const struct ar_pack_matrix *ar_pack_find(const struct ar_pack *pack, uint32_t channels);

/* Inputs of the layer's pointwise product when the producer has so many channels. */
uint32_t ar_pack_inputs(const struct ar_layer *layer, uint32_t channels);
