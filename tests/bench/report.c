/* SPDX-License-Identifier: MIT */
#include "tests/bench/report.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"

#define JSON_DIGITS 6 /* more would be noise */

struct cell {
    char text[64];
};

static struct cell cell_of(const json_t *row, const struct bench_column *column)
{
    const json_t *const value = json_object_get(row, column->key);
    struct cell cell = { "-" };

    if (json_is_string(value))
        snprintf(cell.text, sizeof(cell.text), "%s", json_string_value(value));
    else if (json_is_number(value))
        snprintf(cell.text, sizeof(cell.text), "%.*f", column->digits,
                 json_number_value(value));
    return cell;
}

static uint32_t width_of(const json_t *rows, const struct bench_column *column)
{
    uint32_t width = (uint32_t)strlen(column->heading);

    for (size_t i = 0; i < json_array_size(rows); i++)
        width =
            ar_max_u32(width, (uint32_t)strlen(cell_of(json_array_get(rows, i), column).text));
    return width;
}

static void print_row(const json_t *rows, const json_t *row, const struct bench_column *columns,
                      size_t n_columns)
{
    for (size_t i = 0; i < n_columns; i++)
        printf("%*s%s", (int)width_of(rows, &columns[i]),
               row ? cell_of(row, &columns[i]).text : columns[i].heading,
               i + 1 < n_columns ? "  " : "\n");
}

void bench_report(const json_t *rows, const struct bench_column *columns, size_t n_columns,
                  bool as_json)
{
    if (as_json) {
        json_dumpf(rows, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(JSON_DIGITS));
        putchar('\n');
        return;
    }
    print_row(rows, NULL, columns, n_columns);
    for (size_t i = 0; i < json_array_size(rows); i++)
        print_row(rows, json_array_get(rows, i), columns, n_columns);
}
