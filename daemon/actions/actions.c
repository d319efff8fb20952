/* SPDX-License-Identifier: MIT */
#include "daemon/actions/actions.h"

#include <string.h>

#include "base/macros.h"

static const struct {
    const char *command;
    ar_action_fn *act;
} actions[] = {
    { "status", ar_action_status }, { "style", ar_action_style },
    { "budget", ar_action_budget }, { "calibrate", ar_action_calibrate },
    { "trace", ar_action_trace },   { "events", ar_action_events },
    { "set", ar_action_set },       { "stop", ar_action_stop },
    { "pause", ar_action_pause },   { "resume", ar_action_resume },
    { "record", ar_action_record }, { "snapshot", ar_action_snapshot },
};

ar_action_fn *ar_actions_find(const char *command)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].command, command) == 0)
            return actions[i].act;
    return NULL;
}
