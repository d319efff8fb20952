/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>

#include "base/reason.h"
#include "daemon/run.h"

/*
 * What the commands of daemon/commands.h do: one file a noun, and one table. All on the control thread, whose
 * signals and clients wait meanwhile: nothing here may take long.
 */

/*
 * args: as many texts as the command's table entry allows, NULL for those that were left out. A new reference as the
 * result, or NULL with the reason; what is refused changes nothing.
 */
typedef json_t *ar_action_fn(struct ar_run *run, const char *const *args,
                             struct ar_reason *reason);

/* NULL for what is not in the table of commands. */
ar_action_fn *ar_actions_find(const char *command);

ar_action_fn ar_action_budget;
ar_action_fn ar_action_calibrate;
ar_action_fn ar_action_events;
ar_action_fn ar_action_metrics;
ar_action_fn ar_action_pause;
ar_action_fn ar_action_resume;
ar_action_fn ar_action_record;
ar_action_fn ar_action_get;
ar_action_fn ar_action_reload;
ar_action_fn ar_action_save;
ar_action_fn ar_action_set;
ar_action_fn ar_action_snapshot;
ar_action_fn ar_action_status;
ar_action_fn ar_action_stop;
ar_action_fn ar_action_style;
ar_action_fn ar_action_trace;
