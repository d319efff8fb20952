/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * What a frame costs at each rung of the width ladder, segment by segment: exact multiply-accumulates, and the
 * time that calibration found (budget/sweep.h). A segment reads what the one before it wrote, so its cost hangs
 * on both rungs. Plain data, pure functions.
 */

#define AR_COST_MAX_RUNGS    32
#define AR_COST_MAX_SEGMENTS 8

struct ar_cost {
    uint32_t n_rungs;
    uint32_t n_segments;              /* encoder included */
    double widths[AR_COST_MAX_RUNGS]; /* rising: rung 0 is the narrowest */
    /* Rungs that are not worth running: a wider one takes no longer. Never the widest. */
    bool dominated[AR_COST_MAX_RUNGS];
    /* [segment][rung of the segment before][rung]; segment 0 has row 0 only. */
    float macs[AR_COST_MAX_SEGMENTS][AR_COST_MAX_RUNGS][AR_COST_MAX_RUNGS];
    /* Ingest counts to segment 0, emit to the last. */
    float us[AR_COST_MAX_SEGMENTS][AR_COST_MAX_RUNGS][AR_COST_MAX_RUNGS];
    /* Of what is laid over the picture when it is painted: the same at every rung, and may change from frame to frame. */
    double after_us;
};

/* The last segment's with what comes after it. */
double ar_cost_us(const struct ar_cost *cost, uint32_t segment, uint32_t before, uint32_t rung);
double ar_cost_macs(const struct ar_cost *cost, uint32_t segment, uint32_t before,
                    uint32_t rung);

/* From a segment on, all at one rung, after a segment at rung `before`. */
double ar_cost_rest_us(const struct ar_cost *cost, uint32_t segment, uint32_t before,
                       uint32_t rung);
/* A whole frame at one rung. */
double ar_cost_frame_us(const struct ar_cost *cost, uint32_t rung);
double ar_cost_frame_macs(const struct ar_cost *cost, uint32_t rung);

/* Finds the dominated rungs by the times. */
void ar_cost_mark_dominated(struct ar_cost *cost);

/* The nearest rung to a width multiplier, the narrower of two as near. */
uint32_t ar_cost_rung_of(const struct ar_cost *cost, double width);

/*
 * Fills cost->us, whose macs are there, from another network's times on the same machine: a frame's time is interpolated
 * between the known frames by its MACs, in proportion to the nearest beyond them, and shared out over the segments by
 * theirs. An estimate to go on with; the governor's level takes up its error.
 */
void ar_cost_estimate(struct ar_cost *cost, const struct ar_cost *known);
