/* SPDX-License-Identifier: MIT */
#include "budget/energy.h"

#define HOUR_US 3600e6

static int is_known(const struct ar_energy_params *params)
{
    return params->idle_w > 0.0 && params->busy_w > 0.0;
}

double ar_energy_frame_j(const struct ar_energy_params *params, uint64_t period_us,
                         double paint_us)
{
    if (!is_known(params))
        return 0.0;
    return (params->idle_w * (double)period_us + (params->busy_w - params->idle_w) * paint_us) /
           1e6;
}

uint32_t ar_energy_cap(const struct ar_energy_params *params, const struct ar_cost *cost,
                       double slowdown, uint64_t period_us)
{
    const double allowed_j = params->joules_per_hour * (double)period_us / HOUR_US;
    uint32_t rung = cost->n_rungs - 1;

    if (!is_known(params) || params->joules_per_hour <= 0.0)
        return rung;
    while (rung > 0 && ar_energy_frame_j(params, period_us,
                                         slowdown * ar_cost_frame_us(cost, rung)) > allowed_j)
        rung--;
    return rung;
}
