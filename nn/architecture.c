/* SPDX-License-Identifier: MIT */
#include "nn/architecture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "nn/json.h"

#define MAX_KERNEL 5u

struct parser {
    struct ar_model *model;
    const char *file;
    struct ar_reason *reason;
    char where[AR_MODEL_NAME_MAX + 16]; /* "architecture", "layer 'stem'" */
};

/* One key of a JSON object, and the member of `object` that it fills. */
struct key {
    const char *name;
    int (*parse)(struct parser *parser, const struct key *key, const json_t *value,
                 void *object);
    size_t offset;
    double low, high;           /* parse_number, parse_real */
    const char *const *choices; /* parse_choice: NULL at the end, positions are the enum's */
    bool optional;
};

static void *member(const struct key *key, void *object)
{
    return (char *)object + key->offset;
}

static int refuse(const struct parser *parser, const struct key *key, const json_t *found,
                  const char *rule)
{
    return ar_reason_set(parser->reason, -EINVAL, "%s: %s: '%s' is %s, must be %s",
                         parser->file, parser->where, key->name, ar_json_describe(found).text,
                         rule);
}

static int parse_number(struct parser *parser, const struct key *key, const json_t *value,
                        void *object)
{
    json_int_t number = json_integer_value(value);
    char rule[64];

    if (json_is_integer(value) && (double)number >= key->low && (double)number <= key->high) {
        memcpy(member(key, object), &(uint32_t){ (uint32_t)number }, sizeof(uint32_t));
        return 0;
    }
    snprintf(rule, sizeof(rule), "an integer from %.0f to %.0f", key->low, key->high);
    return refuse(parser, key, value, rule);
}

static int parse_real(struct parser *parser, const struct key *key, const json_t *value,
                      void *object)
{
    double number = json_number_value(value);
    char rule[64];

    if (json_is_number(value) && number >= key->low && number <= key->high) {
        memcpy(member(key, object), &(float){ (float)number }, sizeof(float));
        return 0;
    }
    snprintf(rule, sizeof(rule), "a number from %g to %g", key->low, key->high);
    return refuse(parser, key, value, rule);
}

static int parse_flag(struct parser *parser, const struct key *key, const json_t *value,
                      void *object)
{
    if (!json_is_boolean(value))
        return refuse(parser, key, value, "true or false");
    memcpy(member(key, object), &(bool){ json_is_true(value) }, sizeof(bool));
    return 0;
}

static int parse_choice(struct parser *parser, const struct key *key, const json_t *value,
                        void *object)
{
    const char *found = json_is_string(value) ? json_string_value(value) : "";
    char rule[96] = "one of";

    for (uint32_t i = 0; key->choices[i]; i++) {
        size_t used = strlen(rule);

        if (strcmp(found, key->choices[i]) == 0) {
            /* An enum without negative values has the size of unsigned. */
            memcpy(member(key, object), &i, sizeof(i));
            return 0;
        }
        snprintf(rule + used, sizeof(rule) - used, " %s", key->choices[i]);
    }
    return refuse(parser, key, value, rule);
}

static int32_t find_layer(const struct ar_model *model, const char *name)
{
    for (uint32_t i = 0; i < model->n_layers; i++)
        if (strcmp(model->layers[i].name, name) == 0)
            return (int32_t)i;
    return strcmp(name, "planes") == 0 ? AR_LAYER_PLANES : AR_LAYER_NONE;
}

static int parse_name(struct parser *parser, const struct key *key, const json_t *value,
                      void *object)
{
    const char *name = json_is_string(value) ? json_string_value(value) : "";
    size_t length = strlen(name);

    if (length < 1 || length >= AR_MODEL_NAME_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != length)
        return refuse(parser, key, value, "1 to 31 characters of a-z, 0-9 and _");
    if (find_layer(parser->model, name) != AR_LAYER_NONE)
        return refuse(parser, key, value, "another: it is taken");
    memcpy(member(key, object), name, length + 1);
    snprintf(parser->where, sizeof(parser->where), "layer '%s'", name);
    return 0;
}

