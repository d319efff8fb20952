/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "budget/cost.h"
#include "budget/fit.h"

/*
 * The calibration sweep: a network's times, layer by layer, at some or all rungs, and from these the cost of every
 * combination of rungs. Pure: whoever measures passes the times in.
 *
 * Each layer's times are fitted (budget/fit.h), and what a segment takes beyond its layers is a constant. Where a rung
 * was measured, the fit's error at that rung is made up for; a rung that was not is corrected as its neighbours are.
 */

#define AR_SWEEP_MAX_LAYERS 64
#define AR_SWEEP_RUNS       5

struct ar_sweep {
    uint32_t n_rungs;
    uint32_t n_segments;
    uint32_t n_layers;
    uint32_t segments[AR_SWEEP_MAX_LAYERS]; /* of each layer */

    uint32_t n_runs[AR_COST_MAX_RUNGS];
    float layers_us[AR_COST_MAX_RUNGS][AR_SWEEP_RUNS][AR_SWEEP_MAX_LAYERS];
    float segments_us[AR_COST_MAX_RUNGS][AR_SWEEP_RUNS][AR_COST_MAX_SEGMENTS];
};

/* What a layer has to do when segment s runs at rungs[s]. */
typedef struct ar_fit_work ar_sweep_work_fn(void *user, uint32_t layer, const uint32_t *rungs);

/* A run at one rung throughout; runs past AR_SWEEP_RUNS are ignored. */
void ar_sweep_add(struct ar_sweep *sweep, uint32_t rung, const float *layers_us,
                  const float *segments_us);

/*
 * The rung to measure next, so that the first few runs say most: narrowest, widest, middle, quarters, ..., then all
 * again. False when every rung has all its runs. `order` counts from 0.
 */
bool ar_sweep_next(const struct ar_sweep *sweep, uint32_t order, uint32_t *rung);

/* The least of its runs. The rung has been measured. */
double ar_sweep_layer_us(const struct ar_sweep *sweep, uint32_t layer, uint32_t rung);
/* The same; or, if that is less, the least of each of its layers and of what it takes beyond them. */
double ar_sweep_segment_us(const struct ar_sweep *sweep, uint32_t segment, uint32_t rung);

/* Whether something else ran meanwhile: the runs took so many times their least ones, in the mean. */
#define AR_SWEEP_DISTURBED 1.2
bool ar_sweep_is_disturbed(const struct ar_sweep *sweep);

/* Fits one layer over the measured rungs. */
void ar_sweep_fit_layer(const struct ar_sweep *sweep, uint32_t layer, ar_sweep_work_fn *work,
                        void *user, struct ar_fit *fit);

/*
 * Fills cost->us and dominated; widths and macs are the caller's. -ENODATA when no rung was measured, -ERANGE when
 * layers and segments contradict each other so much that times come out without end.
 */
int ar_sweep_finish(const struct ar_sweep *sweep, ar_sweep_work_fn *work, void *user,
                    struct ar_cost *cost);
