/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"
#include "nn/image.h"

/*
 * A style's model file, checked (doc/MODEL-FORMAT.md): the network as a list of layers, and
 * views of its weights. Immutable after open; any thread may read.
 */

#define AR_MODEL_MAX_LAYERS   64
#define AR_MODEL_MAX_RUNGS    32
#define AR_MODEL_MAX_SEGMENTS 8 /* the encoder is segment 0 */
#define AR_MODEL_MAX_CHANNELS 512
#define AR_MODEL_CHANNEL_STEP 8 /* of maps inside the network */
#define AR_MODEL_NAME_MAX     32
#define AR_MODEL_TEXT_MAX     96

#define AR_LAYER_PLANES (-1) /* the network's input, where a layer index is expected */
#define AR_LAYER_NONE   (-2)

enum ar_layer_op {
    AR_LAYER_CONV,
    AR_LAYER_SEPARABLE,
    AR_LAYER_POINTWISE,
    AR_LAYER_DEPTHWISE,
    AR_LAYER_SHUFFLE,
    AR_LAYER_N_OPS,
};

enum ar_layer_norm {
    AR_LAYER_NORM_NONE,
    AR_LAYER_NORM_BATCH,
    AR_LAYER_NORM_INSTANCE,
    AR_LAYER_N_NORMS,
};

enum ar_layer_border {
    AR_LAYER_REPLICATE,
    AR_LAYER_REFLECT,
};

struct ar_layer {
    char name[AR_MODEL_NAME_MAX];
    enum ar_layer_op op;
    enum ar_layer_norm norm;
    int32_t input; /* index of an earlier layer or AR_LAYER_PLANES */
    int32_t add;   /* the same, or AR_LAYER_NONE */
    uint32_t segment;
    uint32_t kernel;
    uint32_t kernel2; /* 0: no second branch */
    uint32_t stride;
    bool relu;
    bool upsample;
    uint32_t gate; /* hidden units, 0: no gate */
    bool gate_previous;
    uint32_t channels[AR_MODEL_MAX_RUNGS];
    /* Log2 of the downscale against the picture: 0, 1, 2, ... Sizes are ceil(px / 2^shift). */
    uint32_t shift;

    const float *weight; /* borrowed from the model; NULL where the op has none */
    const float *weight2;
    const float *dw;
    const float *dw2;
    const float *scale; /* [n_rungs or 1][co] */
    const float *bias;
    const float *gate1;
    const float *gate1_bias;
    const float *gate2;
    const float *gate2_bias;
    const float *range; /* int8 ranges, [n_rungs]; NULL where the file has none */
    const float *dw_range;
    const float *dw2_range;
    uint32_t max_inputs; /* ci and co at the widest */
    uint32_t max_outputs;
};

struct ar_model_info {
    char style[AR_MODEL_NAME_MAX];
    char title[AR_MODEL_TEXT_MAX];
    char artist[AR_MODEL_TEXT_MAX];
    char year[AR_MODEL_TEXT_MAX];
    char licence[AR_MODEL_TEXT_MAX];
    uint64_t trainer_macs[AR_MODEL_MAX_RUNGS]; /* at 640x360, as the trainer counted */
    uint64_t hash;                             /* FNV-1a of the whole file */
};

struct ar_model {
    struct ar_model_info info;
    struct ar_image_layout layout;
    enum ar_layer_border border;
    float instance_rate;
    uint32_t n_rungs;
    double widths[AR_MODEL_MAX_RUNGS]; /* ascending */
    uint32_t n_segments;               /* encoder included, >= 2 */
    uint32_t n_layers;
    struct ar_layer layers[AR_MODEL_MAX_LAYERS];
    bool has_int8_ranges;        /* of all layers, or of none */
    struct ar_safetensors *file; /* private */
};

/* -EINVAL with file, tensor or layer, and rule; or the file's own error. */
int ar_model_open(struct ar_model **out, const char *path, struct ar_reason *reason);
int ar_model_parse(struct ar_model **out, const char *name, const void *bytes, size_t size_b,
                   struct ar_reason *reason);
/* Accepts NULL. */
void ar_model_close(struct ar_model *model);

/* 6 or 3, and log2 of their downscale against the picture: 1 or 0. */
uint32_t ar_model_n_planes(const struct ar_model *model);
uint32_t ar_model_planes_shift(const struct ar_model *model);

/* Channels that layer `index` (or AR_LAYER_PLANES) gives at a rung. */
uint32_t ar_model_channels(const struct ar_model *model, int32_t index, uint32_t rung);

struct ar_model_macs {
    uint64_t depthwise;
    uint64_t pointwise; /* dense convolutions and gates' products too */
};

/*
 * Exact multiply-accumulates of one layer on a width_px x height_px picture, when segment s runs at
 * rungs[s]. Depthwise k*k*ci, pointwise ci*co, dense k*k*ci*co per output pixel; gates once a frame.
 */
struct ar_model_macs ar_model_layer_macs(const struct ar_model *model, uint32_t layer,
                                         const uint32_t *rungs, uint32_t width_px,
                                         uint32_t height_px);
/*
 * Bytes that a layer moves at least, when nothing is computed twice: it reads its input once, what it adds once and its
 * weights, scales and biases once, and writes its result once. Depthwise results inside a separable layer, halos and
 * padding do not count. What of this is in a cache is not asked. value_b: of a value of a map or a weight, 4 in f32, 1
 * in int8; scales and biases have 4.
 */
uint64_t ar_model_layer_bytes(const struct ar_model *model, uint32_t layer,
                              const uint32_t *rungs, uint32_t width_px, uint32_t height_px,
                              uint32_t value_b);
uint64_t ar_model_segment_macs(const struct ar_model *model, uint32_t segment,
                               const uint32_t *rungs, uint32_t width_px, uint32_t height_px);
