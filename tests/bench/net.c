/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"
#include "tests/bench/bench.h"
#include "tests/bench/peak.h"
#include "tests/bench/report.h"
#include "tests/bench/rig.h"
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

struct contest {
    const struct bench_options *options;
    struct bench_engine engine;
    struct bench_scene scenes[BENCH_MAX_LIST]; /* one for each size */
    struct bench_peak peaks[BENCH_N_PRECISIONS];
    struct bench_rig *rigs;
    struct bench_entry *entries;
    uint32_t n_rigs;
};

static void next(void *user)
{
    bench_rig_next(user);
}

static void run(void *user)
{
    bench_rig_net(user);
}

static void sample_peaks(void *user)
{
    struct contest *const contest = user;

    for (uint32_t i = 0; i < contest->options->n_precisions; i++)
        bench_peak_sample(&contest->peaks[contest->options->precisions[i]]);
}

static int add_rig(struct contest *contest, const struct bench_rig *rig,
                   struct ar_reason *reason)
{
    struct bench_rig *const added = &contest->rigs[contest->n_rigs];

    *added = *rig;
    contest->entries[contest->n_rigs] =
        (struct bench_entry){ .user = added, .prepare = next, .run = run };
    contest->n_rigs++;
    return bench_rig_open(added, reason);
}

static int add_rigs_of(struct contest *contest, enum bench_precision precision,
                       const struct bench_scene *scene, struct ar_reason *reason)
{
    const struct bench_options *const options = contest->options;
    int ret = 0;

    for (uint32_t t = 0; t < options->n_threads; t++)
        for (uint32_t w = 0; ret == 0 && w < contest->engine.n_rungs; w++)
            ret = add_rig(contest,
                          &(struct bench_rig){ .precision = precision,
                                               .rung = contest->engine.rungs[w],
                                               .n_threads = options->threads[t],
                                               .scene = scene,
                                               .engine = &contest->engine },
                          reason);
    return ret;
}

static int open_rigs(struct contest *contest, struct ar_reason *reason)
{
    const struct bench_options *const options = contest->options;
    const size_t n_rigs = (size_t)options->n_precisions * options->n_sizes *
                          options->n_threads * contest->engine.n_rungs;
    int ret = 0;

    contest->rigs = calloc(n_rigs, sizeof(*contest->rigs));
    contest->entries = calloc(n_rigs, sizeof(*contest->entries));
    if (!contest->rigs || !contest->entries)
        return ar_reason_set_err(reason, -ENOMEM, "networks");
    for (uint32_t p = 0; p < options->n_precisions; p++)
        for (uint32_t s = 0; ret == 0 && s < options->n_sizes; s++)
            ret = add_rigs_of(contest, options->precisions[p], &contest->scenes[s], reason);
    return ret;
}

static int open_scenes(struct contest *contest, struct ar_reason *reason)
{
    int ret = 0;

    for (uint32_t i = 0; ret == 0 && i < contest->options->n_sizes; i++) {
        const struct bench_size *const size = &contest->options->sizes[i];
        const struct ar_frame_shape shape = { .width_px = size->width_px,
                                              .height_px = size->height_px };

        ret = ar_frame_shape_check(&shape, "--sizes", reason);
        if (ret < 0)
            return ret;
        ret = bench_scene_init(&contest->scenes[i], size->width_px, size->height_px,
                               AR_FRAME_I420);
        if (ret < 0)
            return ar_reason_set_err(reason, ret, "pictures");
    }
    return 0;
}

static json_t *row_of(const struct contest *contest, uint32_t index)
{
    const struct bench_rig *const rig = &contest->rigs[index];
    const struct bench_peak *const peak = &contest->peaks[rig->precision];
    const struct ar_frame_shape *const shape = &rig->scene->shape;
    struct bench_times *const times = &contest->entries[index].times;
    const double mmac = bench_rig_mmac(rig);
    const double min_ms = bench_times_min_ms(times);
    const double gmacs = mmac / min_ms;
    char size[32];

    snprintf(size, sizeof(size), "%ux%u", shape->width_px, shape->height_px);
    return json_pack(
        "{s:s, s:f, s:i, s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:s, s:f, s:f, s:f}", /* by key */
        "precision", bench_precision_name(rig->precision), "width",
        contest->engine.model->widths[rig->rung], "threads", (int)rig->n_threads, "size", size,
        "tier", contest->engine.kernels.tier, "frames", (int)times->n_ns, "min_ms", min_ms,
        "median_ms", bench_times_median_ms(times), "mmac", mmac, "gmacs", gmacs, "peak_isa",
        peak->isa, "peak_gmacs", peak->gmacs, "peak_share",
        gmacs / (peak->gmacs * rig->n_threads), "mb",
        (double)bench_traffic_b(contest->engine.model, rig->precision, rig->rung,
                                shape->width_px, shape->height_px) *
            1e-6);
}

static void print_heading(const struct contest *contest)
{
    printf("style %s, %s kernels\n", contest->engine.model->info.style,
           contest->engine.kernels.tier);
    for (uint32_t i = 0; i < contest->options->n_precisions; i++) {
        const struct bench_peak *const peak = &contest->peaks[contest->options->precisions[i]];

        printf("%s peak of one core: %.1f GMAC/s (%s)\n", bench_precision_name(peak->precision),
               peak->gmacs, peak->isa);
    }
}

static void report(const struct contest *contest)
{
    json_t *const rows = json_array();

    for (uint32_t i = 0; i < contest->n_rigs; i++)
        json_array_append_new(rows, row_of(contest, i));
    if (!contest->options->json)
        print_heading(contest);
    bench_report(rows, columns, AR_ARRAY_LEN(columns), contest->options->json);
    json_decref(rows);
}

static int measure(struct contest *contest, struct ar_reason *reason)
{
    int ret;

    for (uint32_t i = 0; i < contest->options->n_precisions; i++) {
        const enum bench_precision precision = contest->options->precisions[i];

        bench_peak_init(&contest->peaks[precision], precision);
    }
    ret = bench_turns_run(contest->entries, contest->n_rigs, contest->options->n_frames,
                          sample_peaks, contest);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "times");
    report(contest);
    return 0;
}

static void finish(struct contest *contest)
{
    bench_turns_finish(contest->entries, contest->n_rigs);
    for (uint32_t i = 0; i < contest->n_rigs; i++)
        bench_rig_close(&contest->rigs[i]);
    free(contest->entries);
    free(contest->rigs);
    for (uint32_t i = 0; i < contest->options->n_sizes; i++)
        bench_scene_finish(&contest->scenes[i]);
    bench_engine_close(&contest->engine);
}

int bench_net(const struct bench_options *options, struct ar_reason *reason)
{
    struct contest contest = { .options = options };
    int ret = bench_engine_open(&contest.engine, options, reason);

    if (ret == 0)
        ret = open_scenes(&contest, reason);
    if (ret == 0)
        ret = open_rigs(&contest, reason);
    if (ret == 0)
        ret = measure(&contest, reason);
    finish(&contest);
    return ret;
}
