/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * What a frame costs at each rung of the width ladder: exact multiply-accumulates, and the time that the
 * calibration sweep measured. Plain data, pure functions.
 */

#define AR_COST_MAX_RUNGS    32
#define AR_COST_MAX_SEGMENTS 8

struct ar_cost {
    uint32_t n_rungs;
    uint32_t n_segments;              /* encoder included */
    double widths[AR_COST_MAX_RUNGS]; /* rising: rung 0 is the narrowest */
    uint64_t macs[AR_COST_MAX_SEGMENTS][AR_COST_MAX_RUNGS];
    /* Ingest counts to segment 0, emit to the last. */
    uint64_t us[AR_COST_MAX_SEGMENTS][AR_COST_MAX_RUNGS];
};

#define AR_COST_SWEEP_RUNS 5

/* The sweep: feed each measured run, then finish takes the medians. Order of runs is free. */
struct ar_cost_sweep {
    uint64_t runs_us[AR_COST_MAX_SEGMENTS][AR_COST_MAX_RUNGS][AR_COST_SWEEP_RUNS];
    uint32_t n_runs[AR_COST_MAX_SEGMENTS][AR_COST_MAX_RUNGS];
};

/* Ignores runs past AR_COST_SWEEP_RUNS. */
void ar_cost_sweep_add(struct ar_cost_sweep *sweep, uint32_t segment, uint32_t rung,
                       uint64_t spent_us);
/* -ENODATA when some rung has no run. us grows with the rung afterwards: a dip is lifted to the rung below. */
int ar_cost_sweep_finish(const struct ar_cost_sweep *sweep, struct ar_cost *cost);

/*
 * Fills cost->us, whose macs are there, from another network's times on the same machine: a frame's time is interpolated
 * between the known frames by its MACs, in proportion to the nearest beyond them, and shared out over the segments by
 * theirs. An estimate to go on with; the governor's slow-down takes up its error.
 */
void ar_cost_estimate(struct ar_cost *cost, const struct ar_cost *known);

/* Whole frame at one rung, and what is left from a segment on. */
uint64_t ar_cost_frame_us(const struct ar_cost *cost, uint32_t rung);
uint64_t ar_cost_rest_us(const struct ar_cost *cost, uint32_t first_segment, uint32_t rung);
