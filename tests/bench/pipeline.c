/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/pool.h"
#include "tests/bench/bench.h"
#include "tests/bench/contest.h"
#include "tests/bench/paths.h"
#include "tests/bench/report.h"
#include "tests/bench/turns.h"

/*
 * Frame in to frame out, and the network alone on the same rig in the same run: the difference
 * is what the conversions cost, and the look for scene cuts. Then the bytes' ways outside the network.
 */

static const struct bench_column columns[] = {
    { "in", "in", 0 },
    { "out", "out", 0 },
    { "precision", "precision", 0 },
    { "width", "width", 4 },
    { "threads", "threads", 0 },
    { "size", "size", 0 },
    { "min_ms", "min ms", 3 },
    { "median_ms", "median ms", 3 },
    { "net_min_ms", "network min ms", 3 },
    { "net_median_ms", "network median ms", 3 },
    { "conversion_pct", "conversions %", 1 },
};

enum entry {
    WHOLE,
    NETWORK,
    N_ENTRIES,
};

struct painting {
    struct bench_rig *rig;
    struct ar_pool *pool;
    struct ar_frame *out;
};

struct run {
    struct bench_contest contest;
    struct painting *paintings;  /* one for each rig */
    struct bench_entry *entries; /* N_ENTRIES for each */
};

static void prepare(void *user)
{
    const struct painting *const painting = user;

    bench_rig_paint(painting->rig, painting->out);
}

static void run_network(void *user)
{
    const struct painting *const painting = user;

    bench_rig_net(painting->rig);
}

static void nothing(void *user)
{
}

/* Rigs come by size, pair, number of threads and width, the last the fastest. */
static const struct bench_pair *pair_of(const struct run *run, uint32_t index)
{
    const struct bench_options *const options = run->contest.options;
    const uint32_t n_rigs = options->n_threads * run->contest.engine.n_rungs;

    return &options->pairs[index / n_rigs % options->n_pairs];
}

static int open_painting(struct run *run, uint32_t index)
{
    struct painting *const painting = &run->paintings[index];
    struct bench_entry *const entries = &run->entries[(size_t)index * N_ENTRIES];
    struct ar_frame_shape shape;
    int ret;

    painting->rig = &run->contest.rigs[index];
    shape = painting->rig->scene->shape;
    shape.format = pair_of(run, index)->out;
    ret = ar_pool_create(&painting->pool, &shape, 1);
    if (ret < 0)
        return ret;
    painting->out = ar_pool_take(painting->pool);
    entries[WHOLE] =
        (struct bench_entry){ .user = painting, .prepare = prepare, .run = prepare };
    entries[NETWORK] =
        (struct bench_entry){ .user = painting, .prepare = prepare, .run = run_network };
    return 0;
}

static int measure_all(struct run *run, struct ar_reason *reason)
{
    const uint32_t n_rigs = run->contest.n_rigs;
    int ret = 0;

    run->paintings = calloc(n_rigs, sizeof(*run->paintings));
    run->entries = calloc((size_t)n_rigs * N_ENTRIES, sizeof(*run->entries));
    if (!run->paintings || !run->entries)
        ret = -ENOMEM;
    for (uint32_t i = 0; ret == 0 && i < n_rigs; i++)
        ret = open_painting(run, i);
    if (ret == 0)
        ret = bench_turns_run(run->entries, n_rigs * N_ENTRIES, run->contest.options->n_frames,
                              nothing, NULL);
    return ret < 0 ? ar_reason_set_err(reason, ret, "paintings") : 0;
}

static json_t *row_of(const struct run *run, uint32_t index)
{
    const struct bench_rig *const rig = &run->contest.rigs[index];
    const struct bench_pair *const pair = pair_of(run, index);
    struct bench_times *const whole = &run->entries[index * N_ENTRIES + WHOLE].times;
    struct bench_times *const network = &run->entries[index * N_ENTRIES + NETWORK].times;
    const double min_ms = bench_times_min_ms(whole);
    const double net_min_ms = bench_times_min_ms(network);

    /* clang-format off */
    return json_pack("{s:s, s:s, s:s, s:f, s:i, s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:f}",
                     "in", bench_format_name(pair->in),
                     "out", bench_format_name(pair->out),
                     "precision", bench_precision_name(rig->precision),
                     "width", run->contest.engine.model->widths[rig->rung],
                     "threads", (int)rig->n_threads,
                     "size", bench_rig_size_text(rig).text,
                     "tier", run->contest.engine.kernels.tier,
                     "frames", (int)whole->n_ns,
                     "min_ms", min_ms,
                     "median_ms", bench_times_median_ms(whole),
                     "net_min_ms", net_min_ms,
                     "net_median_ms", bench_times_median_ms(network),
                     "conversion_pct", 100 * (min_ms - net_min_ms) / net_min_ms);
    /* clang-format on */
}

/* For people two tables, for programs one array: rows of paths have a "path". */
static int report(const struct run *run, struct ar_reason *reason)
{
    const struct bench_options *const options = run->contest.options;
    json_t *const rows = json_array();
    json_t *const paths = options->json ? json_incref(rows) : json_array();
    int ret;

    for (uint32_t i = 0; i < run->contest.n_rigs; i++)
        json_array_append_new(rows, row_of(run, i));
    ret = bench_paths_run(paths, options->n_frames, &run->contest.engine.kernels);
    if (ret == 0 && !options->json)
        bench_engine_print(&run->contest.engine);
    if (ret == 0)
        bench_report(rows, columns, AR_ARRAY_LEN(columns), options->json);
    if (ret == 0 && !options->json) {
        putchar('\n');
        bench_report(paths, bench_paths_columns, BENCH_PATHS_N_COLUMNS, false);
    }
    json_decref(paths);
    json_decref(rows);
    return ret < 0 ? ar_reason_set_err(reason, ret, "paths") : 0;
}

static void finish(struct run *run)
{
    for (uint32_t i = 0; run->paintings && i < run->contest.n_rigs; i++) {
        ar_frame_unref(&run->paintings[i].out);
        ar_pool_destroy(run->paintings[i].pool);
    }
    if (run->entries)
        bench_turns_finish(run->entries, run->contest.n_rigs * N_ENTRIES);
    free(run->paintings);
    free(run->entries);
    bench_contest_close(&run->contest);
}

int bench_pipeline(const struct bench_options *options, struct ar_reason *reason)
{
    enum ar_frame_format formats[BENCH_MAX_LIST];
    struct run run = { 0 };
    int ret;

    for (uint32_t i = 0; i < options->n_pairs; i++)
        formats[i] = options->pairs[i].in;
    ret = bench_contest_open(&run.contest, options, formats, options->n_pairs, reason);
    if (ret == 0)
        ret = measure_all(&run, reason);
    if (ret == 0)
        ret = report(&run, reason);
    finish(&run);
    return ret;
}
