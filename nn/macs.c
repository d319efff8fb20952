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
