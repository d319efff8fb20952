/* SPDX-License-Identifier: MIT */
#include "nn/graph.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>

#include "nn/tensor.h"

#define MAX_SHIFT 8 /* a map of the smallest picture is one pixel long before */

struct context {
    struct ar_model *model;
    const char *file;
    struct ar_reason *reason;
    bool picture
        [AR_MODEL_MAX_LAYERS]; /* results that are, or become part of, the picture's planes */
};

/* Which options an op takes, and its kernels besides. */
static const struct op_rule {
    const char *name;
    uint32_t
        ratio;   /* works channel by channel: channels are the input's divided by this; or 0 */
    bool filter; /* k x k: kernel 3 or 5, stride */
    bool extras; /* second branch and gate */
    bool plain;  /* neither norm nor upsample */
} op_rules[AR_LAYER_N_OPS] = {
    [AR_LAYER_CONV] = { "conv", .filter = true },
    [AR_LAYER_SEPARABLE] = { "separable", .filter = true, .extras = true },
    [AR_LAYER_POINTWISE] = { "pointwise" },
    [AR_LAYER_DEPTHWISE] = { "depthwise", .filter = true, .ratio = 1 },
    [AR_LAYER_SHUFFLE] = { "shuffle", .ratio = 4, .plain = true },
};

uint32_t ar_graph_input_shift(const struct ar_model *model, int32_t index)
{
    return index == AR_LAYER_PLANES ? ar_model_planes_shift(model) : model->layers[index].shift;
}

uint32_t ar_graph_filter_shift(const struct ar_model *model, const struct ar_layer *layer)
{
    return ar_graph_input_shift(model, layer->input) + (layer->stride == 2 ? 1 : 0);
}

static int check_options(struct context *ctx, struct ar_layer *layer)
{
    const struct op_rule *rule = &op_rules[layer->op];

    if (layer->kernel == 0)
        layer->kernel = rule->filter ? 3 : 1;
    if (rule->filter ? layer->kernel != 3 && layer->kernel != 5 : layer->kernel != 1)
        return ar_reason_set(ctx->reason, -EINVAL,
                             "%s: layer '%s': kernel is %u, must be %s for op %s", ctx->file,
                             layer->name, layer->kernel, rule->filter ? "3 or 5" : "1",
                             rule->name);
    if (layer->stride != 1 && !rule->filter)
        return ar_reason_set(ctx->reason, -EINVAL,
                             "%s: layer '%s': stride is %u, must be 1 for op %s", ctx->file,
                             layer->name, layer->stride, rule->name);
    if (layer->kernel2 != 0 && layer->kernel2 != 3 && layer->kernel2 != 5)
        return ar_reason_set(ctx->reason, -EINVAL,
                             "%s: layer '%s': kernel2 is %u, must be 0, 3 or 5", ctx->file,
                             layer->name, layer->kernel2);
    if ((layer->kernel2 || layer->gate) && !rule->extras)
        return ar_reason_set(
            ctx->reason, -EINVAL,
            "%s: layer '%s': kernel2 and gate are for op separable, this is %s", ctx->file,
            layer->name, rule->name);
    if (layer->kernel2 && layer->gate)
        return ar_reason_set(ctx->reason, -EINVAL,
                             "%s: layer '%s': kernel2 and gate exclude each other", ctx->file,
                             layer->name);
    if (layer->gate_previous && !layer->gate)
        return ar_reason_set(ctx->reason, -EINVAL, "%s: layer '%s': gate_previous needs a gate",
                             ctx->file, layer->name);
    if (rule->plain && (layer->norm != AR_LAYER_NORM_NONE || layer->upsample))
        return ar_reason_set(ctx->reason, -EINVAL,
                             "%s: layer '%s': op %s takes neither norm nor upsample", ctx->file,
                             layer->name, rule->name);
    return 0;
}

static int check_segment(struct context *ctx, struct ar_layer *layer)
{
    const struct ar_model *model = ctx->model;
    uint32_t before = layer == model->layers ? 0 : layer[-1].segment;
    bool first = layer == model->layers;

    if (layer->segment == before || (!first && layer->segment == before + 1))
        return 0;
    return ar_reason_set(ctx->reason, -EINVAL, "%s: layer '%s': segment is %u, must be %u%s",
                         ctx->file, layer->name, layer->segment, before,
                         first ? " for the first layer" : " or one more");
}

static int check_resolution(struct context *ctx, struct ar_layer *layer)
{
    const struct ar_model *model = ctx->model;
    uint32_t shift = ar_graph_filter_shift(model, layer);
    uint32_t doublings = layer->upsample || layer->op == AR_LAYER_SHUFFLE ? 1 : 0;

    if (shift < doublings)
        return ar_reason_set(ctx->reason, -EINVAL, "%s: layer '%s': is larger than the picture",
                             ctx->file, layer->name);
    shift -= doublings;
    if (shift > MAX_SHIFT)
        return ar_reason_set(ctx->reason, -EINVAL,
                             "%s: layer '%s': is 1/%u of the picture, at most 1/%u is allowed",
                             ctx->file, layer->name, 1u << shift, 1u << MAX_SHIFT);
    layer->shift = shift;
    if (layer->add == AR_LAYER_NONE)
        return 0;

    uint32_t other = ar_graph_input_shift(model, layer->add);

    if (other == shift)
        return 0;
    return ar_reason_set(
        ctx->reason, -EINVAL,
        "%s: layer '%s': adds 1/%u of the picture to 1/%u: sizes must be equal", ctx->file,
        layer->name, 1u << other, 1u << shift);
}

