/* SPDX-License-Identifier: MIT */
#include "daemon/status.h"

#include "base/clock.h"
#include "daemon/actions/actions.h"

json_t *ar_action_status(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_pipeline_status status;
    json_t *object;

    (void)args;
    (void)reason;
    ar_pipeline_status(run->pipeline, &status);
    object = ar_status_json(&status, &run->heat.reading, ar_clock_now_us());
    json_object_set_new(object, "recording", ar_recorder_recording_json(&run->recorder));
    json_object_set_new(object, "snapshot", ar_recorder_snapshot_json(&run->recorder));
    json_object_set_new(object, "restarts", json_integer((json_int_t)run->change.n_restarts));
    json_object_set_new(object, "restart_problem", json_string(run->change.problem.text));
    return object;
}
