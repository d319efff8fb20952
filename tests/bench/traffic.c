/* SPDX-License-Identifier: MIT */
#include "tests/bench/traffic.h"

struct picture {
    const struct ar_model *model;
    uint32_t rung;
    uint32_t width_px;
    uint32_t height_px;
};

/* Values of a map; 0 for none. */
static uint64_t map_values(const struct picture *picture, int32_t index)
{
    const struct ar_model *const model = picture->model;
    const uint32_t shift =
        index < 0 ? ar_model_planes_shift(model) : model->layers[index].shift;
    const uint32_t round = (1u << shift) - 1;
    const uint64_t width = (picture->width_px + round) >> shift;
    const uint64_t height = (picture->height_px + round) >> shift;

    if (index == AR_LAYER_NONE)
        return 0;
    return width * height * ar_model_channels(model, index, picture->rung);
}

static uint64_t weights(const struct ar_layer *layer, uint64_t inputs, uint64_t outputs)
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

static uint64_t affine(const struct ar_layer *layer, uint64_t outputs)
{
    if (layer->op == AR_LAYER_SHUFFLE)
        return 0;
    return outputs * (layer->norm == AR_LAYER_NORM_NONE ? 1 : 2);
}

uint64_t bench_traffic_b(const struct ar_model *model, enum bench_precision precision,
                         uint32_t rung, uint32_t width_px, uint32_t height_px)
{
    const struct picture picture = { model, rung, width_px, height_px };
    const uint64_t value_b = precision == BENCH_INT8 ? 1 : sizeof(float);
    uint64_t sum_b = 0;

    for (uint32_t i = 0; i < model->n_layers; i++) {
        const struct ar_layer *const layer = &model->layers[i];
        const uint64_t inputs = ar_model_channels(model, layer->input, rung);
        const uint64_t outputs = ar_model_channels(model, (int32_t)i, rung);
        const uint64_t values =
            map_values(&picture, layer->input) + map_values(&picture, layer->add) +
            map_values(&picture, (int32_t)i) + weights(layer, inputs, outputs);

        sum_b += values * value_b + affine(layer, outputs) * sizeof(float);
    }
    return sum_b;
}
