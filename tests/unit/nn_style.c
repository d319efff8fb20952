/* SPDX-License-Identifier: MIT */
#include "tests/unit/nn_style.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "nn_style: %s\n", what);
    abort();
}

/* splitmix64 */
static uint64_t next(struct nn_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct nn_random nn_random_seed(uint64_t seed)
{
    return (struct nn_random){ seed };
}

uint32_t nn_random_below(struct nn_random *random, uint32_t limit)
{
    return (uint32_t)((next(random) >> 32) * limit >> 32);
}

double nn_random_normal(struct nn_random *random)
{
    double sum = 0;

    /* Twelve uniform numbers: variance 1. */
    for (int i = 0; i < 12; i++)
        sum += (double)(next(random) >> 11) * 0x1p-53;
    return sum - 6;
}

json_t *nn_style_tensor(const struct nn_style *style, const char *name)
{
    json_t *entry = json_object_get(style->header, name);

    demand(entry != NULL, name);
    return entry;
}

json_t *nn_style_meta(const struct nn_style *style)
{
    return nn_style_tensor(style, "__metadata__");
}

float *nn_style_values(const struct nn_style *style, const char *name)
{
    const json_t *offsets = json_object_get(nn_style_tensor(style, name), "data_offsets");

    return style->data + (size_t)json_integer_value(json_array_get(offsets, 0)) / sizeof(float);
}

float *nn_style_add(struct nn_style *style, const char *name, const uint32_t *dims,
                    uint32_t n_dims)
{
    const size_t first = style->n_values;
    json_int_t begin_b;
    json_int_t end_b;
    size_t count = 1;
    json_t *shape = json_array();

    for (uint32_t i = 0; i < n_dims; i++) {
        count *= dims[i];
        json_array_append_new(shape, json_integer(dims[i]));
    }
    style->n_values += count;
    style->data = realloc(style->data, style->n_values * sizeof(float));
    demand(style->data != NULL, "no memory");
    begin_b = (json_int_t)first * (json_int_t)sizeof(float);
    end_b = (json_int_t)style->n_values * (json_int_t)sizeof(float);
    json_object_set_new(style->header, name,
                        json_pack("{s:s, s:o, s:[I,I]}", "dtype", "F32", "shape", shape,
                                  "data_offsets", begin_b, end_b));
    return style->data + first;
}

static uint32_t number(const json_t *layer, const char *key, uint32_t otherwise)
{
    const json_t *value = json_object_get(layer, key);

    return value ? (uint32_t)json_integer_value(value) : otherwise;
}

static const char *string(const json_t *layer, const char *key)
{
    const char *value = json_string_value(json_object_get(layer, key));

    return value ? value : "";
}

static uint32_t widest(const json_t *channels)
{
    return (uint32_t)json_integer_value(
        json_array_get(channels, json_array_size(channels) - 1));
}

static uint32_t source_channels(const json_t *architecture, const char *name)
{
    size_t i;
    json_t *layer;

    json_array_foreach(json_object_get(architecture, "layers"), i,
                       layer) if (strcmp(string(layer, "name"), name) ==
                                  0) return widest(json_object_get(layer, "channels"));
    return strcmp(string(architecture, "planes"), "rgb") == 0 ? 3 : 6;
}

struct filler {
    struct nn_style *style;
    struct nn_random random;
    const char *layer;
};

/* Dimensions of 0 end the list. */
static float *add(struct filler *filler, const char *suffix, uint32_t a, uint32_t b, uint32_t c,
                  uint32_t d)
{
    const uint32_t dims[] = { a, b, c, d };
    uint32_t rank = 0;
    char name[64];

    while (rank < 4 && dims[rank] != 0)
        rank++;
    snprintf(name, sizeof(name), "%s.%s", filler->layer, suffix);
    return nn_style_add(filler->style, name, dims, rank);
}

static void fill(struct filler *filler, float *values, uint32_t count, double mean,
                 double spread)
{
    for (uint32_t i = 0; i < count; i++)
        values[i] = (float)(mean + spread * nn_random_normal(&filler->random));
}

static void add_filter(struct filler *filler, const char *suffix, uint32_t channels, uint32_t k)
{
    fill(filler, add(filler, suffix, channels, k, k, 0), channels * k * k, 0, 1.2 / k);
}

static void add_matrix(struct filler *filler, const char *suffix, uint32_t rows,
                       uint32_t columns)
{
    fill(filler, add(filler, suffix, rows, columns, 0, 0), rows * columns, 0,
         1.2 / sqrt(columns));
}

static void add_gate(struct filler *filler, uint32_t gate, uint32_t inputs)
{
    add_matrix(filler, "gate1", gate, inputs);
    fill(filler, add(filler, "gate1_bias", gate, 0, 0, 0), gate, 0.2, 0.2);
    add_matrix(filler, "gate2", inputs, gate);
    fill(filler, add(filler, "gate2_bias", inputs, 0, 0, 0), inputs, 0, 0.2);
}

/* One row per width, or one for all; entries past a width's channels are 0. */
static void add_table(struct filler *filler, const json_t *layer, const char *suffix, bool rows,
                      double mean)
{
    const json_t *channels = json_object_get(layer, "channels");
    uint32_t n_rows = rows ? (uint32_t)json_array_size(channels) : 1;
    uint32_t outputs = widest(channels);
    float *values = add(filler, suffix, n_rows, outputs, 0, 0);

    memset(values, 0, (size_t)n_rows * outputs * sizeof(float));
    for (uint32_t r = 0; r < n_rows; r++) {
        uint32_t used =
            rows ? (uint32_t)json_integer_value(json_array_get(channels, r)) : outputs;

        fill(filler, values + (size_t)r * outputs, used, mean, 0.2);
    }
}

static void add_layer(struct filler *filler, const json_t *architecture, const json_t *layer)
{
    const char *op = string(layer, "op");
    const char *norm = string(layer, "norm");
    uint32_t inputs = source_channels(architecture, string(layer, "input"));
    uint32_t outputs = widest(json_object_get(layer, "channels"));
    uint32_t k = number(layer, "kernel", 3);
    uint32_t k2 = number(layer, "kernel2", 0);
    uint32_t gate = number(layer, "gate", 0);
    bool batch = strcmp(norm, "batch") == 0;

    filler->layer = string(layer, "name");
    if (strcmp(op, "shuffle") == 0)
        return;
    if (strcmp(op, "conv") == 0)
        fill(filler, add(filler, "weight", outputs, inputs, k, k), outputs * inputs * k * k, 0,
             1.2 / (k * sqrt(inputs)));
    if (strcmp(op, "separable") == 0 || strcmp(op, "depthwise") == 0)
        add_filter(filler, "dw", inputs, k);
    if (strcmp(op, "separable") == 0 || strcmp(op, "pointwise") == 0)
        add_matrix(filler, "weight", outputs, inputs);
    if (k2 != 0) {
        add_filter(filler, "dw2", inputs, k2);
        add_matrix(filler, "weight2", outputs, inputs);
    }
    if (gate != 0)
        add_gate(filler, gate, inputs);
    if (batch || strcmp(norm, "instance") == 0)
        add_table(filler, layer, "scale", batch, 1);
    add_table(filler, layer, "bias", batch, 0);
}

void nn_style_init(struct nn_style *style, const char *architecture, uint64_t seed)
{
    struct filler filler = { .style = style, .random = nn_random_seed(seed) };
    json_t *parsed = json_loads(architecture, JSON_REJECT_DUPLICATES, NULL);
    json_t *counts = json_array();
    char *counts_text;
    json_t *layer;
    size_t i;

    demand(parsed != NULL, "the architecture is not JSON");
    for (i = 0; i < json_array_size(json_object_get(parsed, "widths")); i++)
        json_array_append_new(counts, json_integer(1000));
    counts_text = json_dumps(counts, JSON_COMPACT);
    style->data = NULL;
    style->n_values = 0;
    style->header =
        json_pack("{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}}", "__metadata__",
                  "format", "ar-daemon-style", "version", "1", "architecture", architecture,
                  "macs_640x360", counts_text, "style", "test", "title", "Test", "artist",
                  "Nobody", "year", "2024", "licence", "MIT", "trainer", "none");
    demand(style->header != NULL, "no header");
    json_array_foreach(json_object_get(parsed, "layers"), i, layer)
        add_layer(&filler, parsed, layer);
    free(counts_text);
    json_decref(counts);
    json_decref(parsed);
}

void nn_style_add_ranges(struct nn_style *style)
{
    const char *text = string(nn_style_meta(style), "architecture");
    json_t *architecture = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const uint32_t n_rungs = (uint32_t)json_array_size(json_object_get(architecture, "widths"));
    struct filler filler = { .style = style };
    float value = 1;
    json_t *layer;
    size_t i;

    json_array_foreach(json_object_get(architecture, "layers"), i, layer)
    {
        const bool wanted[] = { true, strcmp(string(layer, "op"), "separable") == 0,
                                number(layer, "kernel2", 0) != 0 };
        static const char *const suffixes[] = { "range", "dw_range", "dw2_range" };

        filler.layer = string(layer, "name");
        for (int s = 0; s < 3; s++) {
            float *values = wanted[s] ? add(&filler, suffixes[s], n_rungs, 0, 0, 0) : NULL;

            for (uint32_t r = 0; values && r < n_rungs; r++) {
                values[r] = value;
                value += 0.125F;
            }
        }
    }
    json_decref(architecture);
}

void nn_style_finish(struct nn_style *style)
{
    json_decref(style->header);
    free(style->data);
}

uint8_t *nn_style_bytes(const struct nn_style *style, size_t *size_b)
{
    const uint64_t header_b = json_dumpb(style->header, NULL, 0, JSON_COMPACT);
    size_t data_b = style->n_values * sizeof(float);
    uint8_t *bytes = malloc(sizeof(header_b) + header_b + data_b);

    demand(bytes != NULL, "no memory");
    memcpy(bytes, &header_b, sizeof(header_b));
    json_dumpb(style->header, (char *)bytes + sizeof(header_b), header_b, JSON_COMPACT);
    if (data_b > 0)
        memcpy(bytes + sizeof(header_b) + header_b, style->data, data_b);
    *size_b = sizeof(header_b) + header_b + data_b;
    return bytes;
}
