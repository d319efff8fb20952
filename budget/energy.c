/* SPDX-License-Identifier: MIT */
#include "budget/energy.h"

#include <math.h>
#include <stdbool.h>

#define HOUR_US 3600e6

static bool is_known(const struct ar_energy_params *params)
{
    return params->idle_w > 0.0 && params->busy_w > 0.0;
}

static double frame_us(uint64_t period_us, double paint_us)
{
    return fmax(paint_us, (double)period_us);
}

double ar_energy_frame_j(const struct ar_energy_params *params, uint64_t period_us,
                         double paint_us)
{
    if (!is_known(params))
        return 0.0;
    return (params->idle_w * frame_us(period_us, paint_us) +
            (params->busy_w - params->idle_w) * paint_us) /
           1e6;
}

static bool is_allowed(const struct ar_energy_params *params, uint64_t period_us,
                       double paint_us)
{
    return ar_energy_frame_j(params, period_us, paint_us) <=
           params->joules_per_hour * frame_us(period_us, paint_us) / HOUR_US;
}

uint32_t ar_energy_cap(const struct ar_energy_params *params, const struct ar_cost *cost,
                       double slowdown, uint64_t period_us)
{
    uint32_t rung = cost->n_rungs - 1;

    if (!is_known(params) || params->joules_per_hour <= 0.0)
        return rung;
    while (rung > 0 && !is_allowed(params, period_us, slowdown * ar_cost_frame_us(cost, rung)))
        rung--;
    return rung;
}
