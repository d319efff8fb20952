/* SPDX-License-Identifier: MIT */
#include "tests/bench/policy.h"

#include <math.h>

/* ---- ours */

static void ours_begin(struct policy_state *state)
{
    const struct ar_budget_params params = { .frame_us = (uint64_t)state->budget_us };

    ar_governor_init(&state->governor, &params, state->cost);
    state->governor.may_bail = true;
}

static uint32_t ours_plan(struct policy_state *state, double now_us, double deadline_us,
                          double clock)
{
    ar_governor_set_clock(&state->governor, clock);
    return ar_governor_plan(&state->governor, (uint64_t)now_us, (uint64_t)deadline_us);
}

static uint32_t ours_replan(struct policy_state *state, uint32_t segment, double now_us)
{
    return ar_governor_replan(&state->governor, segment, (uint64_t)now_us);
}

static void ours_finish(struct policy_state *state, double now_us)
{
    ar_governor_finish(&state->governor, (uint64_t)now_us);
}

/* ---- one decision a frame, at one rung throughout */

/* The widest whose calibrated time, so many times over, ends before the deadline. */
static uint32_t widest(struct policy_state *state, double now_us, double deadline_us,
                       double factor)
{
    uint32_t rung = state->cost->n_rungs - 1;

    while (rung > 0 && now_us + factor * ar_cost_frame_us(state->cost, rung) > deadline_us)
        rung--;
    state->rung = rung;
    state->start_us = now_us;
    return rung;
}

static double ratio_of(const struct policy_state *state, double now_us)
{
    return (now_us - state->start_us) / ar_cost_frame_us(state->cost, state->rung);
}

static void nothing_to_begin(struct policy_state *state)
{
    state->memory.mean = 1.0;
}

/* Whatever width fits the nominal budget on a quiet machine with a tenth to spare. */
static uint32_t fixed_plan(struct policy_state *state, double now_us, double deadline_us,
                           double clock)
{
    (void)deadline_us;
    (void)clock;
    return widest(state, now_us, now_us + state->budget_us, 1.10);
}

static void fixed_finish(struct policy_state *state, double now_us)
{
    (void)state;
    (void)now_us;
}

/* An exponential mean and a tenth. */
static uint32_t ewma_plan(struct policy_state *state, double now_us, double deadline_us,
                          double clock)
{
    (void)clock;
    return widest(state, now_us, deadline_us, 1.10 * state->memory.mean);
}

static void ewma_finish(struct policy_state *state, double now_us)
{
    state->memory.mean += 0.3 * (ratio_of(state, now_us) - state->memory.mean);
}

/*
 * After ALERT (Wan et al., USENIX ATC 2020): a Kalman filter of the global slow-down with adaptive process noise; the
 * width whose time at mean and 2.05 deviations fits, 98 % of the frames.
 */
static void kalman_begin(struct policy_state *state)
{
    state->memory =
        (struct policy_memory){ .mean = 1.0, .variance = 0.1, .noise = 0.01, .gain = 0.5 };
}

static uint32_t kalman_plan(struct policy_state *state, double now_us, double deadline_us,
                            double clock)
{
    const struct policy_memory *memory = &state->memory;

    (void)clock;
    return widest(state, now_us, deadline_us,
                  memory->mean + 2.05 * sqrt(memory->variance + memory->noise));
}

static void kalman_finish(struct policy_state *state, double now_us)
{
    static const double measurement_noise = 0.001;
    static const double least_noise = 0.0001;
    struct policy_memory *const memory = &state->memory;
    const double innovation = ratio_of(state, now_us) - memory->mean;
    const double step = memory->gain * innovation;
    const double prior = (1.0 - memory->gain) * memory->variance + memory->noise;

    memory->noise = fmax(least_noise, 0.3 * memory->noise + 0.7 * step * step);
    memory->gain = prior / (prior + measurement_noise);
    memory->mean += memory->gain * innovation;
    memory->variance = prior;
}

/*
 * After KWin's render journal: a mean over half a second, twice the larger of the last excess and its mean over six
 * seconds, and a millisecond.
 */
static uint32_t kwin_plan(struct policy_state *state, double now_us, double deadline_us,
                          double clock)
{
    const struct policy_memory *memory = &state->memory;

    (void)clock;
    return widest(state, now_us, deadline_us - 1000.0, memory->mean + 2.0 * memory->deviation);
}

static void kwin_finish(struct policy_state *state, double now_us)
{
    static const double period_s = 1.0 / 30.0;
    struct policy_memory *const memory = &state->memory;
    const double ratio = ratio_of(state, now_us);
    const double excess = fmax(0.0, ratio - memory->mean);

    memory->deviation =
        fmax(memory->deviation + (1.0 - exp(-period_s / 6.0)) * (excess - memory->deviation),
             excess);
    memory->mean += (1.0 - exp(-period_s / 0.5)) * (ratio - memory->mean);
}

const struct policy policies[] = {
    { "ours", ours_begin, ours_plan, ours_replan, ours_finish },
    { "fixed", nothing_to_begin, fixed_plan, NULL, fixed_finish },
    { "ewma+10%", nothing_to_begin, ewma_plan, NULL, ewma_finish },
    { "kalman", kalman_begin, kalman_plan, NULL, kalman_finish },
    { "kwin", nothing_to_begin, kwin_plan, NULL, kwin_finish },
    { NULL, NULL, NULL, NULL, NULL },
};

void policy_start(const struct policy *policy, struct policy_state *state,
                  const struct ar_cost *cost, double budget_us)
{
    *state = (struct policy_state){ .cost = cost, .budget_us = budget_us };
    policy->begin(state);
}
