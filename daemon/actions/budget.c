/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daemon/actions/actions.h"

/* A budget is one of the options, with a command of its own. */
json_t *ar_action_budget(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    const char *const assignment[] = { "budget.frame", args[0] };
    char text[AR_OPTION_TEXT_MAX];

    if (args[0] && strcmp(args[0], "explain") == 0)
        return ar_pipeline_explain(run->pipeline, reason);
    if (args[0])
        return ar_action_set(run, assignment, reason);
    ar_option_format(ar_option_find(ar_budget_options, "frame"), &run->settings.budget, text,
                     sizeof(text));
    return json_pack("{s:s, s:s}", "key", "budget.frame", "value", text);
}
