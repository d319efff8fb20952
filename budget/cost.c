/* SPDX-License-Identifier: MIT */
#include "budget/cost.h"

#include <assert.h>
#include <errno.h>

void ar_cost_sweep_add(struct ar_cost_sweep *sweep, uint32_t segment, uint32_t rung,
                       uint64_t spent_us)
{
    assert(segment < AR_COST_MAX_SEGMENTS && rung < AR_COST_MAX_RUNGS);

    uint32_t *const n_runs = &sweep->n_runs[segment][rung];
    if (*n_runs < AR_COST_SWEEP_RUNS)
        sweep->runs_us[segment][rung][(*n_runs)++] = spent_us;
}

/* Of an even number of runs the slower one of the middle two. n_runs >= 1. */
static uint64_t median_us(const uint64_t *runs_us, uint32_t n_runs)
{
    uint64_t sorted_us[AR_COST_SWEEP_RUNS];

    for (uint32_t i = 0; i < n_runs; i++) {
        uint32_t k = i;
        for (; k > 0 && sorted_us[k - 1] > runs_us[i]; k--)
            sorted_us[k] = sorted_us[k - 1];
        sorted_us[k] = runs_us[i];
    }
    return sorted_us[n_runs / 2];
}

static int check_complete(const struct ar_cost_sweep *sweep, const struct ar_cost *cost)
{
    for (uint32_t segment = 0; segment < cost->n_segments; segment++) {
        for (uint32_t rung = 0; rung < cost->n_rungs; rung++) {
            if (sweep->n_runs[segment][rung] == 0)
                return -ENODATA;
        }
    }
    return 0;
}

int ar_cost_sweep_finish(const struct ar_cost_sweep *sweep, struct ar_cost *cost)
{
    assert(cost->n_segments <= AR_COST_MAX_SEGMENTS && cost->n_rungs <= AR_COST_MAX_RUNGS);

    const int ret = check_complete(sweep, cost);
    if (ret < 0)
        return ret;

    for (uint32_t segment = 0; segment < cost->n_segments; segment++) {
        uint64_t least_us = 0;

        for (uint32_t rung = 0; rung < cost->n_rungs; rung++) {
            const uint64_t us =
                median_us(sweep->runs_us[segment][rung], sweep->n_runs[segment][rung]);

            if (us > least_us)
                least_us = us;
            cost->us[segment][rung] = least_us;
        }
    }
    return 0;
}

static double frame_macs(const struct ar_cost *cost, uint32_t rung)
{
    double macs = 0;

    for (uint32_t segment = 0; segment < cost->n_segments; segment++)
        macs += (double)cost->macs[segment][rung];
    return macs;
}

/* The time that a frame of so many MACs takes, by the frames of a network whose times are known. */
static double time_of_macs(const struct ar_cost *known, double macs)
{
    uint32_t above = 0;
    double low_macs = 0;
    double low_us = 0;

    while (above + 1 < known->n_rungs && frame_macs(known, above) < macs)
        above++;

    const double high_macs = frame_macs(known, above);
    const double high_us = (double)ar_cost_frame_us(known, above);

    if (above > 0 && macs <= high_macs) {
        low_macs = frame_macs(known, above - 1);
        low_us = (double)ar_cost_frame_us(known, above - 1);
    }
    if (high_macs <= low_macs)
        return high_us;
    return low_us + (macs - low_macs) * (high_us - low_us) / (high_macs - low_macs);
}

void ar_cost_estimate(struct ar_cost *cost, const struct ar_cost *known)
{
    assert(known->n_rungs >= 1);

    for (uint32_t rung = 0; rung < cost->n_rungs; rung++) {
        const double macs = frame_macs(cost, rung);
        const double us = time_of_macs(known, macs);

        for (uint32_t segment = 0; segment < cost->n_segments; segment++)
            cost->us[segment][rung] =
                macs > 0 ? (uint64_t)(us * (double)cost->macs[segment][rung] / macs) : 0;
    }
}

uint64_t ar_cost_frame_us(const struct ar_cost *cost, uint32_t rung)
{
    return ar_cost_rest_us(cost, 0, rung);
}

uint64_t ar_cost_rest_us(const struct ar_cost *cost, uint32_t first_segment, uint32_t rung)
{
    assert(rung < cost->n_rungs);

    uint64_t rest_us = 0;
    for (uint32_t segment = first_segment; segment < cost->n_segments; segment++) {
        if (__builtin_add_overflow(rest_us, cost->us[segment][rung], &rest_us))
            return UINT64_MAX;
    }
    return rest_us;
}
