/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "budget/cost.h"
#include "budget/sweep.h"
#include "nn/net.h"

/*
 * What a network has to do at each rung, for budget/, which knows no networks.
 */

struct ar_work {
    const struct ar_model *model; /* borrowed */
    enum ar_net_precision precision;
    uint32_t width_px; /* of the picture */
    uint32_t height_px;
};

/* True when both cost the same: same size and precision, layers, channels and rungs. */
bool ar_work_is_same(const struct ar_work *a, const struct ar_work *b);

/* An ar_sweep_work_fn; user is a struct ar_work. */
struct ar_fit_work ar_work_of_layer(void *user, uint32_t layer, const uint32_t *rungs);

/* Widths and MACs of every combination, without times. */
void ar_work_fill_cost(const struct ar_work *work, struct ar_cost *cost);

/* An empty sweep over the network's layers. */
void ar_work_begin_sweep(const struct ar_work *work, struct ar_sweep *sweep);
