/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"
#include "tests/bench/bench.h"
#include "tests/bench/clock.h"
#include "tests/bench/engine.h"
#include "tests/bench/kernel_case.h"
#include "tests/bench/peak.h"
#include "tests/bench/report.h"
#include "tests/bench/turns.h"

/* Each kernel by itself, on data that stay in the nearest caches, beside its scalar twin. */

#define LEAST_SAMPLE_NS 100000
#define N_BUFFERS       ((size_t)BENCH_CASE_N_BUFFERS)
#define BUFFER_ELEMENTS ((size_t)2 * BENCH_CASE_MAX_PX * BENCH_CASE_MAX_CHANNELS)
#define BEFORE_ELEMENTS ((size_t)AR_TENSOR_MARGIN) /* and behind the last */

static const struct bench_column columns[] = {
    { "kernel", "kernel", 0 },       { "px", "px", 0 },         { "inputs", "in", 0 },
    { "outputs", "out", 0 },         { "min_ns", "min ns", 0 }, { "median_ns", "median ns", 0 },
    { "scalar_ns", "scalar ns", 0 }, { "ratio", "ratio", 2 },   { "gmacs", "GMAC/s", 1 },
    { "peak_share", "of peak", 3 },
};

static const struct bench_case_table *const tables[] = {
    &bench_cases_f32,
    &bench_cases_int8,
    &bench_cases_picture,
};

enum twin {
    CHOSEN,
    SCALAR,
    N_TWINS,
};

/* One kernel of one table of kernels: what a turn runs. */
struct call {
    const struct ar_kernels *kernels;
    const struct bench_case *c;
    enum bench_precision precision;
    struct bench_case_memory *memory;
    uint32_t n_rows; /* in a sample; 0: not known yet */
};

struct run {
    const struct bench_options *options;
    struct bench_engine engine;
    struct ar_kernels scalar;
    struct bench_case_memory *memory;
    void *buffers; /* all of the memory's */
    struct bench_peak peaks[BENCH_N_PRECISIONS];
    struct call *calls; /* N_TWINS for each case */
    struct bench_entry *entries;
    uint32_t n_cases;
};

static void run_rows(void *user)
{
    const struct call *const call = user;

    for (uint32_t i = 0; i < call->n_rows; i++)
        call->c->run(call->kernels, call->c, call->memory);
}

/* How many rows make a sample: found once, since all samples of a call are compared. */
static void find_n_rows(struct call *call)
{
    uint64_t spent_ns = 0;

    for (call->n_rows = 1; spent_ns < LEAST_SAMPLE_NS; call->n_rows *= 2) {
        const uint64_t start_ns = bench_now_ns();

        run_rows(call);
        spent_ns = bench_now_ns() - start_ns;
    }
}

/* The first rows of a turn bring their data into the caches. */
static void prepare(void *user)
{
    struct call *const call = user;

    if (call->n_rows == 0)
        find_n_rows(call);
    run_rows(call);
}

static void sample_peaks(void *user)
{
    struct run *const run = user;

    for (uint32_t i = 0; i < BENCH_N_PRECISIONS; i++)
        bench_peak_sample(&run->peaks[i]);
}

static float value_at(size_t i)
{
    return (float)(i % 251) / 251.0F - 0.5F;
}

static int fill_memory(struct run *run)
{
    struct bench_case_memory *const memory = calloc(1, sizeof(*memory));
    const size_t buffer_b = (BUFFER_ELEMENTS + 2 * BEFORE_ELEMENTS) * sizeof(float);
    uint8_t *const buffers = aligned_alloc(64, 3 * N_BUFFERS * buffer_b);

    run->memory = memory;
    run->buffers = buffers;
    if (!memory || !buffers)
        return -ENOMEM;
    for (size_t i = 0; i < 3 * N_BUFFERS * buffer_b; i++)
        buffers[i] = (uint8_t)(i % 251);
    for (size_t i = 0; i < N_BUFFERS; i++) {
        float *const floats = (float *)(void *)(buffers + i * buffer_b);

        for (size_t f = 0; f < buffer_b / sizeof(float); f++)
            floats[f] = value_at(f);
        memory->floats[i] = floats + BEFORE_ELEMENTS;
        memory->bytes[i] = buffers + (N_BUFFERS + i) * buffer_b + BEFORE_ELEMENTS;
        memory->words[i] =
            (int16_t *)(void *)(buffers + (2 * N_BUFFERS + i) * buffer_b) + BEFORE_ELEMENTS;
        for (size_t v = 0; v < BENCH_CASE_MAX_CHANNELS; v++)
            memory->vectors[i][v] = 1.0F + value_at(v);
    }
    return 0;
}

