/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"
#include "tests/bench/bench.h"
#include "tests/bench/contest.h"
#include "tests/bench/peak.h"
#include "tests/bench/report.h"
#include "tests/bench/traffic.h"
#include "tests/bench/turns.h"

/* The network alone: planes in, planes out. */

static const struct bench_column columns[] = {
    { "precision", "precision", 0 }, { "width", "width", 4 },
    { "threads", "threads", 0 },     { "size", "size", 0 },
    { "min_ms", "min ms", 3 },       { "median_ms", "median ms", 3 },
    { "mmac", "MMAC", 1 },           { "gmacs", "GMAC/s", 1 },
    { "peak_share", "of peak", 3 },  { "mb", "MB", 1 },
};

struct run {
    struct bench_contest contest;
    struct bench_peak peaks[BENCH_N_PRECISIONS];
    struct bench_entry *entries; /* one for each rig */
};

static void prepare(void *user)
{
    bench_rig_next(user);
}

static void measure(void *user)
{
    bench_rig_net(user);
}

static void sample_peaks(void *user)
{
    struct run *const run = user;
    const struct bench_options *const options = run->contest.options;

    for (uint32_t i = 0; i < options->n_precisions; i++)
        bench_peak_sample(&run->peaks[options->precisions[i]]);
}

static int measure_all(struct run *run, struct ar_reason *reason)
{
    const struct bench_options *const options = run->contest.options;
    int ret;

    run->entries = calloc(run->contest.n_rigs, sizeof(*run->entries));
    if (!run->entries)
        return ar_reason_set_err(reason, -ENOMEM, "times");
    for (uint32_t i = 0; i < run->contest.n_rigs; i++)
        run->entries[i] = (struct bench_entry){ .user = &run->contest.rigs[i],
                                                .prepare = prepare,
                                                .run = measure };
    for (uint32_t i = 0; i < options->n_precisions; i++)
        bench_peak_init(&run->peaks[options->precisions[i]], options->precisions[i]);
    ret = bench_turns_run(run->entries, run->contest.n_rigs, options->n_frames, sample_peaks,
                          run);
    return ret < 0 ? ar_reason_set_err(reason, ret, "times") : 0;
}

static json_t *row_of(const struct run *run, uint32_t index)
{
    const struct bench_rig *const rig = &run->contest.rigs[index];
    const struct ar_model *const model = run->contest.engine.model;
    const struct bench_peak *const peak = &run->peaks[rig->precision];
    struct bench_times *const times = &run->entries[index].times;
    const double mmac = bench_rig_mmac(rig);
    const double min_ms = bench_times_min_ms(times);
    const double gmacs = mmac / min_ms;
    const double traffic_b =
        (double)bench_traffic_b(model, rig->precision, rig->rung, rig->scene->shape.width_px,
                                rig->scene->shape.height_px);

    /* clang-format off */
    return json_pack("{s:s, s:f, s:i, s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:s, s:f, s:f, s:f}",
                     "precision", bench_precision_name(rig->precision),
                     "width", model->widths[rig->rung],
                     "threads", (int)rig->n_threads,
                     "size", bench_rig_size_text(rig).text,
                     "tier", run->contest.engine.kernels.tier,
                     "frames", (int)times->n_ns,
                     "min_ms", min_ms,
                     "median_ms", bench_times_median_ms(times),
                     "mmac", mmac,
                     "gmacs", gmacs,
                     "peak_isa", peak->isa,
                     "peak_gmacs", peak->gmacs,
                     "peak_share", gmacs / (peak->gmacs * rig->n_threads),
                     "mb", traffic_b * 1e-6);
    /* clang-format on */
}

static void report(const struct run *run)
{
    const struct bench_options *const options = run->contest.options;
    json_t *const rows = json_array();

    for (uint32_t i = 0; i < run->contest.n_rigs; i++)
        json_array_append_new(rows, row_of(run, i));
    if (!options->json) {
        bench_engine_print(&run->contest.engine);
        for (uint32_t i = 0; i < options->n_precisions; i++)
            bench_peak_print(&run->peaks[options->precisions[i]]);
    }
    bench_report(rows, columns, AR_ARRAY_LEN(columns), options->json);
    json_decref(rows);
}

int bench_net(const struct bench_options *options, struct ar_reason *reason)
{
    const enum ar_frame_format format = AR_FRAME_I420;
    struct run run = { 0 };
    int ret = bench_contest_open(&run.contest, options, &format, 1, reason);

    if (ret == 0)
        ret = measure_all(&run, reason);
    if (ret == 0)
        report(&run);
    if (run.entries)
        bench_turns_finish(run.entries, run.contest.n_rigs);
    free(run.entries);
    bench_contest_close(&run.contest);
    return ret;
}
