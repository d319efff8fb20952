/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "daemon/actions/actions.h"

json_t *ar_action_trace(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    char *end = NULL;
    unsigned long long from = 1;

    if (args[0])
        from = strtoull(args[0], &end, 10);
    if (args[0] && (end == args[0] || *end != '\0')) {
        ar_reason_set(reason, -EINVAL, "trace: '%s', must be the number of a frame", args[0]);
        return NULL;
    }
    return ar_pipeline_trace(run->pipeline, from);
}
