/* SPDX-License-Identifier: MIT */
#include "nn/pack.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "nn/kernels.h"

uint32_t ar_pack_inputs_per_channel(const struct ar_layer *layer)
{
    if (layer->op == AR_LAYER_CONV)
        return layer->kernel * layer->kernel;
    return layer->kernel2 ? 2 : 1;
}

/* The weight of packed input `input` for output `output`. */
static float weight_at(const struct ar_layer *layer, size_t output, size_t input)
{
    const size_t n = ar_pack_inputs_per_channel(layer);

    if (!layer->kernel2) /* of a dense filter the taps are the inputs: the file's own order */
        return layer->weight[output * layer->max_inputs * n + input];
    return (input % 2 == 0 ? layer->weight
                           : layer->weight2)[output * layer->max_inputs + input / 2];
}

static void fill(const struct ar_pack *pack, const struct ar_layer *layer)
{
    for (size_t o = 0; o < layer->max_outputs; o++) {
        float *const block =
            pack->weights + o / AR_PWCONV_BLOCK * AR_PWCONV_BLOCK * pack->block_inputs;

        for (size_t i = 0; i < pack->block_inputs; i++)
            block[i * AR_PWCONV_BLOCK + o % AR_PWCONV_BLOCK] = weight_at(layer, o, i);
    }
}

void ar_pack_init(struct ar_pack *pack, const struct ar_layer *layer, struct ar_arena *arena)
{
    *pack = (struct ar_pack){
        .dw = { layer->dw, layer->dw2 },
        .block_inputs = layer->max_inputs * ar_pack_inputs_per_channel(layer),
    };
    if (!layer->weight)
        return;
    pack->weights =
        ar_arena_take(arena, (uint64_t)ar_align_up(layer->max_outputs, AR_PWCONV_BLOCK) *
                                 pack->block_inputs);
    if (pack->weights)
        fill(pack, layer);
}
