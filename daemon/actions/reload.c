/* SPDX-License-Identifier: MIT */
#include "daemon/actions/actions.h"

json_t *ar_action_reload(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    return ar_change_reload(run, reason);
}
