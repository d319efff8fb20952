/* SPDX-License-Identifier: MIT */
#include "budget/thermal.h"

#include <math.h>

#define COOLER  4.0 /* degrees below the limit */
#define DOWN_US 2000000u
#define UP_US   10000000u
#define TROUBLES                                                                 \
    (AR_THERMAL_UNDER_VOLTAGE | AR_THERMAL_CLOCK_CAPPED | AR_THERMAL_THROTTLED | \
     AR_THERMAL_SOFT_LIMIT)

void ar_thermal_init(struct ar_thermal *thermal, uint32_t n_rungs)
{
    *thermal = (struct ar_thermal){ .n_rungs = n_rungs, .cap = n_rungs - 1 };
}

/* A clock that runs backward starts the wait anew. */
static bool has_passed(uint64_t since_us, uint64_t now_us, uint64_t wait_us)
{
    return now_us >= since_us && now_us - since_us >= wait_us;
}

static void move(struct ar_thermal *thermal, uint32_t cap, uint64_t now_us)
{
    thermal->cap = cap;
    thermal->moved_us = now_us;
    thermal->cool_since_us = 0;
}

uint32_t ar_thermal_step(struct ar_thermal *thermal, const struct ar_thermal_reading *reading,
                         double limit_celsius, uint64_t now_us)
{
    const bool troubled = (reading->flags & TROUBLES) != 0;
    const bool hot = troubled || (limit_celsius > 0.0 && reading->celsius >= limit_celsius);
    const bool cool =
        !troubled && !(limit_celsius > 0.0 && reading->celsius > limit_celsius - COOLER);

    if (hot) {
        if (thermal->cap > 0 &&
            (!ar_thermal_is_capping(thermal) || has_passed(thermal->moved_us, now_us, DOWN_US)))
            move(thermal, thermal->cap - 1, now_us);
        thermal->cool_since_us = 0;
    } else if (!cool || thermal->cool_since_us == 0 || thermal->cool_since_us > now_us) {
        thermal->cool_since_us = cool ? now_us : 0;
    } else if (ar_thermal_is_capping(thermal) &&
               has_passed(thermal->cool_since_us, now_us, UP_US)) {
        move(thermal, thermal->cap + 1, now_us);
    }
    return thermal->cap;
}

bool ar_thermal_is_capping(const struct ar_thermal *thermal)
{
    return thermal->cap + 1 < thermal->n_rungs;
}
