/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "budget/cost.h"

/*
 * Governor: picks the width of each frame so that it lands inside its budget.
 *
 * This first one decides once a frame: the widest rung whose calibrated cost, times the slow-down
 * that recent frames showed and a margin, fits what is left until the deadline. It already sits at the
 * decision points (plan at frame start, replan before each decoder segment, finish at the end).
 * Pure: no clock, no thread, no I/O. One thread calls. Times that stand still, run backward or
 * jump are not errors: they teach it little or nothing.
 */

struct ar_budget_params {
    uint64_t frame_us; /* from arrival to painted; deadlines are the caller's */
    double width;      /* 0: automatic; otherwise pins the nearest rung */
};

extern const struct ar_option ar_budget_options[];

/* Plain data to copy and read; written by the functions below only. */
struct ar_governor {
    struct ar_budget_params params;
    struct ar_cost cost;
    double slowdown;     /* measured over calibrated: 1 on a quiet machine */
    bool fresh;          /* the ladder is new: the next plan may go up at once */
    uint32_t rung;       /* of the frame under way */
    uint64_t planned_us; /* what that frame should take at most: a margin is included */
    uint64_t segment_start_us;
    uint64_t segments_us[AR_COST_MAX_SEGMENTS]; /* measured, newest */
    uint64_t n_infeasible;  /* frames for which even the narrowest did not fit */
    uint32_t fits_in_a_row; /* frames since a wider rung would have fitted */
    uint32_t fits_rung;     /* the widest that fitted in all of those */
};

/* cost is copied; it has at least one rung and one segment. */
void ar_governor_init(struct ar_governor *governor, const struct ar_budget_params *params,
                      const struct ar_cost *cost);
/* Live changes; the next plan uses them. */
void ar_governor_set_params(struct ar_governor *governor,
                            const struct ar_budget_params *params);
/* A new style or size, between frames: costs change, what was learned about the machine stays. */
void ar_governor_set_cost(struct ar_governor *governor, const struct ar_cost *cost);

/* At frame start: the rung for encoder and, tentatively, decoder. deadline_us 0: no deadline, the widest. */
uint32_t ar_governor_plan(struct ar_governor *governor, uint64_t now_us, uint64_t deadline_us);

/* Before decoder segment `segment` (>= 1): the rung to go on with. This governor keeps the plan. */
uint32_t ar_governor_replan(struct ar_governor *governor, uint32_t segment, uint64_t now_us,
                            uint64_t deadline_us);

/* The frame is painted: learns from what it took. started_us is what plan() was given as now_us. */
void ar_governor_finish(struct ar_governor *governor, uint64_t started_us, uint64_t now_us);

/* The nearest rung to a width multiplier, the narrower of two as near. */
uint32_t ar_governor_rung_of(const struct ar_cost *cost, double width);
