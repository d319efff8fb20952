/* SPDX-License-Identifier: MIT */
#include "tests/unit/nn_maker.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nn_style.h"

#define MAX_SHIFT 4
#define MAX_BODY  10

struct made {
    char name[8];
    uint32_t shift;
    uint32_t segment;
    uint32_t channels[3];
};

struct maker {
    struct nn_random random;
    json_t *layers;
    bool rgb;
    uint32_t n_rungs;
    uint32_t segment;
    uint32_t n_made;
    struct made made[MAX_BODY + 4];
};

static uint32_t below(struct maker *maker, uint32_t limit)
{
    return nn_random_below(&maker->random, limit);
}

/* The planes are made[0]. */
static struct made planes_of(const struct maker *maker)
{
    const uint32_t n = maker->rgb ? 3 : 6;

    return (struct made){ "planes", maker->rgb ? 0 : 1, 0, { n, n, n } };
}

static json_t *channel_list(const struct maker *maker, const uint32_t *channels)
{
    json_t *list = json_array();

    for (uint32_t r = 0; r < maker->n_rungs; r++)
        json_array_append_new(list, json_integer(channels[r]));
    return list;
}

static void draw_channels(struct maker *maker, uint32_t *channels)
{
    uint32_t count = 8;

    for (uint32_t r = 0; r < maker->n_rungs; r++) {
        channels[r] = count;
        count += 8 * below(maker, 3);
    }
}

/* An earlier result of this size, or NULL. */
static const struct made *draw_add(struct maker *maker, uint32_t shift)
{
    const uint32_t start = below(maker, maker->n_made);

    for (uint32_t i = 0; i < maker->n_made; i++) {
        const struct made *made = &maker->made[(start + i) % maker->n_made];

        if (made->shift == shift)
            return made;
    }
    return NULL;
}

static json_t *begin_layer(struct maker *maker, struct made *made, const char *op,
                           const struct made *input)
{
    snprintf(made->name, sizeof(made->name), "l%u", maker->n_made);
    made->segment = maker->segment;
    made->shift = input->shift;
    return json_pack("{s:s, s:s, s:s, s:i}", "name", made->name, "op", op, "input", input->name,
                     "segment", (int)maker->segment);
}

static void set(json_t *layer, const char *key, uint32_t value)
{
    json_object_set_new(layer, key, json_integer(value));
}

static void draw_norm(struct maker *maker, json_t *layer)
{
    static const char *const norms[] = { "none", "batch", "instance", "instance" };

    json_object_set_new(layer, "norm", json_string(norms[below(maker, 4)]));
    json_object_set_new(layer, "relu", json_boolean(below(maker, 2)));
}

static void draw_extras(struct maker *maker, json_t *layer)
{
    const uint32_t drawn = below(maker, 6);

    if (drawn <= 1)
        set(layer, "kernel2", 3 + 2 * below(maker, 2));
    if (drawn >= 2 && drawn <= 4) {
        set(layer, "gate", 1 + below(maker, 5));
        json_object_set_new(layer, "gate_previous", json_boolean(drawn >= 3));
    }
}

/* Takes `layer`. */
static void end_layer(struct maker *maker, json_t *layer, const struct made *made)
{
    const struct made *add = below(maker, 2) ? draw_add(maker, made->shift) : NULL;

    json_object_set_new(layer, "channels", channel_list(maker, made->channels));
    if (add)
        json_object_set_new(layer, "add", json_string(add->name));
    json_array_append_new(maker->layers, layer);
    maker->made[maker->n_made++] = *made;
}

static bool may_be_each(const struct maker *maker, const struct made *input)
{
    return input->segment == maker->segment ||
           input->channels[0] == input->channels[maker->n_rungs - 1];
}

static void draw_body_layer(struct maker *maker)
{
    static const char *const ops[] = { "conv", "separable", "separable", "pointwise",
                                       "depthwise" };
    const struct made input = maker->made[maker->n_made - 1];
    const uint32_t planes_shift = maker->made[0].shift;
    const char *op =
        ops[below(maker, maker->n_made == 1 || !may_be_each(maker, &input) ? 4 : 5)];
    const bool filters = strcmp(op, "pointwise") != 0;
    struct made made = { "" };
    json_t *layer = begin_layer(maker, &made, op, &input);

    if (strcmp(op, "depthwise") == 0)
        memcpy(made.channels, input.channels, sizeof(made.channels));
    else
        draw_channels(maker, made.channels);
    if (filters)
        set(layer, "kernel", 3 + 2 * below(maker, 2));
    if (filters && made.shift < MAX_SHIFT && below(maker, 2)) {
        set(layer, "stride", 2);
        made.shift++;
    }
    if (strcmp(op, "separable") == 0)
        draw_extras(maker, layer);
    draw_norm(maker, layer);
    if (made.shift > planes_shift && below(maker, 3) == 0) {
        json_object_set_new(layer, "upsample", json_true());
        made.shift--;
    }
    end_layer(maker, layer, &made);
}

