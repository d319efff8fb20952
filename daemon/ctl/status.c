/* SPDX-License-Identifier: MIT */
#include "daemon/status.h"

#include <unistd.h>

#include "daemon/ctl/calls.h"

#define CLEAR "\033[H\033[J"

void ar_ctl_print_status(const json_t *result)
{
    ar_status_print(result, stdout);
}

/* On a terminal each in place of the one before. */
static void print_again(const json_t *status)
{
    if (isatty(STDOUT_FILENO))
        fputs(CLEAR, stdout);
    ar_status_print(status, stdout);
}

int ar_ctl_run_status(const struct ar_ctl_call *call)
{
    if (!call->watch)
        return ar_ctl_call_simply(call);
    return ar_ctl_watch(call->socket_path, call->json ? ar_ctl_print_line : print_again);
}
