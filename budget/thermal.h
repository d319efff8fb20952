/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The slow loop around the governor: narrows before the firmware throttles, since a throttled processor loses more
 * than the width given up. Looked at once a second. Pure.
 *
 * Hot at the limit, or when the board says that it throttles or lacks voltage: a rung down every two seconds. Cool four
 * degrees below it: a rung up every ten.
 */

/* Bits of a Raspberry Pi's get_throttled that are about now. */
#define AR_THERMAL_UNDER_VOLTAGE 0x1u
#define AR_THERMAL_CLOCK_CAPPED  0x2u
#define AR_THERMAL_THROTTLED     0x4u
#define AR_THERMAL_SOFT_LIMIT    0x8u

struct ar_thermal_reading {
    double celsius; /* NAN: unknown */
    uint32_t flags; /* AR_THERMAL_* */
};

struct ar_thermal {
    uint32_t n_rungs;
    uint32_t cap; /* the widest rung allowed */
    uint64_t moved_us;
    uint64_t cool_since_us; /* 0: not cool */
};

void ar_thermal_init(struct ar_thermal *thermal, uint32_t n_rungs);

/* limit_celsius 0: heat is not looked at. Returns the cap. */
uint32_t ar_thermal_step(struct ar_thermal *thermal, const struct ar_thermal_reading *reading,
                         double limit_celsius, uint64_t now_us);

bool ar_thermal_is_capping(const struct ar_thermal *thermal);
