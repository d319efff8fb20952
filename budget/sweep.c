/* SPDX-License-Identifier: MIT */
#include "budget/sweep.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

void ar_sweep_add(struct ar_sweep *sweep, uint32_t rung, const float *layers_us,
                  const float *segments_us)
{
    assert(rung < sweep->n_rungs);

    const uint32_t run = sweep->n_runs[rung];

    if (run >= AR_SWEEP_RUNS)
        return;
    memcpy(sweep->layers_us[rung][run], layers_us, sweep->n_layers * sizeof(float));
    memcpy(sweep->segments_us[rung][run], segments_us, sweep->n_segments * sizeof(float));
    sweep->n_runs[rung]++;
}

/* The i-th of n places when each halves the widest gap: 0, n - 1, the middle, ... */
static uint32_t spread(uint32_t i, uint32_t n)
{
    uint32_t parts = 1;

    if (i == 0)
        return 0;
    if (i == 1)
        return n - 1;
    for (i -= 2; i >= parts; parts *= 2)
        i -= parts;
    return (2 * i + 1) * (n - 1) / (2 * parts);
}

/* Places come more than once, the ends in between: the i-th new one. */
static uint32_t spread_rung(uint32_t i, uint32_t n_rungs)
{
    bool taken[AR_COST_MAX_RUNGS] = { false };
    uint32_t n_taken = 0;

    for (uint32_t k = 0; k < 4 * AR_COST_MAX_RUNGS; k++) {
        const uint32_t rung = spread(k, n_rungs);

        if (taken[rung])
            continue;
        taken[rung] = true;
        if (n_taken++ == i)
            return rung;
    }
    for (uint32_t rung = 0; rung < n_rungs; rung++)
        if (!taken[rung] && n_taken++ == i)
            return rung;
    return 0;
}

bool ar_sweep_next(const struct ar_sweep *sweep, uint32_t order, uint32_t *rung)
{
    if (order >= sweep->n_rungs * AR_SWEEP_RUNS)
        return false;
    *rung = spread_rung(order % sweep->n_rungs, sweep->n_rungs);
    return true;
}

/* What disturbs a run only adds to it: the least is the machine's own. */
double ar_sweep_layer_us(const struct ar_sweep *sweep, uint32_t layer, uint32_t rung)
{
    float least_us = sweep->layers_us[rung][0][layer];

    for (uint32_t run = 1; run < sweep->n_runs[rung]; run++)
        least_us = fminf(least_us, sweep->layers_us[rung][run][layer]);
    return (double)least_us;
}

/* What the segment takes in a run beyond its layers. */
static double run_overhead_us(const struct ar_sweep *sweep, uint32_t segment, uint32_t rung,
                              uint32_t run)
{
    double us = (double)sweep->segments_us[rung][run][segment];

    for (uint32_t i = 0; i < sweep->n_layers; i++)
        if (sweep->segments[i] == segment)
            us -= (double)sweep->layers_us[rung][run][i];
    return fmax(0.0, us);
}

/* A short layer is left alone in some run where no whole segment is: its least parts make a better least whole. */
double ar_sweep_segment_us(const struct ar_sweep *sweep, uint32_t segment, uint32_t rung)
{
    double whole_us = INFINITY;
    double parts_us = INFINITY;

    for (uint32_t run = 0; run < sweep->n_runs[rung]; run++) {
        whole_us = fmin(whole_us, (double)sweep->segments_us[rung][run][segment]);
        parts_us = fmin(parts_us, run_overhead_us(sweep, segment, rung, run));
    }
    for (uint32_t i = 0; i < sweep->n_layers; i++)
        if (sweep->segments[i] == segment)
            parts_us += ar_sweep_layer_us(sweep, i, rung);
    return fmin(whole_us, parts_us);
}

static void fill(uint32_t *rungs, uint32_t first, uint32_t end, uint32_t rung)
{
    for (uint32_t i = first; i < end; i++)
        rungs[i] = rung;
}

void ar_sweep_fit_layer(const struct ar_sweep *sweep, uint32_t layer, ar_sweep_work_fn *work,
                        void *user, struct ar_fit *fit)
{
    struct ar_fit_work works[AR_COST_MAX_RUNGS];
    double us[AR_COST_MAX_RUNGS];
    uint32_t n = 0;

    for (uint32_t rung = 0; rung < sweep->n_rungs; rung++) {
        uint32_t rungs[AR_COST_MAX_SEGMENTS];

        if (sweep->n_runs[rung] == 0)
            continue;
        fill(rungs, 0, sweep->n_segments, rung);
        works[n] = work(user, layer, rungs);
        us[n++] = ar_sweep_layer_us(sweep, layer, rung);
    }
    ar_fit_solve(fit, works, us, n);
}

bool ar_sweep_is_disturbed(const struct ar_sweep *sweep)
{
    double least_us = 0.0;
    double mean_us = 0.0;

    for (uint32_t rung = 0; rung < sweep->n_rungs; rung++) {
        for (uint32_t s = 0; s < sweep->n_segments && sweep->n_runs[rung] > 0; s++) {
            double sum_us = 0.0;

            for (uint32_t run = 0; run < sweep->n_runs[rung]; run++)
                sum_us += (double)sweep->segments_us[rung][run][s];
            mean_us += sum_us / sweep->n_runs[rung];
            least_us += ar_sweep_segment_us(sweep, s, rung);
        }
    }
    return mean_us > AR_SWEEP_DISTURBED * least_us;
}

