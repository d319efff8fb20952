/* SPDX-License-Identifier: MIT */
#include "nn/plan8.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

static bool is_last(const struct ar_model *model, const struct ar_layer *layer)
{
    return layer == &model->layers[model->n_layers - 1];
}

static bool is_product_of_planes(const struct ar_layer *layer)
{
    return layer->op == AR_LAYER_POINTWISE && layer->input == AR_LAYER_PLANES;
}

/* What of a layer int8 does not know, or NULL. */
static const char *find_unknown(const struct ar_model *model, const struct ar_layer *layer)
{
    if (layer->op == AR_LAYER_DEPTHWISE || layer->op == AR_LAYER_SHUFFLE)
        return "it only filters or moves planes";
    if (layer->op == AR_LAYER_SEPARABLE && layer->input == AR_LAYER_PLANES)
        return "it filters the picture's planes one by one";
    if (layer->norm == AR_LAYER_NORM_INSTANCE && layer->input == AR_LAYER_PLANES)
        return "it norms a sum of the picture's planes";
    if (layer->upsample && is_last(model, layer))
        return "it is the last one, and upsampled";
    if (layer->add == AR_LAYER_PLANES && !is_last(model, layer))
        return "it adds the picture's planes and is not the last one";
    return NULL;
}

/* How many layers read a result as planes (filtering or adding them), and how many in fours. */
struct readers {
    uint32_t n_planes;
    uint32_t n_fours;
    uint32_t n_last_adds;
};

static struct readers count_readers(const struct ar_model *model, int32_t index)
{
    struct readers readers = { 0 };

    for (uint32_t i = 0; i < model->n_layers; i++) {
        const struct ar_layer *layer = &model->layers[i];

        if (layer->input == index && layer->op == AR_LAYER_SEPARABLE)
            readers.n_planes++;
        else if (layer->input == index)
            readers.n_fours++;
        if (layer->add == index && is_last(model, layer))
            readers.n_last_adds++;
        else if (layer->add == index)
            readers.n_planes++;
    }
    return readers;
}

/* What of a layer's readers int8 does not know, or NULL. */
static const char *choose_layout(struct ar_plan8_layer *plan, const struct ar_layer *layer,
                                 const struct readers *readers)
{
    plan->is_float = is_product_of_planes(layer);
    plan->fours = readers->n_fours > 0;
    if (plan->is_float)
        return readers->n_planes + readers->n_fours > 0
                   ? "it is a product of the picture's planes, and not only added at the end"
                   : NULL;
    if (readers->n_last_adds > 0)
        return "it is added at the end, and no product of the picture's planes";
    if (readers->n_fours > 0 && readers->n_planes > 0)
        return "both depthwise filters and products read it";
    if (readers->n_fours > 0 && layer->upsample)
        return "it is upsampled, and no depthwise filter reads it";
    return NULL;
}

int ar_plan8_make(struct ar_plan8 *plan, const struct ar_model *model, struct ar_reason *reason)
{
    *plan = (struct ar_plan8){ 0 };
    for (uint32_t i = 0; i < model->n_layers; i++) {
        const struct ar_layer *layer = &model->layers[i];
        const struct readers readers = count_readers(model, (int32_t)i);
        const char *unknown = find_unknown(model, layer);

        if (!unknown)
            unknown = choose_layout(&plan->layers[i], layer, &readers);
        if (unknown)
            return ar_reason_set(reason, -ENOTSUP,
                                 "style '%s': cannot run in int8, layer '%s': %s",
                                 model->info.style, layer->name, unknown);
        plan->layers[i].is_unsigned =
            layer->relu && (layer->add == AR_LAYER_NONE ||
                            (layer->add >= 0 && plan->layers[layer->add].is_unsigned));
    }
    return 0;
}
