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
 *
 * Depthwise results of two branches have a step each, and one product. It counts in the larger one: weights of the other
 * branch are made smaller by the ratio of the two before they are rounded. As that is another one at every rung,
 * every rung has a packing.
 */

#define AR_PACK8_BRANCHES 2

/* A depthwise filter. */
struct ar_pack8_filter {
    uint32_t kernel;
    int8_t *weights; /* [channel][kernel][fours of a row][4] */
    float *steps;    /* [channel] */
    int32_t *sums;   /* [channel]: of the taps */
};

/* What a rung multiplies with. But for the steps of depthwise results all rungs have the same, unless there are branches. */
struct ar_pack8_product {
    float filtered_steps[AR_PACK8_BRANCHES]; /* of a branch's results */
    float larger_step;                       /* of these */
    int8_t *weights;
    float *steps;  /* [output] */
    int32_t *sums; /* [rung of the producer][max_outputs]: of the weights of so many channels */
};

struct ar_pack8 {
    struct ar_pack8_filter filters[AR_PACK8_BRANCHES];
    uint32_t n_filters;
    struct ar_pack8_product products[AR_MODEL_MAX_RUNGS];
    uint32_t block_inputs; /* fours */
    float *
        offsets; /* [output]: of a filter of the planes: what their offsets, in bytes, add to a sum */
};

/* Packs into memory of the arena, or only counts it. For layers that ar_plan8_make() knows. */
void ar_pack8_init(struct ar_pack8 *pack, const struct ar_model *model,
                   const struct ar_layer *layer, struct ar_arena *arena);

/* Inputs of the layer's product, in fours, when the producer has so many channels: those of two branches by turns. */
uint32_t ar_pack8_inputs(const struct ar_layer *layer, uint32_t channels);
