/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macros.h"
#include "nn/model.h"
#include "tests/bench/bench.h"
#include "tests/bench/race.h"
#include "tests/bench/recorded.h"
#include "tests/bench/report.h"

/*
 * The governor of ar-daemon and other rules in worlds made up (tests/bench/world.h), beside someone who knows
 * everything beforehand. Nothing is measured: the network's times are made of its MACs, 4 ms a frame and 40 ms more at
 * the widest, as on a small board; the budget is 28 ms.
 */

#define FIXED_US  4000.0
#define WIDEST_US 40000.0
#define BUDGET_US 28000.0
#define N_SEEDS   4

#define MAX_POLICIES 8

static const struct bench_column columns[] = {
    { "trace", "trace", 0 },
    { "policy", "policy", 0 },
    { "miss_pct", "missed %", 3 },
    { "utilisation_pct", "utilisation %", 1 },
    { "longest_run", "longest run", 0 },
    { "switches_per_s", "switches/s", 1 },
    { "recovery_frames", "recovery", 0 },
    { "back_frames", "back", 0 },
    { "degraded_pct", "given up %", 3 },
    { "dropped_pct", "dropped %", 3 },
    { "unanswerable_pct", "of misses, struck after the last decision %", 0 },
};

/* Two halves of the last segment; the second runs after whatever rung the first one had. */
static void split_last(struct ar_cost *cost)
{
    const uint32_t last = cost->n_segments - 1;

    for (uint32_t before = 0; before < cost->n_rungs; before++)
        for (uint32_t rung = 0; rung < cost->n_rungs; rung++)
            cost->macs[last][before][rung] /= 2.0F;
    for (uint32_t before = 0; before < cost->n_rungs; before++)
        for (uint32_t rung = 0; rung < cost->n_rungs; rung++)
            cost->macs[last + 1][before][rung] = cost->macs[last][rung][rung];
    cost->n_segments++;
}

static void made_up_cost(struct ar_cost *cost, const struct ar_model *model, bool finer)
{
    const uint32_t widest = model->n_rungs - 1;
    double most = 0.0;

    *cost = (struct ar_cost){ .n_rungs = model->n_rungs, .n_segments = model->n_segments };
    for (uint32_t s = 0; s < cost->n_segments; s++) {
        for (uint32_t before = 0; before <= widest; before++) {
            for (uint32_t rung = 0; rung <= widest; rung++) {
                uint32_t rungs[AR_MODEL_MAX_SEGMENTS];

                for (uint32_t i = 0; i < cost->n_segments; i++)
                    rungs[i] = i < s ? before : rung;
                cost->macs[s][before][rung] =
                    (float)ar_model_segment_macs(model, s, rungs, 640, 360);
            }
        }
    }
    if (finer)
        split_last(cost);
    most = ar_cost_frame_macs(cost, widest);
    for (uint32_t rung = 0; rung <= widest; rung++)
        cost->widths[rung] = model->widths[rung];
    for (uint32_t s = 0; s < cost->n_segments; s++)
        for (uint32_t before = 0; before <= widest; before++)
            for (uint32_t rung = 0; rung <= widest; rung++)
                cost->us[s][before][rung] =
                    (float)(FIXED_US / cost->n_segments +
                            WIDEST_US * (double)cost->macs[s][before][rung] / most);
    ar_cost_mark_dominated(cost);
}

struct totals {
    struct race_result sum;
    double oracle_macs;
};

static void add_result(struct totals *totals, const struct race_result *one, double oracle_macs)
{
    struct race_result *sum = &totals->sum;

    sum->n_frames += one->n_frames;
    sum->n_missed += one->n_missed;
    sum->n_late_blow += one->n_late_blow;
    sum->n_degraded += one->n_degraded;
    sum->n_dropped += one->n_dropped;
    sum->n_switches += one->n_switches;
    sum->macs += one->macs;
    if (one->longest_run > sum->longest_run)
        sum->longest_run = one->longest_run;
    if (one->recovery > sum->recovery)
        sum->recovery = one->recovery;
    if (one->back > sum->back)
        sum->back = one->back;
    totals->oracle_macs += oracle_macs;
}

static double percent(double part, double whole)
{
    return whole > 0.0 ? 100.0 * part / whole : 0.0;
}

static json_t *row_of(const char *trace, const char *policy, const struct totals *totals)
{
    const struct race_result *sum = &totals->sum;
    const double seconds = sum->n_frames * (double)WORLD_PERIOD_US / 1e6;

    return json_pack("{s:s, s:s, s:f, s:f, s:i, s:f, s:i, s:i, s:f, s:f, s:f}", "trace", trace,
                     "policy", policy, "miss_pct", percent(sum->n_missed, sum->n_frames),
                     "utilisation_pct", percent(sum->macs, totals->oracle_macs), "longest_run",
                     (int)sum->longest_run, "switches_per_s", sum->n_switches / seconds,
                     "recovery_frames", (int)sum->recovery, "back_frames", (int)sum->back,
                     "degraded_pct", percent(sum->n_degraded, sum->n_frames), "dropped_pct",
                     percent(sum->n_dropped, sum->n_frames), "unanswerable_pct",
                     percent(sum->n_late_blow, sum->n_missed));
}

