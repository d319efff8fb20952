/* SPDX-License-Identifier: MIT */
#include "budget/governor.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

const struct ar_option ar_budget_options[] = {
    { .key = "frame",
      .type = AR_OPTION_DURATION,
      .offset = offsetof(struct ar_budget_params, frame_us),
      .fallback = "25ms",
      .min = 1e3,
      .max = 1e6,
      .help = "budget of a frame from its arrival to the finished picture" },
    { .key = "width",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct ar_budget_params, width),
      .fallback = "auto",
      .min = 0.25,
      .max = 1,
      .zero_word = "auto",
      .help =
          "share of the network's channels to compute; auto: as many as the budget allows" },
    { 0 },
};

/*
 * Chosen by simulation (3 % noise, steps of the clock, co-runners, preemptions). To believe a slow frame at
 * once and whole, instead of waiting for a second one, saved a third to a half of the misses and cost at
 * most 2 % of the work done in time.
 */
#define MARGIN 1.05 /* on every prediction */
#define DECAY  0.25 /* share of a fall of the slow-down that one frame gives back */

/* What one measurement may make us believe: a frame that spans a suspend took hours. */
#define SLOWDOWN_MIN 0.1
#define SLOWDOWN_MAX 16.0

enum { FITS_TO_GO_UP = 6 };

void ar_governor_init(struct ar_governor *governor, const struct ar_budget_params *params,
                      const struct ar_cost *cost)
{
    *governor = (struct ar_governor){ .params = *params, .slowdown = 1.0 };
    ar_governor_set_cost(governor, cost);
}

void ar_governor_set_params(struct ar_governor *governor, const struct ar_budget_params *params)
{
    governor->params = *params;
}

void ar_governor_set_cost(struct ar_governor *governor, const struct ar_cost *cost)
{
    assert(cost->n_rungs >= 1 && cost->n_rungs <= AR_COST_MAX_RUNGS);
    assert(cost->n_segments >= 1 && cost->n_segments <= AR_COST_MAX_SEGMENTS);

    governor->cost = *cost;
    governor->rung = 0;
    governor->fresh = true;
}

static double predicted_us(const struct ar_governor *governor, uint32_t rung)
{
    return governor->slowdown * MARGIN * (double)ar_cost_frame_us(&governor->cost, rung);
}

static uint32_t widest_of(const struct ar_governor *governor)
{
    return governor->cost.n_rungs - 1;
}

static uint64_t elapsed_us(uint64_t from_us, uint64_t to_us)
{
    return to_us > from_us ? to_us - from_us : 0;
}

static uint32_t widest_that_fits(struct ar_governor *governor, uint64_t left_us)
{
    uint32_t rung = widest_of(governor);

    while (rung > 0 && predicted_us(governor, rung) > (double)left_us)
        rung--;
    if (predicted_us(governor, rung) > (double)left_us)
        governor->n_infeasible++;
    return rung;
}

/* Down at once; up only after a row of frames that would all have fitted, and no further than all would. */
static uint32_t settle(struct ar_governor *governor, uint32_t fits)
{
    if (fits <= governor->rung || governor->fresh) {
        governor->fits_in_a_row = 0;
        return fits;
    }
    if (governor->fits_in_a_row == 0 || fits < governor->fits_rung)
        governor->fits_rung = fits;
    if (++governor->fits_in_a_row < FITS_TO_GO_UP)
        return governor->rung;
    governor->fits_in_a_row = 0;
    return governor->fits_rung;
}

uint32_t ar_governor_plan(struct ar_governor *governor, uint64_t now_us, uint64_t deadline_us)
{
    if (governor->params.width > 0.0) {
        governor->rung = ar_governor_rung_of(&governor->cost, governor->params.width);
        governor->fits_in_a_row = 0;
    } else if (deadline_us == 0) {
        governor->rung = widest_of(governor);
        governor->fits_in_a_row = 0;
    } else {
        const uint64_t left_us = elapsed_us(now_us, deadline_us);

        governor->rung = settle(governor, widest_that_fits(governor, left_us));
    }
    governor->fresh = false;
    governor->planned_us = (uint64_t)fmin(predicted_us(governor, governor->rung), 0x1p63);
    governor->segment_start_us = now_us;
    return governor->rung;
}

static void measure_segment(struct ar_governor *governor, uint32_t segment, uint64_t now_us)
{
    governor->segments_us[segment] = elapsed_us(governor->segment_start_us, now_us);
    governor->segment_start_us = now_us;
}

uint32_t ar_governor_replan(struct ar_governor *governor, uint32_t segment, uint64_t now_us,
                            uint64_t deadline_us)
{
    (void)deadline_us;
    assert(segment >= 1 && segment < governor->cost.n_segments);

    measure_segment(governor, segment - 1, now_us);
    return governor->rung;
}

/* A rise is believed at once, a fall bit by bit. */
static void learn(struct ar_governor *governor, double ratio)
{
    const double rise = ratio - governor->slowdown;

    governor->slowdown += rise > 0.0 ? rise : DECAY * rise;
}

void ar_governor_finish(struct ar_governor *governor, uint64_t started_us, uint64_t now_us)
{
    const uint64_t spent_us = elapsed_us(started_us, now_us);
    const uint64_t calibrated_us = ar_cost_frame_us(&governor->cost, governor->rung);

    measure_segment(governor, governor->cost.n_segments - 1, now_us);
    if (spent_us == 0 || calibrated_us == 0)
        return;

    const double ratio = (double)spent_us / (double)calibrated_us;
    learn(governor, fmin(fmax(ratio, SLOWDOWN_MIN), SLOWDOWN_MAX));
}

uint32_t ar_governor_rung_of(const struct ar_cost *cost, double width)
{
    uint32_t nearest = 0;

    for (uint32_t rung = 1; rung < cost->n_rungs; rung++) {
        if (fabs(cost->widths[rung] - width) < fabs(cost->widths[nearest] - width))
            nearest = rung;
    }
    return nearest;
}