/* Layers are looked up among those already parsed, so a reference can only point backwards. */
static int parse_source(struct parser *parser, const struct key *key, const json_t *value,
                        void *object)
{
    int32_t index = AR_LAYER_NONE;

    if (json_is_string(value))
        index = find_layer(parser->model, json_string_value(value));
    if (index == AR_LAYER_NONE)
        return refuse(parser, key, value, "the name of an earlier layer, or planes");
    memcpy(member(key, object), &index, sizeof(index));
    return 0;
}

static int parse_channels(struct parser *parser, const struct key *key, const json_t *value,
                          void *object)
{
    const struct ar_model *model = parser->model;
    uint32_t *channels = member(key, object);
    char rule[64];

    snprintf(rule, sizeof(rule), "a list of %u, one per width", model->n_rungs);
    if (json_array_size(value) != model->n_rungs)
        return refuse(parser, key, value, rule);
    snprintf(rule, sizeof(rule), "integers from 1 to %d, ascending", AR_MODEL_MAX_CHANNELS);
    for (uint32_t r = 0; r < model->n_rungs; r++) {
        const json_t *item = json_array_get(value, r);
        json_int_t count = json_integer_value(item); /* 0 for what is no integer */

        if (count < 1 || count > AR_MODEL_MAX_CHANNELS || (r > 0 && count < channels[r - 1]))
            return refuse(parser, key, item, rule);
        channels[r] = (uint32_t)count;
    }
    return 0;
}

static int parse_offsets(struct parser *parser, const struct key *key, const json_t *value,
                         void *object)
{
    struct ar_image_layout *layout = member(key, object);
    uint32_t n_planes = ar_model_n_planes(parser->model);
    char rule[64];

    snprintf(rule, sizeof(rule), "a list of %u numbers from -16 to 16", n_planes);
    if (json_array_size(value) != n_planes)
        return refuse(parser, key, value, rule);
    for (uint32_t i = 0; i < n_planes; i++) {
        const json_t *item = json_array_get(value, i);
        double offset = json_number_value(item);

        if (!json_is_number(item) || offset < -16 || offset > 16)
            return refuse(parser, key, item, rule);
        layout->offset[i] = (float)offset;
    }
    return 0;
}

static int parse_widths(struct parser *parser, const struct key *key, const json_t *value,
                        void *object)
{
    struct ar_model *model = member(key, object);
    size_t n_rungs = json_array_size(value);

    if (n_rungs < 1 || n_rungs > AR_MODEL_MAX_RUNGS)
        return refuse(parser, key, value, "a list of 1 to 32 numbers");
    for (size_t r = 0; r < n_rungs; r++) {
        const json_t *item = json_array_get(value, r);
        double width = json_number_value(item);

        if (!json_is_number(item) || width <= 0 || width > 1 ||
            (r > 0 && width <= model->widths[r - 1]))
            return refuse(parser, key, item, "numbers above 0 and up to 1, ascending");
        model->widths[r] = width;
    }
    model->n_rungs = (uint32_t)n_rungs;
    return 0;
}

