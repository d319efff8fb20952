/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "daemon/actions/actions.h"

json_t *ar_action_snapshot(struct ar_run *run, const char *const *args,
                           struct ar_reason *reason)
{
    if (args[1] && strcmp(args[1], "--pair") != 0) {
        ar_reason_set(reason, -EINVAL, "snapshot: '%.40s', must be --pair or nothing", args[1]);
        return NULL;
    }
    if (ar_recorder_snapshot(&run->recorder, args[0], args[1] != NULL, reason) < 0)
        return NULL;
    return ar_recorder_snapshot_json(&run->recorder);
}
