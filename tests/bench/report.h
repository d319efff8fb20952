/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Results: a JSON array of objects, printed as such or as a table for people.
 */

struct bench_column {
    const char *key;
    const char *heading;
    int digits; /* after the point; of texts: 0 */
};

/* `rows` is borrowed. The table has the columns only, JSON has all. */
void bench_report(const json_t *rows, const struct bench_column *columns, size_t n_columns,
                  bool as_json);
