/* SPDX-License-Identifier: MIT */
#include "capture/timeline.h"

/* Half of the type's range, so that a difference of two stamps cannot overflow. */
#define STAMP_MAX_US (INT64_MAX / 4)

uint64_t ar_timeline_step(struct ar_timeline *timeline, int64_t stamp_us, uint64_t period_us)
{
    const bool known = stamp_us >= -STAMP_MAX_US && stamp_us <= STAMP_MAX_US;
    int64_t step_us;

    if (!timeline->started) {
        timeline->started = true;
        timeline->shift_us = known ? stamp_us : 0;
        timeline->time_us = 0;
        return 0;
    }
    step_us = known ? stamp_us - timeline->shift_us - (int64_t)timeline->time_us : 0;
    if (step_us <= 0 || step_us > AR_TIMELINE_MAX_STEP_US) {
        timeline->time_us += period_us;
        if (known)
            timeline->shift_us = stamp_us - (int64_t)timeline->time_us;
    } else {
        timeline->time_us += (uint64_t)step_us;
    }
    return timeline->time_us;
}
