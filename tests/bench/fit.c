/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macros.h"
#include "daemon/work.h"
#include "tests/bench/bench.h"
#include "tests/bench/contest.h"
#include "tests/bench/report.h"
#include "tests/bench/times.h"

/*
 * How well the model of time (budget/fit.h) knows what it has not seen: every second rung is measured as calibration
 * measures, and the time of the others, and of frames whose segments run at rungs drawn at random, is
 * predicted from these. All are measured in turns, so that what moves the machine moves them all, and of each the
 * least counts.
 */

enum { MIXED = 24 };

static const struct bench_column columns[] = {
    { "what", "what", 0 },
    { "precision", "precision", 0 },
    { "threads", "threads", 0 },
    { "size", "size", 0 },
    { "n", "n", 0 },
    { "mape_pct", "mean error %", 2 },
    { "worst_pct", "worst %", 2 },
};

/* A frame to measure: the rung of each segment. */
struct plan {
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];
    struct bench_times times;
};

struct experiment {
    struct bench_rig *rig;
    float layers_us[AR_MODEL_MAX_RUNGS][AR_SWEEP_MAX_LAYERS]; /* the least so far */
    float segments_us[AR_MODEL_MAX_RUNGS][AR_MODEL_MAX_SEGMENTS];
    struct ar_sweep sweep;
    struct ar_cost cost;
    struct plan plans[AR_MODEL_MAX_RUNGS + MIXED];
    uint32_t n_plans;
    uint32_t n_held_out; /* the first so many are at one rung */
};

static uint64_t run_plan(struct bench_rig *rig, const uint32_t *rungs, float *segments_us)
{
    const uint64_t start_ns = ar_clock_now_ns();
    uint64_t before_ns = start_ns;

    for (uint32_t s = 0; s < rig->engine->model->n_segments; s++) {
        ar_net_run(rig->net, s, rungs[s]);
        const uint64_t now_ns = ar_clock_now_ns();

        segments_us[s] = (float)(now_ns - before_ns) / 1e3F;
        before_ns = now_ns;
    }
    ar_net_end_frame(rig->net);
    return before_ns - start_ns;
}

static void keep_least(float *least_us, float us)
{
    if (*least_us <= 0.0F || us < *least_us)
        *least_us = us;
}

static void measure_rung(struct experiment *experiment, uint32_t rung)
{
    uint64_t layers_ns[AR_MODEL_MAX_LAYERS] = { 0 };
    float segments_us[AR_MODEL_MAX_SEGMENTS];
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];

    for (uint32_t s = 0; s < AR_MODEL_MAX_SEGMENTS; s++)
        rungs[s] = rung;
    ar_net_time_layers(experiment->rig->net, layers_ns);
    run_plan(experiment->rig, rungs, segments_us);
    ar_net_time_layers(experiment->rig->net, NULL);
    for (uint32_t i = 0; i < experiment->sweep.n_layers; i++)
        keep_least(&experiment->layers_us[rung][i], (float)layers_ns[i] / 1e3F);
    for (uint32_t i = 0; i < experiment->sweep.n_segments; i++)
        keep_least(&experiment->segments_us[rung][i], segments_us[i]);
}

static void add_plan(struct experiment *experiment, const uint32_t *rungs)
{
    struct plan *const plan = &experiment->plans[experiment->n_plans++];

    for (uint32_t s = 0; s < AR_MODEL_MAX_SEGMENTS; s++)
        plan->rungs[s] = rungs[s];
}

static void make_plans(struct experiment *experiment)
{
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];
    uint32_t state = 1;

    for (uint32_t rung = 1; rung < experiment->sweep.n_rungs; rung += 2) {
        for (uint32_t s = 0; s < AR_MODEL_MAX_SEGMENTS; s++)
            rungs[s] = rung;
        add_plan(experiment, rungs);
    }
    experiment->n_held_out = experiment->n_plans;
    for (uint32_t i = 0; i < MIXED; i++) {
        for (uint32_t s = 0; s < AR_MODEL_MAX_SEGMENTS; s++) {
            state = state * 1664525u + 1013904223u;
            rungs[s] = (state >> 16) % experiment->sweep.n_rungs;
        }
        add_plan(experiment, rungs);
    }
}

