/* SPDX-License-Identifier: MIT */
#include "nn/model.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "nn/architecture.h"
#include "nn/graph.h"
#include "nn/json.h"
#include "nn/safetensors.h"

#define FORMAT  "ar-daemon-style"
#define VERSION "1"

/* A model on its way in; `file` names it in reasons. */
struct opening {
    struct ar_model *model;
    const char *file;
    struct ar_reason *reason;
};

static const char *meta(const struct opening *in, const char *key)
{
    return ar_safetensors_meta(in->model->file, key);
}

static int check_format(const struct opening *in)
{
    const char *format = meta(in, "format");
    const char *version = meta(in, "version");

    if (!format || strcmp(format, FORMAT) != 0)
        return ar_reason_set(in->reason, -EINVAL,
                             "%s: metadata: format is '%s', must be '" FORMAT "'", in->file,
                             ar_json_quote(format ? format : "").text);
    if (!version || strcmp(version, VERSION) != 0)
        return ar_reason_set(in->reason, -EINVAL,
                             "%s: metadata: version is '%s', this program reads '" VERSION "'",
                             in->file, ar_json_quote(version ? version : "").text);
    return 0;
}

/*
 * No C0 or C1 control characters: these words end on terminals. The JSON reader has checked the
 * UTF-8.
 */
static bool is_printable(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0))
            return false;
    return true;
}

