/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "daemon/actions/actions.h"

json_t *ar_action_record(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    int ret;

    if (strcmp(args[0], "start") == 0 && args[1])
        ret = ar_recorder_start(&run->recorder, args[1], reason);
    else if (strcmp(args[0], "stop") == 0 && !args[1])
        ret = ar_recorder_stop(&run->recorder, reason);
    else
        ret = ar_reason_set(reason, -EINVAL, "record: '%.40s', must be start FILE or stop",
                            args[0]);
    return ret < 0 ? NULL : ar_recorder_recording_json(&run->recorder);
}
