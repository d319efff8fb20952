/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/arena.h"
#include "nn/model.h"

/*
 * Private to nn/: one layer's weights in int8, in the order in which the kernels read them (nn/kernels8.h).
 *
 * A weight is a whole number, -127 to 127, times its output's step (of a depthwise filter: its channel's). Steps are those
 * of the widest network: narrower ones are prefixes of the same packing.
 */

struct ar_pack8 {
    int8_t *dw;       /* [channel][3][4]; NULL where the layer filters nothing */
    float *dw_steps;  /* [channel] */
    int32_t *dw_sums; /* [channel]: of the taps */

    int8_t *weights;
    uint32_t block_inputs; /* fours */
    float *steps;          /* [output] */
    int32_t *sums; /* [rung of the producer][max_outputs]: of the weights of so many channels */
    float *
        offsets; /* [output]: of a filter of the planes: what their offsets, in bytes, add to a sum */
};

/* Packs into memory of the arena, or only counts it. For layers that ar_plan8_make() knows. */
void ar_pack8_init(struct ar_pack8 *pack, const struct ar_model *model,
                   const struct ar_layer *layer, struct ar_arena *arena);

/* Inputs of the layer's product, in fours, when the producer has so many channels. */
uint32_t ar_pack8_inputs(const struct ar_layer *layer, uint32_t channels);
