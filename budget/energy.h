/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "budget/cost.h"

/*
 * What a frame costs in energy. A board draws idle_w when nothing is painted and busy_w while it is, both measured by
 * the user with a meter; in between it goes by the share of time that is spent painting:
 *
 *   joules of a frame = idle_w * time of a frame + (busy_w - idle_w) * time painting
 *
 * Where painting takes longer than the source's period, frames come as they are painted: its time is the frame's then.
 *
 * Pure.
 */

struct ar_energy_params {
    double idle_w; /* either 0: unknown */
    double busy_w;
    double joules_per_hour; /* 0: as much as it takes */
};

/* 0 where the watts are unknown. */
double ar_energy_frame_j(const struct ar_energy_params *params, uint64_t period_us,
                         double paint_us);

/*
 * The widest rung at which frames every period_us, slowed down so many times, stay within joules_per_hour; the narrowest
 * where none does; the widest where nothing limits.
 */
uint32_t ar_energy_cap(const struct ar_energy_params *params, const struct ar_cost *cost,
                       double slowdown, uint64_t period_us);