/* Of the rungs that were measured: what the segment takes beyond its layers, in the mean. */
static double overhead_us(const struct ar_sweep *sweep, uint32_t segment)
{
    double sum = 0.0;
    uint32_t n = 0;

    for (uint32_t rung = 0; rung < sweep->n_rungs; rung++) {
        if (sweep->n_runs[rung] == 0)
            continue;
        sum += ar_sweep_segment_us(sweep, segment, rung);
        for (uint32_t i = 0; i < sweep->n_layers; i++)
            if (sweep->segments[i] == segment)
                sum -= ar_sweep_layer_us(sweep, i, rung);
        n++;
    }
    return n > 0 ? fmax(0.0, sum / n) : 0.0;
}

/* The fits alone. */
static void fill_fitted(const struct ar_sweep *sweep, ar_sweep_work_fn *work, void *user,
                        struct ar_cost *cost)
{
    struct ar_fit fits[AR_SWEEP_MAX_LAYERS];

    for (uint32_t i = 0; i < sweep->n_layers; i++)
        ar_sweep_fit_layer(sweep, i, work, user, &fits[i]);
    for (uint32_t s = 0; s < sweep->n_segments; s++) {
        const double more_us = overhead_us(sweep, s);

        for (uint32_t before = 0; before < sweep->n_rungs; before++) {
            for (uint32_t rung = 0; rung < sweep->n_rungs; rung++) {
                uint32_t rungs[AR_COST_MAX_SEGMENTS];
                double us = more_us;

                fill(rungs, 0, s, before);
                fill(rungs, s, sweep->n_segments, rung);
                for (uint32_t i = 0; i < sweep->n_layers; i++) {
                    const struct ar_fit_work one = work(user, i, rungs);

                    if (sweep->segments[i] == s)
                        us += ar_fit_us(&fits[i], &one);
                }
                cost->us[s][before][rung] = (float)us;
            }
        }
    }
}

/* Measured over fitted; between measured rungs along a line. */
static double correction(const struct ar_sweep *sweep, const struct ar_cost *fitted,
                         uint32_t segment, uint32_t rung)
{
    double at[2] = { 1.0, 1.0 };
    uint32_t where[2] = { rung, rung };
    bool found[2] = { false, false };

    for (uint32_t r = 0; r < sweep->n_rungs; r++) {
        const uint32_t side = r <= rung ? 0 : 1;
        const double us = ar_cost_us(fitted, segment, r, r);

        if (sweep->n_runs[r] == 0 || us <= 0.0 || (side == 1 && found[1]))
            continue;
        at[side] = ar_sweep_segment_us(sweep, segment, r) / us;
        where[side] = r;
        found[side] = true;
    }
    if (!found[0] || !found[1])
        return found[0] ? at[0] : at[1];
    return at[0] + (at[1] - at[0]) * (rung - where[0]) / (where[1] - where[0]);
}

static void correct(const struct ar_sweep *sweep, struct ar_cost *cost)
{
    for (uint32_t s = 0; s < sweep->n_segments; s++) {
        double factors[AR_COST_MAX_RUNGS];

        for (uint32_t rung = 0; rung < sweep->n_rungs; rung++)
            factors[rung] = correction(sweep, cost, s, rung);
        for (uint32_t before = 0; before < sweep->n_rungs; before++)
            for (uint32_t rung = 0; rung < sweep->n_rungs; rung++)
                cost->us[s][before][rung] =
                    (float)(factors[rung] * (double)cost->us[s][before][rung]);
    }
}

static bool is_finite(const struct ar_cost *cost)
{
    for (uint32_t s = 0; s < cost->n_segments; s++)
        for (uint32_t before = 0; before < cost->n_rungs; before++)
            for (uint32_t rung = 0; rung < cost->n_rungs; rung++)
                if (!isfinite(cost->us[s][before][rung]))
                    return false;
    return true;
}

int ar_sweep_finish(const struct ar_sweep *sweep, ar_sweep_work_fn *work, void *user,
                    struct ar_cost *cost)
{
    uint32_t n_measured = 0;

    assert(sweep->n_rungs >= 1 && sweep->n_rungs <= AR_COST_MAX_RUNGS);
    assert(sweep->n_segments <= AR_COST_MAX_SEGMENTS && sweep->n_layers <= AR_SWEEP_MAX_LAYERS);
    assert(cost->n_rungs == sweep->n_rungs && cost->n_segments == sweep->n_segments);

    for (uint32_t rung = 0; rung < sweep->n_rungs; rung++)
        n_measured += sweep->n_runs[rung] > 0;
    if (n_measured == 0)
        return -ENODATA;
    fill_fitted(sweep, work, user, cost);
    correct(sweep, cost);
    if (!is_finite(cost))
        return -ERANGE;
    ar_cost_mark_dominated(cost);
    return 0;
}
