/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sysexits.h>

#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"
#include "daemon/ctl/link.h"

static int print_events(struct ar_ctl_link *link, struct ar_reason *reason)
{
    int code;

    for (;;) {
        json_t *event = NULL;

        code = ar_ctl_link_event(link, UINT64_MAX, &event, reason);
        if (code != EX_OK)
            return code;
        json_object_del(event, "protocol");
        ar_ctl_print_line(event);
        json_decref(event);
        if (fflush(stdout) != 0)
            return EX_IOERR;
    }
}

/* Until the daemon ends, or the reader of our output does. */
int ar_ctl_run_events(const struct ar_ctl_call *call)
{
    struct ar_ctl_link link;
    struct ar_reason reason = { "" };
    json_t *listening = NULL;
    int code = ar_ctl_link_open(&link, call->socket_path, &reason);

    if (code == EX_OK)
        code = ar_ctl_link_ask(&link, call->command->name, NULL, 0, &listening, &reason);
    json_decref(listening);
    if (code == EX_OK)
        code = print_events(&link, &reason);
    ar_ctl_link_close(&link);
    return ar_ctl_say(code, &reason);
}
