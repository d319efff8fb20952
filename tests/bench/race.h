/* SPDX-License-Identifier: MIT */
#pragma once

#include "tests/bench/policy.h"
#include "tests/bench/world.h"

/*
 * A policy through a world, frame by frame, as ar-daemon's pipeline would: the newest frame wins, the deadline runs from
 * a frame's arrival, and a segment's time is known when it is over.
 */

struct race_result {
    uint32_t n_frames;    /* painted, given up or overtaken */
    uint32_t n_missed;    /* painted after the deadline */
    uint32_t n_late_blow; /* of those: struck by a stall after the last decision */
    uint32_t n_degraded;  /* given up */
    uint32_t n_dropped;   /* overtaken by a newer one */
    uint32_t longest_run; /* of misses */
    uint32_t n_switches;  /* frames some segment of which changed its rung */
    uint32_t
        recovery; /* frames after a slow-down by a fifth or more until all are in time, at worst */
    uint32_t back; /* frames after it ended until 95 % of what could be is computed, at worst */
    double macs;   /* of frames in time */
};

/*
 * oracle_macs: [n_frames] what could have been computed of each frame, by which `back` is measured; NULL: not
 * measured.
 */
void race_run(const struct policy *policy, const struct world *world,
              const struct ar_cost *cost, const double *oracle_macs,
              struct race_result *result);

/*
 * Someone who knows everything beforehand and mixes rungs freely: the most MACs that end in time, of each frame; each
 * starts when it arrives. Returns their sum.
 */
double race_oracle(const struct world *world, const struct ar_cost *cost, double *macs);
