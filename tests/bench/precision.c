/* SPDX-License-Identifier: MIT */
#include "tests/bench/precision.h"

#include <string.h>

static const char *const names[BENCH_N_PRECISIONS] = {
    [BENCH_F32] = "f32",
    [BENCH_INT8] = "int8",
};

const char *bench_precision_name(enum bench_precision precision)
{
    return names[precision];
}

enum bench_precision bench_precision_find(const char *name)
{
    enum bench_precision precision = 0;

    while (precision < BENCH_N_PRECISIONS && strcmp(names[precision], name) != 0)
        precision++;
    return precision;
}
