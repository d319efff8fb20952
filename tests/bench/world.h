/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget/cost.h"

/*
 * A machine to govern, made up: how many times slower than at its best it is from moment to moment, when it stands
 * still, how much work each frame is, and what the budget is. All that happens is drawn before the first frame, so
 * every policy meets the same.
 *
 * What is made up: frames come at 30 a second; a frame's work varies by 2.6 % as a whole and each of its segments by
 * another 1.5 % (log-normal).
 */

enum {
    WORLD_PERIOD_US = 33333,
    WORLD_MAX_FRAMES = 30000,
    WORLD_MAX_CHANGES = 4096,
};

/* From a moment on, until the next change. */
struct world_change {
    double at_us;
    double slowdown;
    double
        clock; /* the part of it that the clock explains, and that can be read; 1 otherwise */
};

struct world_stall {
    double at_us;
    double length_us;
};

struct world {
    const char *name;
    uint32_t n_frames;
    uint32_t n_segments;
    struct world_change *changes; /* [0] is at 0 */
    uint32_t n_changes;
    struct world_stall *stalls; /* by rising moments, n_frames at most */
    uint32_t n_stalls;
    double *arrival_us; /* [frame] */
    double *work;       /* [frame][segment]: factor on the calibrated time */
    double *budget_us;  /* [frame] */
};

enum world_kind {
    WORLD_STEADY,
    WORLD_CLOCK,       /* steps of the clock, 2.4, 1.8, 1.5 GHz, that can be read */
    WORLD_CLOCK_BLIND, /* the same where it cannot */
    WORLD_CORUNNER,    /* comes and goes: 1.25 to 1.9 times slower */
    WORLD_SPIKES,      /* 3 % of the frames are interrupted, 4 ms in the mean */
    WORLD_THERMAL,     /* slower bit by bit, up to 1.7 times, and back */
    WORLD_BUDGET,      /* steps of the budget, 20 to 50 ms */
    WORLD_NOISY, /* frames and segments vary by 10 % each, and segments took 15 % more or less in calibration */
    WORLD_DOUBLE, /* twice as slow for ten seconds, every twenty */
    WORLD_MIXED, /* clock, co-runner and heat, each to its square root, and spikes at a third of the rate */
    WORLD_N_KINDS,
};

const char *world_name(enum world_kind kind);

/* Empty, with room for so many frames, all of which it has. -ENOMEM. */
int world_alloc(struct world *world, uint32_t n_frames, uint32_t n_segments);

/* The same seed gives the same world. -ENOMEM. */
int world_make(struct world *world, enum world_kind kind, uint64_t seed, uint32_t n_frames,
               uint32_t n_segments, double budget_us);
void world_free(struct world *world);

/* From a frame to the next. */
double world_period_us(const struct world *world, uint32_t frame);

double world_clock(const struct world *world, double at_us);
double world_slowdown(const struct world *world, double at_us);

/* When work that takes work_us on the machine at its best is done, begun at at_us. */
double world_run(const struct world *world, double at_us, double work_us);