/* Back up to the planes' size, then to their channels; through a shuffle half of the time. */
static void add_tail(struct maker *maker)
{
    const struct made planes = maker->made[0];
    const bool shuffles = below(maker, 2);
    const uint32_t shift = planes.shift + shuffles;
    struct made made = maker->made[maker->n_made - 1];
    json_t *layer;

    while (made.shift != shift) {
        const struct made input = made;

        layer =
            begin_layer(maker, &made, made.shift > shift ? "pointwise" : "separable", &input);
        draw_channels(maker, made.channels);
        if (made.shift > shift)
            json_object_set_new(layer, "upsample", json_true());
        else
            set(layer, "stride", 2);
        made.shift = made.shift > shift ? made.shift - 1 : made.shift + 1;
        end_layer(maker, layer, &made);
    }
    const struct made body = made;

    layer = begin_layer(maker, &made, "conv", &body);
    for (uint32_t r = 0; r < 3; r++)
        made.channels[r] = planes.channels[0] * (shuffles ? 4 : 1);
    end_layer(maker, layer, &made);
    if (shuffles) {
        const struct made head = made;

        layer = begin_layer(maker, &made, "shuffle", &head);
        memcpy(made.channels, planes.channels, sizeof(made.channels));
        made.shift = planes.shift;
        json_object_set_new(layer, "relu", json_boolean(below(maker, 4) == 0));
        end_layer(maker, layer, &made);
    }
}

static char *draw_architecture(struct maker *maker)
{
    const uint32_t n_body = 2 + below(maker, MAX_BODY - 5);
    json_t *widths = json_array();
    json_t *offsets = json_array();
    json_t *root;
    char *text;

    for (uint32_t r = 0; r < maker->n_rungs; r++)
        json_array_append_new(widths, json_real((r + 1.0) / maker->n_rungs));
    for (uint32_t i = 0; i < maker->made[0].channels[0]; i++)
        json_array_append_new(offsets, json_real(0.45));
    for (uint32_t i = 0; i < n_body; i++) {
        if (i == n_body - 1 || (i > 0 && below(maker, 3) == 0))
            maker->segment++;
        draw_body_layer(maker);
    }
    add_tail(maker);
    root = json_pack("{s:s, s:o, s:f, s:s, s:f, s:o, s:o}", "planes",
                     maker->rgb ? "rgb" : "yuv420", "offset", offsets, "gain", 4.0, "border",
                     below(maker, 2) ? "reflect" : "replicate", "instance_rate", 0.25, "widths",
                     widths, "layers", maker->layers);
    text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

struct ar_model *nn_maker_model(uint64_t seed)
{
    struct maker maker = { .random = nn_random_seed(seed), .layers = json_array() };
    struct ar_reason reason = { "" };
    struct nn_style style;
    struct ar_model *model;
    uint8_t *bytes;
    char *text;
    size_t size_b;

    maker.rgb = below(&maker, 3) == 0;
    maker.n_rungs = 1 + below(&maker, 3);
    maker.made[0] = planes_of(&maker);
    maker.n_made = 1;
    text = draw_architecture(&maker);
    nn_style_init(&style, text, seed);
    bytes = nn_style_bytes(&style, &size_b);
    if (ar_model_parse(&model, "drawn", bytes, size_b, &reason) < 0) {
        fprintf(stderr, "nn_maker: seed %llu: %s\n%s\n", (unsigned long long)seed, reason.text,
                text);
        abort();
    }
    free(bytes);
    free(text);
    nn_style_finish(&style);
    return model;
}

/* In int8 the nearest byte. */
static void set_pixel(const struct ar_net *net, uint32_t plane, uint32_t y, uint32_t x,
                      float value)
{
    const struct ar_image_layout *layout = &ar_net_model(net)->layout;
    const struct ar_tensor8 *planes8 = ar_net_planes8(net);
    const float level = (value / layout->gain + layout->offset[plane]) * 255.0F;

    if (planes8)
        ar_tensor8_row(planes8, y)[plane / 4 * planes8->plane_stride + 4 * x + plane % 4] =
            (uint8_t)fminf(fmaxf(rintf(level), 0.0F), 255.0F);
    else
        ar_tensor_plane(ar_net_planes(net), y, plane)[x] = value;
}

void nn_maker_planes(const struct ar_net *net, uint64_t seed)
{
    const uint32_t n_planes = ar_model_n_planes(ar_net_model(net));
    const uint32_t width = ar_net_planes_width(net);
    const uint32_t height = ar_net_planes_height(net);
    struct nn_random random = nn_random_seed(seed);
    const double slope = nn_random_normal(&random) / width;
    const double mean = nn_random_normal(&random) / 2;

    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_planes; c++)
                set_pixel(net, c, y, x,
                          (float)(mean + slope * x + 0.7 * nn_random_normal(&random)));
    }
    ar_net_finish_rows(net, 0, height);
}
