/* SPDX-License-Identifier: MIT */
#include "daemon/actions/actions.h"

#include <string.h>

#include "base/macros.h"

/* clang-format off */ /* one a line */
static const struct {
    const char *command;
    ar_action_fn *act;
} actions[] = {
    { "budget", ar_action_budget },
    { "calibrate", ar_action_calibrate },
    { "events", ar_action_events },
    { "get", ar_action_get },
    { "metrics", ar_action_metrics },
    { "pause", ar_action_pause },
    { "record", ar_action_record },
    { "reload", ar_action_reload },
    { "resume", ar_action_resume },
    { "save", ar_action_save },
    { "set", ar_action_set },
    { "snapshot", ar_action_snapshot },
    { "status", ar_action_status },
    { "stop", ar_action_stop },
    { "style", ar_action_style },
    { "trace", ar_action_trace },
};
/* clang-format on */

ar_action_fn *ar_actions_find(const char *command)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].command, command) == 0)
            return actions[i].act;
    return NULL;
}
