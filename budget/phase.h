/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The grid of a screen's refreshes, from its page flips: a second-order delay-locked loop. A flip's time stamp jitters
 * and comes only when a picture does; the grid goes on between them and is good to some microseconds. So a deadline can
 * be the last refresh that a picture must not miss. Pure.
 */

struct ar_phase {
    double period_us;  /* 0: no screen that refreshes */
    double nominal_us; /* as the mode says */
    double next_us;    /* a refresh to come, or one that has been */
    double error_us;   /* of the last flip against the grid */
    uint32_t n_flips;
};

/* rate_millihz 0: there is no grid. */
void ar_phase_init(struct ar_phase *phase, uint32_t rate_millihz);

/* A flip happened; far off the grid, it starts a new one. */
void ar_phase_flip(struct ar_phase *phase, uint64_t flip_us);

/* True after enough flips. */
bool ar_phase_is_locked(const struct ar_phase *phase);

/* The last refresh that is not later than limit_us; 0 when not locked. */
uint64_t ar_phase_last_before(const struct ar_phase *phase, uint64_t limit_us);