static int read_texts(const struct opening *in)
{
    static const struct text {
        const char *key;
        size_t offset;
        size_t size_b;
    } texts[] = {
        { "style", offsetof(struct ar_model_info, style), AR_MODEL_NAME_MAX },
        { "title", offsetof(struct ar_model_info, title), AR_MODEL_TEXT_MAX },
        { "artist", offsetof(struct ar_model_info, artist), AR_MODEL_TEXT_MAX },
        { "year", offsetof(struct ar_model_info, year), AR_MODEL_TEXT_MAX },
        { "licence", offsetof(struct ar_model_info, licence), AR_MODEL_TEXT_MAX },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(texts); i++) {
        const char *value = meta(in, texts[i].key);

        if (!value || strlen(value) >= texts[i].size_b || !is_printable(value))
            return ar_reason_set(in->reason, -EINVAL,
                                 "%s: metadata: '%s' must be there, shorter than %zu bytes and "
                                 "without control characters",
                                 in->file, texts[i].key, texts[i].size_b);
        memcpy((char *)&in->model->info + texts[i].offset, value, strlen(value) + 1);
    }

    const char *style = in->model->info.style;

    if (!*style || strspn(style, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(style))
        return ar_reason_set(in->reason, -EINVAL,
                             "%s: metadata: style is '%s', must be made of a-z, 0-9 and _",
                             in->file, ar_json_quote(style).text);
    return 0;
}

static int read_trainer_macs(const struct opening *in)
{
    struct ar_model *model = in->model;
    const char *text = meta(in, "macs_640x360");
    char where[sizeof(in->reason->text)];
    json_t *list;
    bool whole;
    int ret;

    snprintf(where, sizeof(where), "%s: metadata: macs_640x360", in->file);
    if (!text)
        return ar_reason_set(in->reason, -EINVAL, "%s is missing", where);
    ret = ar_json_load(&list, where, text, strlen(text), in->reason);
    if (ret < 0)
        return ret;
    whole = json_array_size(list) == model->n_rungs;
    for (uint32_t r = 0; whole && r < model->n_rungs; r++) {
        json_int_t count = json_integer_value(json_array_get(list, r));

        whole = count > 0;
        model->info.trainer_macs[r] = (uint64_t)count;
    }
    json_decref(list);
    if (whole)
        return 0;
    return ar_reason_set(in->reason, -EINVAL, "%s must be a list of %u counts, one per width",
                         where, model->n_rungs);
}

/* Sizes that a tensor's dimension is held against. */
enum dim {
    DIM_END,
    DIM_ONE,
    DIM_RUNGS,
    DIM_INPUTS,
    DIM_OUTPUTS,
    DIM_KERNEL,
    DIM_KERNEL2,
    DIM_GATE,
};

static uint32_t dim_size(const struct ar_model *model, const struct ar_layer *layer,
                         enum dim dim)
{
    const uint32_t sizes[] = {
        [DIM_END] = 0,
        [DIM_ONE] = 1,
        [DIM_RUNGS] = model->n_rungs,
        [DIM_INPUTS] = layer->max_inputs,
        [DIM_OUTPUTS] = layer->max_outputs,
        [DIM_KERNEL] = layer->kernel,
        [DIM_KERNEL2] = layer->kernel2,
        [DIM_GATE] = layer->gate,
    };

    return sizes[dim];
}

static bool has_result(const struct ar_layer *layer)
{
    return true;
}

static bool is_dense(const struct ar_layer *layer)
{
    return layer->op == AR_LAYER_CONV;
}

static bool is_separable(const struct ar_layer *layer)
{
    return layer->op == AR_LAYER_SEPARABLE;
}

static bool has_matrix(const struct ar_layer *layer)
{
    return layer->op == AR_LAYER_SEPARABLE || layer->op == AR_LAYER_POINTWISE;
}

static bool has_depthwise(const struct ar_layer *layer)
{
    return layer->op == AR_LAYER_SEPARABLE || layer->op == AR_LAYER_DEPTHWISE;
}

static bool has_branch2(const struct ar_layer *layer)
{
    return layer->kernel2 != 0;
}

static bool has_gate(const struct ar_layer *layer)
{
    return layer->gate != 0;
}

static bool is_batch(const struct ar_layer *layer)
{
    return layer->norm == AR_LAYER_NORM_BATCH;
}

static bool is_instance(const struct ar_layer *layer)
{
    return layer->norm == AR_LAYER_NORM_INSTANCE;
}

static bool has_one_bias(const struct ar_layer *layer)
{
    return layer->op != AR_LAYER_SHUFFLE && !is_batch(layer);
}

/*
 * doc/MODEL-FORMAT.md, "Tensors": NAME.suffix, which layers have it, its shape, where its view
 * goes.
 */
static const struct slot {
    const char *suffix;
    bool (*wanted)(const struct ar_layer *layer);
    enum dim dims[AR_SAFETENSORS_MAX_DIMS];
    size_t offset;
} slots[] = {
    { "weight",
      is_dense,
      { DIM_OUTPUTS, DIM_INPUTS, DIM_KERNEL, DIM_KERNEL },
      offsetof(struct ar_layer, weight) },
    { "weight", has_matrix, { DIM_OUTPUTS, DIM_INPUTS }, offsetof(struct ar_layer, weight) },
    { "weight2", has_branch2, { DIM_OUTPUTS, DIM_INPUTS }, offsetof(struct ar_layer, weight2) },
    { "dw",
      has_depthwise,
      { DIM_INPUTS, DIM_KERNEL, DIM_KERNEL },
      offsetof(struct ar_layer, dw) },
    { "dw2",
      has_branch2,
      { DIM_INPUTS, DIM_KERNEL2, DIM_KERNEL2 },
      offsetof(struct ar_layer, dw2) },
    { "gate1", has_gate, { DIM_GATE, DIM_INPUTS }, offsetof(struct ar_layer, gate1) },
    { "gate1_bias", has_gate, { DIM_GATE }, offsetof(struct ar_layer, gate1_bias) },
    { "gate2", has_gate, { DIM_INPUTS, DIM_GATE }, offsetof(struct ar_layer, gate2) },
    { "gate2_bias", has_gate, { DIM_INPUTS }, offsetof(struct ar_layer, gate2_bias) },
    { "scale", is_batch, { DIM_RUNGS, DIM_OUTPUTS }, offsetof(struct ar_layer, scale) },
    { "bias", is_batch, { DIM_RUNGS, DIM_OUTPUTS }, offsetof(struct ar_layer, bias) },
    { "scale", is_instance, { DIM_ONE, DIM_OUTPUTS }, offsetof(struct ar_layer, scale) },
    { "bias", has_one_bias, { DIM_ONE, DIM_OUTPUTS }, offsetof(struct ar_layer, bias) },
    { "range", has_result, { DIM_RUNGS }, offsetof(struct ar_layer, range) },
    { "dw_range", is_separable, { DIM_RUNGS }, offsetof(struct ar_layer, dw_range) },
    { "dw2_range", has_branch2, { DIM_RUNGS }, offsetof(struct ar_layer, dw2_range) },
};

/* A plain list of one value per width is an int8 range: there for all layers or for none. */
static bool is_range(const struct slot *slot)
{
    return slot->dims[0] == DIM_RUNGS && slot->dims[1] == DIM_END;
}

struct tensor {
    char name[AR_MODEL_NAME_MAX + 16];
    int index; /* negative: not in the file */
    struct ar_safetensors_view view;
};

static struct tensor find_tensor(const struct opening *in, const struct ar_layer *layer,
                                 const struct slot *slot)
{
    struct tensor tensor = { "" };

    snprintf(tensor.name, sizeof(tensor.name), "%s.%s", layer->name, slot->suffix);
    tensor.index = ar_safetensors_find(in->model->file, tensor.name, &tensor.view);
    return tensor;
}

static int check_dims(const struct opening *in, const struct tensor *tensor,
                      const struct ar_layer *layer, const struct slot *slot)
{
    const struct ar_safetensors_view *view = &tensor->view;
    uint32_t rank = 0;

    while (rank < AR_SAFETENSORS_MAX_DIMS && slot->dims[rank] != DIM_END)
        rank++;
    if (view->n_dims != rank)
        return ar_reason_set(in->reason, -EINVAL, "%s: tensor '%s': rank is %u, must be %u",
                             in->file, tensor->name, view->n_dims, rank);
    for (uint32_t i = 0; i < rank; i++) {
        uint32_t size = dim_size(in->model, layer, slot->dims[i]);

        if (view->dims[i] != size)
            return ar_reason_set(in->reason, -EINVAL,
                                 "%s: tensor '%s': dimension %u is %u, must be %u", in->file,
                                 tensor->name, i, view->dims[i], size);
    }
    return 0;
}

/* Tables per width end in zeros where the width has fewer channels. */
static int check_tail(const struct opening *in, const struct tensor *tensor,
                      const struct ar_layer *layer, const struct slot *slot)
{
    if (slot->dims[0] != DIM_RUNGS || is_range(slot))
        return 0;
    for (uint32_t r = 0; r < in->model->n_rungs; r++)
        for (uint32_t c = layer->channels[r]; c < layer->max_outputs; c++)
            if (tensor->view.data[r * layer->max_outputs + c] != 0)
                return ar_reason_set(in->reason, -EINVAL,
                                     "%s: tensor '%s': channel %u at width %g must be 0, that "
                                     "width has %u channels",
                                     in->file, tensor->name, c, in->model->widths[r],
                                     layer->channels[r]);
    return 0;
}

static int check_range(const struct opening *in, const struct tensor *tensor,
                       const struct slot *slot)
{
    if (!is_range(slot))
        return 0;
    for (uint32_t r = 0; r < in->model->n_rungs; r++)
        if (tensor->view.data[r] <= 0)
            return ar_reason_set(in->reason, -EINVAL,
                                 "%s: tensor '%s': is %g at width %g, must be above 0",
                                 in->file, tensor->name, (double)tensor->view.data[r],
                                 in->model->widths[r]);
    return 0;
}

static int bind_slot(const struct opening *in, struct ar_layer *layer, const struct slot *slot,
                     bool *used)
{
    const struct tensor tensor = find_tensor(in, layer, slot);
    int ret;

    if (tensor.index < 0)
        return ar_reason_set(in->reason, -EINVAL, "%s: tensor '%s': is missing%s", in->file,
                             tensor.name,
                             is_range(slot) ? ", other int8 ranges are there" : "");
    ret = check_dims(in, &tensor, layer, slot);
    if (ret < 0)
        return ret;
    ret = check_tail(in, &tensor, layer, slot);
    if (ret < 0)
        return ret;
    ret = check_range(in, &tensor, slot);
    if (ret < 0)
        return ret;
    used[tensor.index] = true;
    memcpy((char *)layer + slot->offset, &tensor.view.data, sizeof(tensor.view.data));
    return 0;
}

static bool is_wanted(const struct opening *in, const struct ar_layer *layer,
                      const struct slot *slot)
{
    return slot->wanted(layer) && (in->model->has_int8_ranges || !is_range(slot));
}

/* One is enough: then the others must be there. */
static bool has_a_range(const struct opening *in)
{
    for (uint32_t i = 0; i < in->model->n_layers; i++) {
        const struct ar_layer *layer = &in->model->layers[i];

        for (size_t s = 0; s < AR_ARRAY_LEN(slots); s++)
            if (is_range(&slots[s]) && slots[s].wanted(layer) &&
                find_tensor(in, layer, &slots[s]).index >= 0)
                return true;
    }
    return false;
}

static int bind_layers(const struct opening *in, bool *used)
{
    for (uint32_t i = 0; i < in->model->n_layers; i++) {
        struct ar_layer *layer = &in->model->layers[i];

        for (size_t s = 0; s < AR_ARRAY_LEN(slots); s++) {
            int ret =
                is_wanted(in, layer, &slots[s]) ? bind_slot(in, layer, &slots[s], used) : 0;

            if (ret < 0)
                return ret;
        }
    }
    return 0;
}

static int bind_tensors(const struct opening *in)
{
    uint32_t n_tensors = ar_safetensors_count(in->model->file);
    bool *used = calloc(n_tensors, sizeof(*used));
    int ret;

    if (!used)
        return ar_reason_set_err(in->reason, -ENOMEM, "%s", in->file);
    in->model->has_int8_ranges = has_a_range(in);
    ret = bind_layers(in, used);
    for (uint32_t i = 0; ret == 0 && i < n_tensors; i++)
        if (!used[i])
            ret = ar_reason_set(in->reason, -EINVAL,
                                "%s: tensor '%s': belongs to no layer, must not be there",
                                in->file, ar_safetensors_name(in->model->file, i));
    free(used);
    return ret;
}

static int read_architecture(const struct opening *in)
{
    const char *text = meta(in, "architecture");

    if (!text)
        return ar_reason_set(in->reason, -EINVAL, "%s: metadata: architecture is missing",
                             in->file);
    return ar_architecture_parse(in->model, in->file, text, in->reason);
}

static int check_graph(const struct opening *in)
{
    return ar_graph_check(in->model, in->file, in->reason);
}

/* Takes `container`. */
static int build(struct ar_model **out, struct ar_safetensors *container, const char *file,
                 struct ar_reason *reason)
{
    static int (*const steps[])(const struct opening *in) = { check_format,      read_texts,
                                                              read_architecture, check_graph,
                                                              read_trainer_macs, bind_tensors };
    struct ar_model *model = calloc(1, sizeof(*model));
    const struct opening in = { model, file, reason };

    if (!model) {
        ar_safetensors_close(container);
        return ar_reason_set_err(reason, -ENOMEM, "%s", file);
    }
    model->file = container;
    model->info.hash = ar_safetensors_hash(container);
    for (size_t i = 0; i < AR_ARRAY_LEN(steps); i++) {
        int ret = steps[i](&in);

        if (ret < 0) {
            ar_model_close(model);
            return ret;
        }
    }
    *out = model;
    return 0;
}

int ar_model_open(struct ar_model **out, const char *path, struct ar_reason *reason)
{
    struct ar_safetensors *container;
    int ret = ar_safetensors_open(&container, path, reason);

    *out = NULL;
    return ret < 0 ? ret : build(out, container, path, reason);
}

int ar_model_parse(struct ar_model **out, const char *name, const void *bytes, size_t size_b,
                   struct ar_reason *reason)
{
    struct ar_safetensors *container;
    int ret = ar_safetensors_parse(&container, name, bytes, size_b, reason);

    *out = NULL;
    return ret < 0 ? ret : build(out, container, name, reason);
}

void ar_model_close(struct ar_model *model)
{
    if (!model)
        return;
    ar_safetensors_close(model->file);
    free(model);
}

uint32_t ar_model_n_planes(const struct ar_model *model)
{
    return model->layout.planes == AR_IMAGE_YUV420 ? 6 : 3;
}

uint32_t ar_model_planes_shift(const struct ar_model *model)
{
    return model->layout.planes == AR_IMAGE_YUV420 ? 1 : 0;
}

uint32_t ar_model_channels(const struct ar_model *model, int32_t index, uint32_t rung)
{
    assert(rung < model->n_rungs);
    assert(index >= AR_LAYER_PLANES && index < (int32_t)model->n_layers);
    return index == AR_LAYER_PLANES ? ar_model_n_planes(model)
                                    : model->layers[index].channels[rung];
}