static int measure_all(struct experiment *experiment, uint32_t n_frames)
{
    float ignored[AR_MODEL_MAX_SEGMENTS];

    for (uint32_t i = 0; i < experiment->n_plans; i++)
        if (bench_times_init(&experiment->plans[i].times, n_frames) < 0)
            return -ENOMEM;
    bench_rig_next(experiment->rig);
    for (uint32_t frame = 0; frame < n_frames; frame++) {
        for (uint32_t rung = 0; rung < experiment->sweep.n_rungs; rung += 2)
            measure_rung(experiment, rung);
        for (uint32_t i = 0; i < experiment->n_plans; i++)
            bench_times_add(&experiment->plans[i].times,
                            run_plan(experiment->rig, experiment->plans[i].rungs, ignored));
    }
    for (uint32_t rung = 0; rung < experiment->sweep.n_rungs; rung += 2)
        ar_sweep_add(&experiment->sweep, rung, experiment->layers_us[rung],
                     experiment->segments_us[rung]);
    return 0;
}

static double error_pct(const struct experiment *experiment, struct plan *plan)
{
    const double measured_us = 1e3 * bench_times_min_ms(&plan->times);
    double predicted_us = 0.0;

    for (uint32_t s = 0; s < experiment->cost.n_segments; s++)
        predicted_us +=
            ar_cost_us(&experiment->cost, s, s > 0 ? plan->rungs[s - 1] : 0, plan->rungs[s]);
    return 100.0 * fabs(predicted_us / measured_us - 1.0);
}

static json_t *row_of(struct experiment *experiment, const char *what, uint32_t first,
                      uint32_t end)
{
    const struct bench_rig *rig = experiment->rig;
    double sum = 0.0;
    double worst = 0.0;

    for (uint32_t i = first; i < end; i++) {
        const double error = error_pct(experiment, &experiment->plans[i]);

        sum += error;
        worst = fmax(worst, error);
    }
    return json_pack("{s:s, s:s, s:i, s:s, s:i, s:f, s:f}", "what", what, "precision",
                     bench_precision_name(rig->precision), "threads", (int)rig->n_threads,
                     "size", bench_rig_size_text(rig).text, "n", (int)(end - first), "mape_pct",
                     sum / (end - first), "worst_pct", worst);
}

static int try_rig(json_t *rows, struct bench_rig *rig, uint32_t n_frames)
{
    struct experiment *const experiment = calloc(1, sizeof(*experiment));
    int ret;

    if (!experiment)
        return -ENOMEM;

    struct ar_work work = { .model = rig->engine->model,
                            .precision =
                                rig->precision == BENCH_INT8 ? AR_NET_INT8 : AR_NET_F32,
                            .width_px = rig->scene->shape.width_px,
                            .height_px = rig->scene->shape.height_px };
    experiment->rig = rig;
    ar_work_begin_sweep(&work, &experiment->sweep);
    ar_work_fill_cost(&work, &experiment->cost);
    make_plans(experiment);
    ret = measure_all(experiment, n_frames);
    if (ret == 0)
        ret = ar_sweep_finish(&experiment->sweep, ar_work_of_layer, &work, &experiment->cost);
    if (ret == 0) {
        json_array_append_new(rows, row_of(experiment, "widths not measured", 0,
                                           experiment->n_held_out));
        json_array_append_new(rows, row_of(experiment, "mixed widths", experiment->n_held_out,
                                           experiment->n_plans));
    }
    for (uint32_t i = 0; i < experiment->n_plans; i++)
        bench_times_finish(&experiment->plans[i].times);
    free(experiment);
    return ret;
}

int bench_fit(const struct bench_options *options, struct ar_reason *reason)
{
    static const enum ar_frame_format format = AR_FRAME_I420;
    struct bench_options one_width = *options;
    struct bench_contest contest;
    json_t *const rows = json_array();
    int ret;

    one_width.n_widths = 1; /* a rig each; it runs at all */
    one_width.widths[0] = 1.0;
    ret = bench_contest_open(&contest, &one_width, &format, 1, reason);
    for (uint32_t i = 0; ret == 0 && i < contest.n_rigs; i++) {
        ret = try_rig(rows, &contest.rigs[i], options->n_frames);
        if (ret < 0)
            ar_reason_set_err(reason, ret, "calibration");
    }
    if (ret == 0)
        bench_report(rows, columns, AR_ARRAY_LEN(columns), options->json);
    bench_contest_close(&contest);
    json_decref(rows);
    return ret;
}
