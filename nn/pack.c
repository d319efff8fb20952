/* SPDX-License-Identifier: MIT */
#include "nn/pack.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "nn/kernels.h"
#include "nn/tensor.h"

/* Depthwise results of both branches lie beside each other in a pixel, each padded. */
uint32_t ar_pack_inputs(const struct ar_layer *layer, uint32_t channels)
{
    if (layer->op == AR_LAYER_CONV)
        return layer->kernel * layer->kernel * channels;
    return layer->kernel2 ? 2 * ar_tensor_padded(channels) : channels;
}

/*
 * The weight of packed input `input` for output `output`. A dense filter's inputs are in the
 * order in which columns of taps lie in the gathered row: [tap column][tap row][channel].
 */
static float weight_at(const struct ar_layer *layer, uint32_t channels, uint32_t output,
                       uint32_t input)
{
    const size_t row = (size_t)output * layer->max_inputs;
    const uint32_t k = layer->kernel;

    if (layer->op == AR_LAYER_CONV) {
        const uint32_t channel = input % channels;
        const uint32_t tap_row = input / channels % k;
        const uint32_t tap_column = input / channels / k;

        return layer->weight[((row + channel) * k + tap_row) * k + tap_column];
    }
    if (layer->kernel2) {
        const uint32_t channel = input % ar_tensor_padded(channels);

        if (channel >= channels)
            return 0.0F;
        return (input == channel ? layer->weight : layer->weight2)[row + channel];
    }
    return layer->weight[row + input];
}

static void fill_matrix(const struct ar_pack_matrix *matrix, const struct ar_layer *layer)
{
    for (uint32_t o = 0; o < layer->max_outputs; o++) {
        float *const block = matrix->weights + (size_t)(o / AR_PWCONV_LANES) * AR_PWCONV_LANES *
                                                   matrix->block_inputs;

        for (uint32_t i = 0; i < matrix->block_inputs; i++)
            block[(size_t)i * AR_PWCONV_LANES + o % AR_PWCONV_LANES] =
                weight_at(layer, matrix->channels, o, i);
    }
}

static void add_matrix(struct ar_pack *pack, const struct ar_layer *layer, uint32_t channels,
                       struct ar_arena *arena)
{
    struct ar_pack_matrix *matrix = &pack->matrices[pack->n_matrices++];
    const size_t lanes = ar_align_up(layer->max_outputs, AR_PWCONV_LANES);

    matrix->channels = channels;
    matrix->block_inputs = ar_pack_inputs(layer, channels);
    matrix->weights = ar_arena_take(arena, (uint64_t)lanes * matrix->block_inputs);
    if (matrix->weights)
        fill_matrix(matrix, layer);
}

static void add_matrices(struct ar_pack *pack, const struct ar_model *model,
                         const struct ar_layer *layer, struct ar_arena *arena)
{
    const bool prefix = layer->op != AR_LAYER_CONV && !layer->kernel2;
    const uint32_t widest = model->n_rungs - 1;
    uint32_t before = 0;

    for (uint32_t r = prefix ? widest : 0; r <= widest; r++) {
        const uint32_t channels = ar_model_channels(model, layer->input, r);

        if (channels != before)
            add_matrix(pack, layer, channels, arena);
        before = channels;
    }
}

static float *pack_filter(const struct ar_pack *pack, const float *taps, uint32_t channels,
                          uint32_t kernel, struct ar_arena *arena)
{
    const uint32_t n_taps = kernel * kernel;
    float *packed = ar_arena_take(arena, (uint64_t)n_taps * pack->dw_stride);

    if (!packed)
        return NULL;
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t t = 0; t < n_taps; t++)
            packed[(size_t)t * pack->dw_stride + c] = taps[(size_t)c * n_taps + t];
    return packed;
}

void ar_pack_init(struct ar_pack *pack, const struct ar_model *model,
                  const struct ar_layer *layer, struct ar_arena *arena)
{
    *pack = (struct ar_pack){ .dw_stride = ar_tensor_padded(layer->max_inputs) };
    if (layer->dw)
        pack->dw[0] = pack_filter(pack, layer->dw, layer->max_inputs, layer->kernel, arena);
    if (layer->dw2)
        pack->dw[1] = pack_filter(pack, layer->dw2, layer->max_inputs, layer->kernel2, arena);
    if (layer->weight)
        add_matrices(pack, model, layer, arena);
}

const struct ar_pack_matrix *ar_pack_find(const struct ar_pack *pack, uint32_t channels)
{
    uint32_t i = 0;

    while (i + 1 < pack->n_matrices && pack->matrices[i].channels < channels)
        i++;
    assert(pack->matrices[i].channels >= channels);
    return &pack->matrices[i];
}
