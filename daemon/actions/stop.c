/* SPDX-License-Identifier: MIT */
#include "daemon/actions/actions.h"

json_t *ar_action_stop(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    (void)args;
    (void)reason;
    ar_run_stop(run);
    return json_object();
}