/*
 * The channels of an op that works on each channel by itself must be there at any mix of rungs.
 */
static int check_each(struct context *ctx, const struct ar_layer *layer)
{
    const struct ar_model *model = ctx->model;
    const struct op_rule *rule = &op_rules[layer->op];
    uint32_t widest = model->n_rungs - 1;
    bool varies = ar_model_channels(model, layer->input, 0) !=
                  ar_model_channels(model, layer->input, widest);

    for (uint32_t r = 0; r < model->n_rungs; r++) {
        uint32_t made = ar_model_channels(model, layer->input, r);

        if (layer->channels[r] * rule->ratio != made)
            return ar_reason_set(
                ctx->reason, -EINVAL,
                "%s: layer '%s': channels is %u at width %g, must be the input's %u "
                "divided by %u",
                ctx->file, layer->name, layer->channels[r], model->widths[r], made,
                rule->ratio);
    }
    if (varies && model->layers[layer->input].segment != layer->segment)
        return ar_reason_set(
            ctx->reason, -EINVAL,
            "%s: layer '%s': op %s reads from another segment, which may run at "
            "another width",
            ctx->file, layer->name, rule->name);
    return 0;
}

static int check_channels(struct context *ctx, struct ar_layer *layer)
{
    const struct ar_model *model = ctx->model;
    uint32_t index = (uint32_t)(layer - model->layers);

    layer->max_inputs = ar_model_channels(model, layer->input, model->n_rungs - 1);
    layer->max_outputs = layer->channels[model->n_rungs - 1];
    for (uint32_t r = 0; r < model->n_rungs; r++)
        if (layer->channels[r] % AR_MODEL_CHANNEL_STEP != 0 && !ctx->picture[index])
            return ar_reason_set(
                ctx->reason, -EINVAL,
                "%s: layer '%s': channels is %u at width %g, must be a multiple of "
                "%d inside the network",
                ctx->file, layer->name, layer->channels[r], model->widths[r],
                AR_MODEL_CHANNEL_STEP);
    return op_rules[layer->op].ratio ? check_each(ctx, layer) : 0;
}

static int check_end(const struct context *ctx)
{
    struct ar_model *model = ctx->model;
    const struct ar_layer *last = &model->layers[model->n_layers - 1];
    uint32_t n_planes = ar_model_n_planes(model);
    uint32_t shift = ar_model_planes_shift(model);

    if (last->segment == 0)
        return ar_reason_set(ctx->reason, -EINVAL,
                             "%s: layer '%s': the last one is in segment 0, there must be a "
                             "decoder segment",
                             ctx->file, last->name);
    if (last->channels[0] != n_planes || last->max_outputs != n_planes)
        return ar_reason_set(
            ctx->reason, -EINVAL,
            "%s: layer '%s': the last one has %u to %u channels, must give the "
            "picture's %u planes",
            ctx->file, last->name, last->channels[0], last->max_outputs, n_planes);
    if (last->shift != shift)
        return ar_reason_set(
            ctx->reason, -EINVAL,
            "%s: layer '%s': the last one is 1/%u of the picture, its planes are 1/%u",
            ctx->file, last->name, 1u << last->shift, 1u << shift);
    model->n_segments = last->segment + 1;
    return 0;
}

/*
 * Backwards from the end: what is shuffled or added into the picture; and its own planes,
 * filtered one by one.
 */
static void mark_picture(struct context *ctx)
{
    const struct ar_model *model = ctx->model;

    ctx->picture[model->n_layers - 1] = true;
    for (uint32_t i = model->n_layers; i-- > 0;) {
        const struct ar_layer *layer = &model->layers[i];

        if (layer->op == AR_LAYER_DEPTHWISE && layer->input == AR_LAYER_PLANES)
            ctx->picture[i] = true;
        if (!ctx->picture[i])
            continue;
        if (layer->op == AR_LAYER_SHUFFLE && layer->input >= 0)
            ctx->picture[layer->input] = true;
        if (layer->add >= 0)
            ctx->picture[layer->add] = true;
    }
}

int ar_graph_check(struct ar_model *model, const char *file, struct ar_reason *reason)
{
    static int (*const checks[])(struct context *,
                                 struct ar_layer *) = { check_options, check_segment,
                                                        check_resolution, check_channels };
    struct context ctx = { .model = model, .file = file, .reason = reason };

    assert(model->n_layers > 0);
    mark_picture(&ctx);
    for (uint32_t i = 0; i < model->n_layers; i++) {
        for (size_t c = 0; c < sizeof(checks) / sizeof(checks[0]); c++) {
            int ret = checks[c](&ctx, &model->layers[i]);

            if (ret < 0)
                return ret;
        }
    }
    return check_end(&ctx);
}
