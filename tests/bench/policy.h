/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "budget/cost.h"
#include "budget/governor.h"

/*
 * What decides the width of a frame: the governor of ar-daemon, and simpler rules that others use, all behind one
 * face. Those that decide once a frame have no replan.
 */

/* The memory of the simpler rules; each uses some of it. */
struct policy_memory {
    double mean; /* of frame time over calibrated time */
    double variance;
    double deviation;
    double noise;
    double gain;
};

struct policy_state {
    const struct ar_cost *cost;
    double budget_us;
    uint32_t rung;
    double start_us;
    double slow_us; /* of the frame before */
    struct policy_memory memory;
    struct ar_governor governor;
};

struct policy {
    const char *name;
    void (*begin)(struct policy_state *state);
    /* A rung, or AR_GOVERNOR_BAIL. clock: what reading the clock says (world.h). */
    uint32_t (*plan)(struct policy_state *state, double now_us, double deadline_us,
                     double clock);
    uint32_t (*replan)(struct policy_state *state, uint32_t segment, double now_us);
    void (*finish)(struct policy_state *state, double now_us);
};

/* NULL name ends; the first is ours. */
extern const struct policy policies[];

void policy_start(const struct policy *policy, struct policy_state *state,
                  const struct ar_cost *cost, double budget_us);
