/* SPDX-License-Identifier: MIT */
#include "nn/pack8.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "base/macros.h"
#include "nn/kernels8.h"
#include "nn/pack.h"

#define MOST_STEPS  127
#define LEAST_RANGE 1e-12F /* of weights that are all zero */

uint32_t ar_pack8_inputs(const struct ar_layer *layer, uint32_t channels)
{
    return (channels + 3) / 4 * ar_pack_inputs_per_channel(layer);
}

/* The step that makes the largest weight 127. */
static float step_of(float largest)
{
    return fmaxf(largest, LEAST_RANGE) / MOST_STEPS;
}

static int8_t round_weight(float weight, float step)
{
    return (int8_t)rintf(weight / step);
}

static void fill_filter(const struct ar_pack8_filter *filter, const float *dw,
                        uint32_t channels)
{
    const size_t n_taps = (size_t)filter->kernel * filter->kernel;
    const size_t row_b = 4 * ar_dwconv8_fours(filter->kernel);

    for (size_t c = 0; c < channels; c++) {
        const float *const taps = dw + c * n_taps;
        int8_t *const weights = filter->weights + c * filter->kernel * row_b;
        float largest = 0.0F;

        for (size_t i = 0; i < n_taps; i++)
            largest = fmaxf(largest, fabsf(taps[i]));
        filter->steps[c] = step_of(largest);
        filter->sums[c] = 0;
        for (size_t i = 0; i < n_taps; i++) {
            const int8_t weight = round_weight(taps[i], filter->steps[c]);

            weights[i / filter->kernel * row_b + i % filter->kernel] = weight;
            filter->sums[c] += weight;
        }
    }
}

/* A rung's product, while it is packed. */
struct packing {
    const struct ar_pack8 *pack;
    const struct ar_pack8_product *product;
    const struct ar_model *model;
    const struct ar_layer *layer;
    uint32_t taps; /* of a dense filter, or branches */
};

static float weight_at(const struct packing *packing, size_t output, size_t channel, size_t tap)
{
    const struct ar_layer *layer = packing->layer;
    const size_t at = output * layer->max_inputs + channel;

    if (packing->pack->n_filters < 2)
        return layer->weight[at * packing->taps + tap];
    return (tap == 0 ? layer->weight : layer->weight2)[at] *
           (packing->product->filtered_steps[tap] / packing->product->larger_step);
}

static float find_step(const struct packing *packing, size_t output)
{
    float largest = 0.0F;

    for (size_t c = 0; c < packing->layer->max_inputs; c++)
        for (size_t tap = 0; tap < packing->taps; tap++)
            largest = fmaxf(largest, fabsf(weight_at(packing, output, c, tap)));
    return step_of(largest);
}

/* Where the weight of an output's channel and tap lies. */
static size_t place_of(const struct packing *packing, size_t output, size_t channel, size_t tap)
{
    const size_t block = output / AR_PWCONV8_BLOCK * packing->pack->block_inputs;
    const size_t input = channel / 4 * packing->taps + tap;

    return ((block + input) * AR_PWCONV8_BLOCK + output % AR_PWCONV8_BLOCK) * 4 + channel % 4;
}

/* Sets an output's weights of one channel and returns their sum. */
static int32_t fill_channel(const struct packing *packing, size_t output, size_t channel)
{
    int32_t sum = 0;

    for (size_t tap = 0; tap < packing->taps; tap++) {
        const int8_t weight = round_weight(weight_at(packing, output, channel, tap),
                                           packing->product->steps[output]);

        packing->product->weights[place_of(packing, output, channel, tap)] = weight;
        sum += weight;
    }
    return sum;
}

static void fill_output(const struct packing *packing, size_t output)
{
    const struct ar_model *model = packing->model;
    const struct ar_layer *layer = packing->layer;
    float *const offsets = packing->pack->offsets;
    uint32_t rung = 0;
    int32_t sum = 0;

    packing->product->steps[output] = find_step(packing, output);
    for (uint32_t c = 0; c < layer->max_inputs; c++) {
        const int32_t of_channel = fill_channel(packing, output, c);

        sum += of_channel;
        if (offsets)
            offsets[output] += (float)of_channel * model->layout.offset[c] * 255.0F;
        for (; rung < model->n_rungs && ar_model_channels(model, layer->input, rung) == c + 1;
             rung++)
            packing->product->sums[(size_t)rung * layer->max_outputs + output] = sum;
    }
}

static void take_filters(struct ar_pack8 *pack, const struct ar_layer *layer,
                         struct ar_arena *arena)
{
    pack->n_filters = ar_pack_inputs_per_channel(layer);
    for (uint32_t i = 0; i < pack->n_filters; i++) {
        struct ar_pack8_filter *const filter = &pack->filters[i];

        filter->kernel = i == 0 ? layer->kernel : layer->kernel2;
        filter->weights = ar_arena_take_b(arena, (uint64_t)layer->max_inputs * filter->kernel *
                                                     ar_dwconv8_fours(filter->kernel) * 4);
        filter->steps = ar_arena_take(arena, layer->max_inputs);
        filter->sums = ar_arena_take_b(arena, layer->max_inputs * sizeof(int32_t));
        if (filter->weights)
            fill_filter(filter, i == 0 ? layer->dw : layer->dw2, layer->max_inputs);
    }
}

static void set_steps(const struct ar_pack8 *pack, struct ar_pack8_product *product,
                      const struct ar_layer *layer, uint32_t rung)
{
    product->larger_step = FLT_MIN; /* that of a file may be 0 when rounded */
    for (uint32_t i = 0; i < pack->n_filters; i++) {
        const float *const range = i == 0 ? layer->dw_range : layer->dw2_range;

        product->filtered_steps[i] = range[rung] / MOST_STEPS;
        product->larger_step = fmaxf(product->larger_step, product->filtered_steps[i]);
    }
}

static void take_product(struct ar_pack8 *pack, struct ar_pack8_product *product,
                         const struct ar_model *model, const struct ar_layer *layer,
                         struct ar_arena *arena)
{
    const uint64_t outputs = ar_align_up(layer->max_outputs, AR_PWCONV8_BLOCK);
    const struct packing packing = { pack, product, model, layer,
                                     ar_pack_inputs_per_channel(layer) };

    product->weights = ar_arena_take_b(arena, outputs * pack->block_inputs * 4);
    product->steps = ar_arena_take(arena, layer->max_outputs);
    product->sums =
        ar_arena_take_b(arena, (uint64_t)model->n_rungs * layer->max_outputs * sizeof(int32_t));
    for (size_t o = 0; product->weights && o < layer->max_outputs; o++)
        fill_output(&packing, o);
}

void ar_pack8_init(struct ar_pack8 *pack, const struct ar_model *model,
                   const struct ar_layer *layer, struct ar_arena *arena)
{
    *pack = (struct ar_pack8){ .block_inputs = ar_pack8_inputs(layer, layer->max_inputs) };
    if (layer->op == AR_LAYER_SEPARABLE)
        take_filters(pack, layer, arena);
    if (layer->input == AR_LAYER_PLANES)
        pack->offsets = ar_arena_take(arena, layer->max_outputs);
    for (uint32_t rung = 0; rung < model->n_rungs; rung++) {
        struct ar_pack8_product *const product = &pack->products[rung];

        *product = pack->products[0];
        set_steps(pack, product, layer, rung);
        if (rung == 0 || pack->n_filters > 1)
            take_product(pack, product, model, layer, arena);
    }
}