/* All policies through one world. */
static void race_all(struct totals *totals, const struct world *world,
                     const struct ar_cost *cost, double *oracle_macs)
{
    const double sum = race_oracle(world, cost, oracle_macs);

    for (uint32_t p = 0; policies[p].name; p++) {
        struct race_result result;

        race_run(&policies[p], world, cost, oracle_macs, &result);
        add_result(&totals[p], &result, sum);
    }
}

static void add_rows(json_t *rows, const char *trace, const struct totals *totals)
{
    for (uint32_t p = 0; policies[p].name; p++)
        json_array_append_new(rows, row_of(trace, policies[p].name, &totals[p]));
}

/* All policies through one kind of world, each with the same seeds. */
static int race_kind(json_t *rows, enum world_kind kind, const struct ar_cost *cost,
                     const struct bench_options *options, double *oracle_macs)
{
    struct totals totals[MAX_POLICIES] = { { .oracle_macs = 0.0 } };

    for (uint32_t i = 0; i < N_SEEDS; i++) {
        struct world world;
        int ret = world_make(&world, kind, options->seed + i, options->n_world_frames,
                             cost->n_segments, BUDGET_US);

        if (ret < 0)
            return ret;
        race_all(totals, &world, cost, oracle_macs);
        world_free(&world);
    }
    add_rows(rows, world_name(kind), totals);
    return 0;
}

static int race_made_up(json_t *rows, const struct bench_options *options, struct ar_cost *cost,
                        double *oracle_macs, struct ar_reason *reason)
{
    struct ar_model *model = NULL;
    int ret = ar_model_open(&model, options->style, reason);

    if (ret < 0)
        return ret;
    made_up_cost(cost, model, options->finer);
    ar_model_close(model);
    for (uint32_t kind = 0; ret == 0 && kind < WORLD_N_KINDS; kind++)
        ret = race_kind(rows, kind, cost, options, oracle_macs);
    return ret < 0 ? ar_reason_set_err(reason, ret, "traces") : 0;
}

static int race_recorded(json_t *rows, const char *path, struct ar_cost *cost,
                         double *oracle_macs, struct ar_reason *reason)
{
    struct totals totals[MAX_POLICIES] = { { .oracle_macs = 0.0 } };
    struct world world;
    int ret = recorded_load(&world, cost, path, reason);

    if (ret < 0)
        return ret;
    race_all(totals, &world, cost, oracle_macs);
    add_rows(rows, world.name, totals);
    world_free(&world);
    return 0;
}

/* All decisions of a frame and what is learnt from it, in the mean over many frames. */
static double decision_us(const struct ar_cost *cost)
{
    enum { FRAMES = 20000 };
    struct policy_state *const state = calloc(1, sizeof(*state));
    uint64_t start_ns;
    double us;

    if (!state)
        return 0.0;
    policy_start(&policies[0], state, cost, BUDGET_US);
    start_ns = ar_clock_now_ns();
    for (uint32_t f = 0; f < FRAMES; f++) {
        double now_us = (double)f * WORLD_PERIOD_US;
        uint32_t rung = policies[0].plan(state, now_us, now_us + BUDGET_US, 1.0);

        for (uint32_t s = 1; s < cost->n_segments; s++) {
            now_us += ar_cost_us(cost, s - 1, rung, rung);
            rung = policies[0].replan(state, s, now_us);
        }
        policies[0].finish(state, now_us + ar_cost_us(cost, cost->n_segments - 1, rung, rung));
    }
    us = (double)(ar_clock_now_ns() - start_ns) / 1e3 / FRAMES;
    free(state);
    return us;
}

int bench_governor(const struct bench_options *options, struct ar_reason *reason)
{
    struct ar_cost *const cost = calloc(1, sizeof(*cost));
    double *const oracle_macs = calloc(WORLD_MAX_FRAMES, sizeof(*oracle_macs));
    json_t *const rows = json_array();
    int ret = cost && oracle_macs && rows ? 0 : ar_reason_set_err(reason, -ENOMEM, "traces");

    if (ret == 0 && options->trace)
        ret = race_recorded(rows, options->trace, cost, oracle_macs, reason);
    else if (ret == 0)
        ret = race_made_up(rows, options, cost, oracle_macs, reason);
    if (ret == 0)
        bench_report(rows, columns, AR_ARRAY_LEN(columns), options->json);
    if (ret == 0 && !options->json)
        printf("the decisions of a frame take %.2f us\n", decision_us(cost));
    json_decref(rows);
    free(oracle_macs);
    free(cost);
    return ret;
}
