/* SPDX-License-Identifier: MIT */
#include "daemon/actions/actions.h"

json_t *ar_action_pause(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    (void)args;
    (void)reason;
    ar_pipeline_pause(run->pipeline);
    return json_object();
}

json_t *ar_action_resume(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    (void)args;
    (void)reason;
    ar_pipeline_resume(run->pipeline);
    return json_object();
}
