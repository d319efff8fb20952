/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "daemon/actions/actions.h"

/* "--watts IDLE,BUSY": what a meter showed. */
static int take_watts(struct ar_run *run, const char *text, struct ar_reason *reason)
{
    static const char *const keys[] = { "budget.watts_idle", "budget.watts_busy" };
    const char *comma = text ? strchr(text, ',') : NULL;
    char values[2][32];

    if (!comma || comma == text || (size_t)(comma - text) >= sizeof(values[0]))
        return ar_reason_set(reason, -EINVAL,
                             "calibrate --watts: '%s', must be IDLE,BUSY, as 2.5,6",
                             text ? text : "");
    snprintf(values[0], sizeof(values[0]), "%.*s", (int)(comma - text), text);
    snprintf(values[1], sizeof(values[1]), "%s", comma + 1);
    for (size_t i = 0; i < AR_ARRAY_LEN(keys); i++) {
        const char *const assignment[] = { keys[i], values[i] };
        json_t *done = ar_action_set(run, assignment, reason);

        if (!done)
            return -EINVAL;
        json_decref(done);
    }
    return 0;
}

json_t *ar_action_calibrate(struct ar_run *run, const char *const *args,
                            struct ar_reason *reason)
{
    struct ar_pipeline_status status;

    if (args[0] && strcmp(args[0], "--watts") != 0) {
        ar_reason_set(reason, -EINVAL, "calibrate: '%s', must be --watts IDLE,BUSY or nothing",
                      args[0]);
        return NULL;
    }
    ar_pipeline_status(run->pipeline, &status);
    if (status.state > AR_PIPELINE_RUNNING) {
        ar_reason_set(reason, -EAGAIN,
                      "calibrate: nothing is painted now; `ar-ctl resume` first");
        return NULL;
    }
    if (args[0] && take_watts(run, args[1], reason) < 0)
        return NULL;
    ar_pipeline_calibrate(run->pipeline);
    return json_object();
}
