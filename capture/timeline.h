/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The times of a clip's pictures, made steady: they start at 0 and always grow, whatever the file says.
 * Pure; zero-initialised at the start of a clip.
 */

#define AR_TIMELINE_UNKNOWN     INT64_MIN
#define AR_TIMELINE_MAX_STEP_US 10000000

struct ar_timeline {
    bool started;
    int64_t shift_us; /* file's time of the clip's time 0 */
    uint64_t time_us; /* of the latest picture */
};

/*
 * Takes the next picture's time stamp and gives its time in the clip. A stamp that is unknown, goes back, or
 * jumps by more than AR_TIMELINE_MAX_STEP_US counts as one period after the picture before.
 */
uint64_t ar_timeline_step(struct ar_timeline *timeline, int64_t stamp_us, uint64_t period_us);