static const struct key *find_key(const struct key *keys, size_t n_keys, const char *name)
{
    for (size_t i = 0; i < n_keys; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/*
 * Fills `object` in the order of the table, which is why `planes` stands before `offset` there.
 */
static int parse_object(struct parser *parser, const struct key *keys, size_t n_keys,
                        json_t *json, void *object)
{
    const char *name;
    json_t *value;

    if (!json_is_object(json))
        return ar_reason_set(parser->reason, -EINVAL, "%s: %s: is %s, must be an object",
                             parser->file, parser->where, ar_json_describe(json).text);
    for (size_t i = 0; i < n_keys; i++) {
        int ret;

        value = json_object_get(json, keys[i].name);
        if (!value && keys[i].optional)
            continue;
        ret = keys[i].parse(parser, &keys[i], value, object);
        if (ret < 0)
            return ret;
    }
    json_object_foreach(json, name, value)
    {
        if (!find_key(keys, n_keys, name))
            return ar_reason_set(parser->reason, -EINVAL, "%s: %s: unknown key '%s'",
                                 parser->file, parser->where, ar_json_quote(name).text);
    }
    return 0;
}

static const char *const ops[] = {
    [AR_LAYER_CONV] = "conv",           [AR_LAYER_SEPARABLE] = "separable",
    [AR_LAYER_POINTWISE] = "pointwise", [AR_LAYER_DEPTHWISE] = "depthwise",
    [AR_LAYER_SHUFFLE] = "shuffle",     [AR_LAYER_N_OPS] = NULL,
};

static const char *const norms[] = {
    [AR_LAYER_NORM_NONE] = "none",
    [AR_LAYER_NORM_BATCH] = "batch",
    [AR_LAYER_NORM_INSTANCE] = "instance",
    [AR_LAYER_N_NORMS] = NULL,
};

/* clang-format off */
static const struct key layer_keys[] = {
    { "name", parse_name, offsetof(struct ar_layer, name) },
    { "op", parse_choice, offsetof(struct ar_layer, op), .choices = ops },
    { "input", parse_source, offsetof(struct ar_layer, input) },
    { "segment", parse_number, offsetof(struct ar_layer, segment),
      0, AR_MODEL_MAX_SEGMENTS - 1 },
    { "channels", parse_channels, offsetof(struct ar_layer, channels) },
    { "kernel", parse_number, offsetof(struct ar_layer, kernel),
      1, MAX_KERNEL, .optional = true },
    { "kernel2", parse_number, offsetof(struct ar_layer, kernel2),
      0, MAX_KERNEL, .optional = true },
    { "stride", parse_number, offsetof(struct ar_layer, stride), 1, 2, .optional = true },
    { "norm", parse_choice, offsetof(struct ar_layer, norm),
      .choices = norms, .optional = true },
    { "relu", parse_flag, offsetof(struct ar_layer, relu), .optional = true },
    { "upsample", parse_flag, offsetof(struct ar_layer, upsample), .optional = true },
    { "add", parse_source, offsetof(struct ar_layer, add), .optional = true },
    { "gate", parse_number, offsetof(struct ar_layer, gate),
      0, AR_MODEL_MAX_CHANNELS, .optional = true },
    { "gate_previous", parse_flag, offsetof(struct ar_layer, gate_previous), .optional = true },
};
/* clang-format on */

static int parse_layers(struct parser *parser, const struct key *key, const json_t *value,
                        void *object)
{
    struct ar_model *model = member(key, object);
    size_t n_layers = json_array_size(value);

    if (n_layers < 1 || n_layers > AR_MODEL_MAX_LAYERS)
        return refuse(parser, key, value, "a list of 1 to 64 layers");
    for (size_t i = 0; i < n_layers; i++) {
        struct ar_layer *layer = &model->layers[i];
        int ret;

        layer->add = AR_LAYER_NONE;
        layer->stride = 1;
        snprintf(parser->where, sizeof(parser->where), "layer %zu", i);
        ret = parse_object(parser, layer_keys, AR_ARRAY_LEN(layer_keys),
                           json_array_get(value, i), layer);
        if (ret < 0)
            return ret;
        model->n_layers++;
    }
    snprintf(parser->where, sizeof(parser->where), "architecture");
    return 0;
}

static const char *const planes[] = {
    [AR_IMAGE_YUV420] = "yuv420", [AR_IMAGE_RGB] = "rgb", NULL
};
static const char *const borders[] = {
    [AR_LAYER_REPLICATE] = "replicate", [AR_LAYER_REFLECT] = "reflect", NULL
};

/* clang-format off */
static const struct key model_keys[] = {
    { "planes", parse_choice, offsetof(struct ar_model, layout.planes), .choices = planes },
    { "offset", parse_offsets, offsetof(struct ar_model, layout) },
    { "gain", parse_real, offsetof(struct ar_model, layout.gain), 0.001, 1000 },
    { "border", parse_choice, offsetof(struct ar_model, border), .choices = borders },
    { "instance_rate", parse_real, offsetof(struct ar_model, instance_rate), 0.001, 1 },
    { "widths", parse_widths, 0 },
    { "layers", parse_layers, 0 },
};
/* clang-format on */

int ar_architecture_parse(struct ar_model *model, const char *file, const char *text,
                          struct ar_reason *reason)
{
    struct parser parser = { model, file, reason, "architecture" };
    char where[sizeof(reason->text)];
    json_t *json;
    int ret;

    snprintf(where, sizeof(where), "%s: architecture", file);
    ret = ar_json_load(&json, where, text, strlen(text), reason);
    if (ret < 0)
        return ret;
    ret = parse_object(&parser, model_keys, AR_ARRAY_LEN(model_keys), json, model);
    json_decref(json);
    return ret;
}
