/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/reason.h"
#include "base/workers.h"
#include "nn/kernels.h"
#include "nn/model.h"
#include "tests/bench/options.h"

/*
 * What all networks of a run share: kernels, the style, and a set of workers for each number
 * of threads.
 */

struct bench_engine {
    struct ar_kernels kernels;
    struct ar_model *model;
    struct ar_workers
        *workers[AR_WORKERS_MAX + 1]; /* by their number; NULL where not asked for */
    uint32_t rungs[BENCH_MAX_LIST];   /* that are to be measured */
    uint32_t n_rungs;
};

/* 0 or a negative errno. Workers are made before the caller is pinned: they run where they like. */
int bench_engine_open(struct bench_engine *engine, const struct bench_options *options,
                      struct ar_reason *reason);
/* Accepts what open left behind when it failed. */
void bench_engine_close(struct bench_engine *engine);

/* Style and kernels, in a line. */
void bench_engine_print(const struct bench_engine *engine);
