/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/arena.h"
#include "nn/net.h"
#include "nn/pack.h"
#include "nn/pack8.h"
#include "nn/plan8.h"
#include "nn/rows8.h"
#include "nn/running.h"
#include "nn/tensor8.h"

/*
 * Private to nn/ and its tests: a network's insides. net.c lays them out, run.c runs a layer.
 */

struct ar_net_node {
    const struct ar_layer *layer;
    struct ar_pack pack;
    struct ar_running norm; /* [mean, variance][max_outputs], keyed by the layer's rung */
    struct ar_running gate; /* [max_inputs], keyed by the channels: see run.c */
    uint32_t width;         /* of the filter's result; of a shuffle's: the map itself */
    uint32_t height;
    void *memory;            /* of the result at its widest */
    struct ar_tensor result; /* channels as of the last run */

    bool is_int8; /* multiplies in int8; all but the last one have an int8 result too */
    struct ar_pack8 pack8;
    struct ar_tensor8 result8;
    uint32_t rung; /* of the last run */
};

struct ar_net {
    struct ar_net_params params;
    struct ar_arena arena;
    uint64_t memory_b;
    struct ar_plan8 plan8; /* int8 only */
    struct ar_tensor planes;
    struct ar_tensor8 planes8; /* int8 only */
    struct ar_net_node nodes[AR_MODEL_MAX_LAYERS];
    uint64_t frame;      /* counts from 1 */
    uint64_t *layers_ns; /* NULL: nobody wants to know */

    float *scratch; /* one part for each worker */
    uint64_t scratch_stride;

    /* Of the layer under way. */
    struct ar_rows8 rows8;
    float *sums; /* see struct ar_rows */
    float *squeeze_sums;
    float scale[AR_MODEL_MAX_CHANNELS];
    float bias[AR_MODEL_MAX_CHANNELS];
    float means[AR_MODEL_MAX_CHANNELS];
    float gates[AR_MODEL_MAX_CHANNELS];

    float ones[AR_MODEL_MAX_CHANNELS];
    float zeros[AR_MODEL_MAX_CHANNELS];
};

/* Whether a node's result is in int8. */
bool ar_net_keeps_int8(const struct ar_net *net, const struct ar_net_node *node);

/* Brings the planes into int8. */
void ar_net_quantise_planes(struct ar_net *net);

/* Runs one layer at a rung; the layers that it reads have run. */
void ar_net_run_node(struct ar_net *net, struct ar_net_node *node, uint32_t rung);
