/* SPDX-License-Identifier: MIT */
#include "nn/graph.h"
#include "nn/model.h"

static uint32_t channels_in_plan(const struct ar_model *model, int32_t index,
                                 const uint32_t *rungs)
{
    uint32_t segment = index == AR_LAYER_PLANES ? 0 : model->layers[index].segment;

    return ar_model_channels(model, index, rungs[segment]);
}

struct ar_model_macs ar_model_layer_macs(const struct ar_model *model, uint32_t layer,
                                         const uint32_t *rungs, uint32_t width_px,
                                         uint32_t height_px)
{
    const struct ar_layer *l = &model->layers[layer];
    uint32_t shift = ar_graph_filter_shift(model, l);
    uint64_t n_pixels =
        (uint64_t)ar_graph_scaled(width_px, shift) * ar_graph_scaled(height_px, shift);
    uint64_t inputs = channels_in_plan(model, l->input, rungs);
    uint64_t outputs = channels_in_plan(model, (int32_t)layer, rungs);
    uint64_t taps = (uint64_t)l->kernel * l->kernel;
    uint64_t taps2 = (uint64_t)l->kernel2 * l->kernel2;

    switch (l->op) {
    case AR_LAYER_CONV:
        return (struct ar_model_macs){ .pointwise = n_pixels * taps * inputs * outputs };
    case AR_LAYER_SEPARABLE:
        return (struct ar_model_macs){
            .depthwise = n_pixels * (taps + taps2) * inputs,
            .pointwise = n_pixels * inputs * outputs * (l->kernel2 ? 2 : 1) +
                         2 * (uint64_t)l->gate * inputs,
        };
    case AR_LAYER_POINTWISE:
        return (struct ar_model_macs){ .pointwise = n_pixels * inputs * outputs };
    case AR_LAYER_DEPTHWISE:
        return (struct ar_model_macs){ .depthwise = n_pixels * taps * inputs };
    case AR_LAYER_SHUFFLE:
    case AR_LAYER_N_OPS:
        break;
    }
    return (struct ar_model_macs){ 0 };
}

/* Values of a map; 0 for none. */
static uint64_t map_values(const struct ar_model *model, int32_t index, const uint32_t *rungs,
                           uint32_t width_px, uint32_t height_px)
{
    if (index == AR_LAYER_NONE)
        return 0;

    const uint32_t shift = ar_graph_input_shift(model, index);

    return (uint64_t)ar_graph_scaled(width_px, shift) * ar_graph_scaled(height_px, shift) *
           channels_in_plan(model, index, rungs);
}

static uint64_t n_weights(const struct ar_layer *layer, uint64_t inputs, uint64_t outputs)
{
    const uint64_t taps = (uint64_t)layer->kernel * layer->kernel;
    const uint64_t taps2 = (uint64_t)layer->kernel2 * layer->kernel2;

    switch (layer->op) {
    case AR_LAYER_CONV:
        return taps * inputs * outputs;
    case AR_LAYER_SEPARABLE:
        return (taps + taps2) * inputs + inputs * outputs * (layer->kernel2 ? 2 : 1) +
               (uint64_t)2 * layer->gate * inputs;
    case AR_LAYER_POINTWISE:
        return inputs * outputs;
    case AR_LAYER_DEPTHWISE:
        return taps * inputs;
    case AR_LAYER_SHUFFLE:
    case AR_LAYER_N_OPS:
        break;
    }
    return 0;
}

/* Scales and biases. */
static uint64_t n_affine(const struct ar_layer *layer, uint64_t outputs)
{
    if (layer->op == AR_LAYER_SHUFFLE)
        return 0;
    return outputs * (layer->norm == AR_LAYER_NORM_NONE ? 1 : 2);
}

uint64_t ar_model_layer_bytes(const struct ar_model *model, uint32_t layer,
                              const uint32_t *rungs, uint32_t width_px, uint32_t height_px,
                              uint32_t value_b)
{
    const struct ar_layer *l = &model->layers[layer];
    const uint64_t inputs = channels_in_plan(model, l->input, rungs);
    const uint64_t outputs = channels_in_plan(model, (int32_t)layer, rungs);
    const uint64_t values = map_values(model, l->input, rungs, width_px, height_px) +
                            map_values(model, l->add, rungs, width_px, height_px) +
                            map_values(model, (int32_t)layer, rungs, width_px, height_px) +
                            n_weights(l, inputs, outputs);

    return values * value_b + n_affine(l, outputs) * sizeof(float);
}

uint64_t ar_model_segment_macs(const struct ar_model *model, uint32_t segment,
                               const uint32_t *rungs, uint32_t width_px, uint32_t height_px)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < model->n_layers; i++) {
        struct ar_model_macs macs;

        if (model->layers[i].segment != segment)
            continue;
        macs = ar_model_layer_macs(model, i, rungs, width_px, height_px);
        sum += macs.depthwise + macs.pointwise;
    }
    return sum;
}
