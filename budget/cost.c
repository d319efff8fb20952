/* SPDX-License-Identifier: MIT */
#include "budget/cost.h"

#include <assert.h>
#include <math.h>

static uint32_t row_of(uint32_t segment, uint32_t before)
{
    return segment == 0 ? 0 : before;
}

double ar_cost_us(const struct ar_cost *cost, uint32_t segment, uint32_t before, uint32_t rung)
{
    const double after_us = segment + 1 == cost->n_segments ? cost->after_us : 0.0;

    assert(segment < cost->n_segments && before < cost->n_rungs && rung < cost->n_rungs);
    return (double)cost->us[segment][row_of(segment, before)][rung] + after_us;
}

double ar_cost_macs(const struct ar_cost *cost, uint32_t segment, uint32_t before,
                    uint32_t rung)
{
    assert(segment < cost->n_segments && before < cost->n_rungs && rung < cost->n_rungs);
    return (double)cost->macs[segment][row_of(segment, before)][rung];
}

double ar_cost_rest_us(const struct ar_cost *cost, uint32_t segment, uint32_t before,
                       uint32_t rung)
{
    double us = 0.0;

    for (; segment < cost->n_segments; segment++) {
        us += ar_cost_us(cost, segment, before, rung);
        before = rung;
    }
    return us;
}

double ar_cost_frame_us(const struct ar_cost *cost, uint32_t rung)
{
    return ar_cost_rest_us(cost, 0, rung, rung);
}

double ar_cost_frame_macs(const struct ar_cost *cost, uint32_t rung)
{
    double macs = 0.0;

    for (uint32_t segment = 0; segment < cost->n_segments; segment++)
        macs += ar_cost_macs(cost, segment, rung, rung);
    return macs;
}

void ar_cost_mark_dominated(struct ar_cost *cost)
{
    double least_us = INFINITY; /* of the wider ones */

    for (uint32_t rung = cost->n_rungs; rung-- > 0;) {
        const double us = ar_cost_frame_us(cost, rung);

        cost->dominated[rung] = rung + 1 < cost->n_rungs && us >= least_us;
        least_us = fmin(least_us, us);
    }
}

uint32_t ar_cost_rung_of(const struct ar_cost *cost, double width)
{
    uint32_t nearest = 0;

    for (uint32_t rung = 1; rung < cost->n_rungs; rung++) {
        if (fabs(cost->widths[rung] - width) < fabs(cost->widths[nearest] - width))
            nearest = rung;
    }
    return nearest;
}

/* The time that a frame of so many MACs takes, by the frames of a network whose times are known. */
static double time_of_macs(const struct ar_cost *known, double macs)
{
    uint32_t above = 0;
    double low_macs = 0;
    double low_us = 0;

    while (above + 1 < known->n_rungs && ar_cost_frame_macs(known, above) < macs)
        above++;

    const double high_macs = ar_cost_frame_macs(known, above);
    const double high_us = ar_cost_frame_us(known, above);

    if (above > 0 && macs <= high_macs) {
        low_macs = ar_cost_frame_macs(known, above - 1);
        low_us = ar_cost_frame_us(known, above - 1);
    }
    if (high_macs <= low_macs)
        return high_us;
    return low_us + (macs - low_macs) * (high_us - low_us) / (high_macs - low_macs);
}

void ar_cost_estimate(struct ar_cost *cost, const struct ar_cost *known)
{
    assert(known->n_rungs >= 1);

    for (uint32_t rung = 0; rung < cost->n_rungs; rung++) {
        const double macs = ar_cost_frame_macs(cost, rung);
        const double us_per_mac = macs > 0.0 ? time_of_macs(known, macs) / macs : 0.0;

        for (uint32_t segment = 0; segment < cost->n_segments; segment++)
            for (uint32_t before = 0; before < cost->n_rungs; before++)
                cost->us[segment][before][rung] =
                    (float)(us_per_mac * (double)cost->macs[segment][before][rung]);
    }
    ar_cost_mark_dominated(cost);
}
