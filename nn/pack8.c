/* SPDX-License-Identifier: MIT */
#include "nn/pack8.h"

#include <math.h>
#include <stddef.h>

#include "base/macros.h"
#include "nn/kernels8.h"

#define MOST_STEPS  127
#define LEAST_RANGE 1e-12F /* of weights that are all zero */
#define DW_TAPS     3

static uint32_t n_taps(const struct ar_layer *layer)
{
    return layer->op == AR_LAYER_CONV ? layer->kernel * layer->kernel : 1;
}

uint32_t ar_pack8_inputs(const struct ar_layer *layer, uint32_t channels)
{
    return (channels + 3) / 4 * n_taps(layer);
}

/* The step that makes the largest of some weights 127. */
static float find_step(const float *weights, size_t n)
{
    float range = LEAST_RANGE;

    for (size_t i = 0; i < n; i++)
        range = fmaxf(range, fabsf(weights[i]));
    return range / MOST_STEPS;
}

static int8_t round_weight(float weight, float step)
{
    return (int8_t)rintf(weight / step);
}

static void fill_dw(const struct ar_pack8 *pack, const struct ar_layer *layer)
{
    for (size_t c = 0; c < layer->max_inputs; c++) {
        const float *const taps = layer->dw + c * DW_TAPS * DW_TAPS;

        pack->dw_steps[c] = find_step(taps, (size_t)DW_TAPS * DW_TAPS);
        pack->dw_sums[c] = 0;
        for (size_t i = 0; i < (size_t)DW_TAPS * DW_TAPS; i++) {
            const int8_t weight = round_weight(taps[i], pack->dw_steps[c]);

            pack->dw[c * DW_TAPS * 4 + i / DW_TAPS * 4 + i % DW_TAPS] = weight;
            pack->dw_sums[c] += weight;
        }
    }
}

/* Where the weight of an output's channel and tap lies. */
static size_t place_of(const struct ar_pack8 *pack, uint32_t taps, size_t output,
                       size_t channel, size_t tap)
{
    const size_t block = output / AR_PWCONV8_BLOCK * pack->block_inputs;
    const size_t input = channel / 4 * taps + tap;

    return ((block + input) * AR_PWCONV8_BLOCK + output % AR_PWCONV8_BLOCK) * 4 + channel % 4;
}

/* Sets an output's weights of one channel and returns their sum. */
static int32_t fill_channel(const struct ar_pack8 *pack, const struct ar_layer *layer,
                            size_t output, size_t channel)
{
    const uint32_t taps = n_taps(layer);
    const float *const from = layer->weight + (output * layer->max_inputs + channel) * taps;
    int32_t sum = 0;

    for (size_t tap = 0; tap < taps; tap++) {
        const int8_t weight = round_weight(from[tap], pack->steps[output]);

        pack->weights[place_of(pack, taps, output, channel, tap)] = weight;
        sum += weight;
    }
    return sum;
}

static void fill_output(const struct ar_pack8 *pack, const struct ar_model *model,
                        const struct ar_layer *layer, size_t output)
{
    const size_t n_weights = (size_t)layer->max_inputs * n_taps(layer);
    uint32_t rung = 0;
    int32_t sum = 0;

    pack->steps[output] = find_step(layer->weight + output * n_weights, n_weights);
    for (uint32_t c = 0; c < layer->max_inputs; c++) {
        const int32_t of_channel = fill_channel(pack, layer, output, c);

        sum += of_channel;
        if (pack->offsets)
            pack->offsets[output] += (float)of_channel * model->layout.offset[c] * 255.0F;
        for (; rung < model->n_rungs && ar_model_channels(model, layer->input, rung) == c + 1;
             rung++)
            pack->sums[(size_t)rung * layer->max_outputs + output] = sum;
    }
}

static void take_dw(struct ar_pack8 *pack, const struct ar_layer *layer, struct ar_arena *arena)
{
    pack->dw = ar_arena_take_b(arena, (uint64_t)layer->max_inputs * DW_TAPS * 4);
    pack->dw_steps = ar_arena_take(arena, layer->max_inputs);
    pack->dw_sums = ar_arena_take_b(arena, layer->max_inputs * sizeof(int32_t));
    if (pack->dw)
        fill_dw(pack, layer);
}

void ar_pack8_init(struct ar_pack8 *pack, const struct ar_model *model,
                   const struct ar_layer *layer, struct ar_arena *arena)
{
    const uint64_t outputs = ar_align_up(layer->max_outputs, AR_PWCONV8_BLOCK);

    *pack = (struct ar_pack8){ .block_inputs = ar_pack8_inputs(layer, layer->max_inputs) };
    if (layer->op == AR_LAYER_SEPARABLE)
        take_dw(pack, layer, arena);
    pack->weights = ar_arena_take_b(arena, outputs * pack->block_inputs * 4);
    pack->steps = ar_arena_take(arena, layer->max_outputs);
    pack->sums =
        ar_arena_take_b(arena, (uint64_t)model->n_rungs * layer->max_outputs * sizeof(int32_t));
    if (layer->input == AR_LAYER_PLANES)
        pack->offsets = ar_arena_take(arena, layer->max_outputs);
    for (size_t o = 0; pack->weights && o < layer->max_outputs; o++)
        fill_output(pack, model, layer, o);
}
