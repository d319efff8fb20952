/* SPDX-License-Identifier: MIT */
#include "daemon/actions/actions.h"

/* The connection is made a listener by the command's entry in the table. */
json_t *ar_action_events(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    (void)args;
    (void)reason;
    ar_events_listen(&run->events);
    return json_object();
}