static void add_case(struct run *run, const struct bench_case_table *table, uint32_t index)
{
    const struct ar_kernels *const kernels[N_TWINS] = { &run->engine.kernels, &run->scalar };
    const size_t first = (size_t)run->n_cases * N_TWINS;

    for (uint32_t i = 0; i < N_TWINS; i++) {
        run->calls[first + i] = (struct call){ .kernels = kernels[i],
                                               .c = &table->cases[index],
                                               .precision = table->precision,
                                               .memory = run->memory };
        run->entries[first + i] = (struct bench_entry){ .user = &run->calls[first + i],
                                                        .prepare = prepare,
                                                        .run = run_rows };
    }
    run->n_cases++;
}

static int add_cases(struct run *run)
{
    size_t n_cases = 0;

    for (size_t t = 0; t < AR_ARRAY_LEN(tables); t++)
        n_cases += tables[t]->n_cases;
    run->calls = calloc(n_cases * N_TWINS, sizeof(*run->calls));
    run->entries = calloc(n_cases * N_TWINS, sizeof(*run->entries));
    if (!run->calls || !run->entries)
        return -ENOMEM;
    for (size_t t = 0; t < AR_ARRAY_LEN(tables); t++)
        for (uint32_t i = 0; i < tables[t]->n_cases; i++)
            add_case(run, tables[t], i);
    return 0;
}

static int measure_all(struct run *run, struct ar_reason *reason)
{
    int ret = fill_memory(run);

    if (ret == 0)
        ret = add_cases(run);
    for (enum bench_precision i = 0; ret == 0 && i < BENCH_N_PRECISIONS; i++)
        bench_peak_init(&run->peaks[i], i);
    if (ret == 0)
        ret = bench_turns_run(run->entries, run->n_cases * N_TWINS, run->options->n_frames,
                              sample_peaks, run);
    return ret < 0 ? ar_reason_set_err(reason, ret, "kernels") : 0;
}

/* Nanoseconds of a row in nanoseconds of a sample. */
static double row_ns(const struct call *call, double sample_ms)
{
    return sample_ms * 1e6 / call->n_rows;
}

static double macs(const struct bench_case *c)
{
    return (double)c->width_px * c->kernel * c->kernel * c->inputs *
           (c->outputs ? c->outputs : 1);
}

static json_t *row_of(const struct run *run, uint32_t index)
{
    const struct call *const call = &run->calls[(size_t)index * N_TWINS];
    struct bench_entry *const entries = &run->entries[(size_t)index * N_TWINS];
    const struct bench_case *const c = call->c;
    const struct bench_peak *const peak = &run->peaks[call->precision];

    assert(c); /* add_case() */

    const double min_ns = row_ns(call, bench_times_min_ms(&entries[CHOSEN].times));
    const double scalar_ns = row_ns(call + SCALAR, bench_times_min_ms(&entries[SCALAR].times));
    const double gmacs = macs(c) / min_ns;
    /* clang-format off */
    json_t *const row =
        json_pack("{s:s, s:i, s:s, s:f, s:f, s:f, s:f}",
                  "kernel", c->name,
                  "px", (int)c->width_px,
                  "tier", run->engine.kernels.tier,
                  "min_ns", min_ns,
                  "median_ns", row_ns(call, bench_times_median_ms(&entries[CHOSEN].times)),
                  "scalar_ns", scalar_ns,
                  "ratio", scalar_ns / min_ns);
    /* clang-format on */

    if (c->kernel == 0)
        return row;
    json_object_set_new(row, "precision", json_string(bench_precision_name(call->precision)));
    json_object_set_new(row, "inputs", json_integer(c->inputs));
    json_object_set_new(row, "outputs", json_integer(c->outputs ? c->outputs : c->inputs));
    json_object_set_new(row, "gmacs", json_real(gmacs));
    json_object_set_new(row, "peak_share", json_real(gmacs / peak->gmacs));
    return row;
}

static void report(const struct run *run)
{
    json_t *const rows = json_array();

    for (uint32_t i = 0; i < run->n_cases; i++)
        json_array_append_new(rows, row_of(run, i));
    if (!run->options->json) {
        bench_engine_print(&run->engine);
        for (uint32_t i = 0; i < BENCH_N_PRECISIONS; i++)
            bench_peak_print(&run->peaks[i]);
    }
    bench_report(rows, columns, AR_ARRAY_LEN(columns), run->options->json);
    json_decref(rows);
}

int bench_kernels(const struct bench_options *options, struct ar_reason *reason)
{
    struct run run = { .options = options };
    int ret = bench_engine_open(&run.engine, options, reason);

    ar_kernels_init(&run.scalar, 0);
    if (ret == 0)
        ret = measure_all(&run, reason);
    if (ret == 0)
        report(&run);
    if (run.entries)
        bench_turns_finish(run.entries, run.n_cases * N_TWINS);
    free(run.entries);
    free(run.calls);
    free(run.memory);
    free(run.buffers);
    bench_engine_close(&run.engine);
    return ret;
}
