/* SPDX-License-Identifier: MIT */
#pragma once

/* What the engine computes in. */
enum bench_precision {
    BENCH_F32,
    BENCH_INT8,
    BENCH_N_PRECISIONS,
};

/* As in options and results: "f32", "int8". */
const char *bench_precision_name(enum bench_precision precision);

/* BENCH_N_PRECISIONS for a name that is unknown. */
enum bench_precision bench_precision_find(const char *name);
