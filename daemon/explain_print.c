/* SPDX-License-Identifier: MIT */
#include "daemon/explain.h"

/* At most so many columns: the narrowest, the widest and some between. */
#define MAX_COLUMNS 5

static size_t column(size_t i, size_t n_columns, size_t n_widths)
{
    return n_columns > 1 ? i * (n_widths - 1) / (n_columns - 1) : 0;
}

static void print_us(FILE *out, const json_t *list, size_t i)
{
    const json_t *us = json_array_get(list, i);

    if (json_is_number(us))
        fprintf(out, " %8.0f", json_number_value(us));
    else
        fprintf(out, " %8s", "-");
}

static void print_layer(FILE *out, const json_t *layer, size_t n_columns, size_t n_widths)
{
    fprintf(out, "%-10s %lld  ", json_string_value(json_object_get(layer, "name")),
            json_integer_value(json_object_get(layer, "segment")));
    for (size_t c = 0; c < n_columns; c++) {
        const size_t i = column(c, n_columns, n_widths);

        fprintf(out, " %7.2f",
                json_number_value(json_array_get(json_object_get(layer, "mac"), i)) / 1e6);
        print_us(out, json_object_get(layer, "predicted_us"), i);
        print_us(out, json_object_get(layer, "measured_us"), i);
    }
    fputc('\n', out);
}

void ar_explain_print(const json_t *explained, FILE *out)
{
    const json_t *widths = json_object_get(explained, "widths");
    const json_t *layers = json_object_get(explained, "layers");
    const size_t n_widths = json_array_size(widths);
    const size_t n_columns = n_widths < MAX_COLUMNS ? n_widths : MAX_COLUMNS;
    const json_t *layer;
    size_t l;

    fprintf(
        out,
        "style %s; of each layer at each width: million MACs, microseconds predicted, measured\n",
        json_string_value(json_object_get(explained, "style")));
    fprintf(out, "%-14s", "layer segment");
    for (size_t c = 0; c < n_columns; c++)
        fprintf(out, " %25g",
                json_number_value(json_array_get(widths, column(c, n_columns, n_widths))));
    fputc('\n', out);
    json_array_foreach(layers, l, layer) print_layer(out, layer, n_columns, n_widths);
    fputs("width   frame ms\n", out);
    for (size_t i = 0; i < n_widths; i++)
        fprintf(out, "%-7g %8.2f%s\n", json_number_value(json_array_get(widths, i)),
                json_number_value(json_array_get(json_object_get(explained, "frame_us"), i)) /
                    1e3,
                json_is_true(json_array_get(json_object_get(explained, "dominated"), i))
                    ? "  left out: a wider one takes no longer"
                    : "");
}
