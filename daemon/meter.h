/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "budget/ledger.h"
#include "display/overlay.h"

/*
 * What the overlay tells, in numbers that stand still long enough to be read: means of half a second. Plain data of
 * one thread, zero at the start.
 */

struct ar_meter {
    uint64_t since_us; /* the last frame of the half second before; 0: none */
    uint32_t n_frames; /* since then */
    double width_sum;
    struct ar_overlay shown;
};

/* A frame was ready at end_us. The ledger's tail is looked up when new numbers are due. */
void ar_meter_add(struct ar_meter *meter, uint64_t end_us, double width,
                  const struct ar_histogram *paint);
