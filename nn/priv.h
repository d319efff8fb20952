/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/arena.h"
#include "nn/chain.h"
#include "nn/net.h"
#include "nn/pack.h"
#include "nn/pack8.h"
#include "nn/plan8.h"
#include "nn/rows8.h"
#include "nn/running.h"
#include "nn/tensor8.h"

/*
 * Private to nn/ and its tests: a network's insides. net.c lays them out, run.c runs a chain of layers.
 */

struct ar_net_node {
    const struct ar_layer *layer;
    struct ar_pack pack;
    struct ar_running norm; /* [mean, variance][max_outputs], keyed by the layer's rung */
    struct ar_running gate; /* [max_inputs], keyed by the channels: see run.c */
    uint32_t width;         /* of the filter's result; of a shuffle's: the map itself */
    uint32_t height;
    bool has_ring; /* the result is one: see nn/chain.h */
    void *memory;  /* of the result at its widest; of a ring: as of its chain's last run */
    struct ar_tensor result; /* channels as of the last run */

    bool is_int8; /* multiplies in int8; all but the last one have an int8 result too */
    struct ar_pack8 pack8;
    struct ar_tensor8 result8;
    uint32_t rung; /* of the last run */
    float *sums;   /* of an instance norm: see struct ar_rows */
};

/* A layer under way. */
struct ar_net_work {
    struct ar_rows rows;
    struct ar_rows8 rows8;
    float scale[AR_MODEL_MAX_CHANNELS];
    float bias[AR_MODEL_MAX_CHANNELS];
};

struct ar_net {
    struct ar_net_params params;
    struct ar_arena arena;
    uint64_t memory_b;
    struct ar_plan8 plan8; /* int8 only */
    struct ar_tensor planes;
    struct ar_tensor8 planes8; /* int8 only */
    struct ar_net_node nodes[AR_MODEL_MAX_LAYERS];
    struct ar_chain chains[AR_MODEL_MAX_LAYERS];
    uint32_t n_chains;
    uint64_t frame;      /* counts from 1 */
    uint64_t *layers_ns; /* NULL: nobody wants to know */

    uint8_t *rings; /* of the chain under way */
    float *scratch; /* one part for each worker */
    uint64_t scratch_stride;

    /* Of the chain under way. */
    struct ar_chain_plan plan;
    struct ar_net_work works[AR_CHAIN_MAX];
    uint64_t works_ns[AR_WORKERS_MAX][AR_CHAIN_MAX];
    const struct ar_net_show *show; /* what the last layer's rows are for, or NULL */
    bool is_shown;                  /* its tasks show them as they make them */
    uint64_t shows_ns[AR_WORKERS_MAX];

    /* Of a layer with a gate. */
    float *squeeze_sums;
    float means[AR_MODEL_MAX_CHANNELS];
    float gates[AR_MODEL_MAX_CHANNELS];

    float ones[AR_MODEL_MAX_CHANNELS];
    float zeros[AR_MODEL_MAX_CHANNELS];
};

/* Whether a node's result is in int8. */
bool ar_net_keeps_int8(const struct ar_net *net, const struct ar_net_node *node);

/* How a chain runs at a rung. */
void ar_net_plan_chain(const struct ar_net *net, const struct ar_chain *chain, uint32_t rung,
                       struct ar_chain_plan *plan);

/* Gives a chain's rings their memory; they lie side by side. Returns the bytes that they take. */
uint64_t ar_net_place_rings(struct ar_net *net, const struct ar_chain_plan *plan,
                            uint32_t rung);

/* Runs one layer at a rung, from whole maps to a whole map; the layers that it reads have run. */
void ar_net_run_node(struct ar_net *net, struct ar_net_node *node, uint32_t rung);

/* Runs a chain at a rung; what others of its layers read has run. */
void ar_net_run_chain(struct ar_net *net, const struct ar_chain *chain, uint32_t rung);
