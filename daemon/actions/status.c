/* SPDX-License-Identifier: MIT */
#include "daemon/status.h"

#include "base/clock.h"
#include "daemon/actions/actions.h"

json_t *ar_action_status(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_pipeline_status status;

    (void)args;
    (void)reason;
    ar_pipeline_status(run->pipeline, &status);
    return ar_status_json(&status, &run->heat.reading, ar_clock_now_us());
}
