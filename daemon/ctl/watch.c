/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"
#include "daemon/ctl/link.h"

int ar_ctl_watch(const char *socket_path, void (*print)(const json_t *status))
{
    const struct timespec second = { .tv_sec = 1 };
    struct ar_ctl_link link;
    struct ar_reason reason = { "" };
    int code = ar_ctl_link_open(&link, socket_path, &reason);

    while (code == EX_OK) {
        json_t *status = NULL;

        code = ar_ctl_link_ask(&link, "status", NULL, 0, &status, &reason);
        if (code != EX_OK)
            break;
        print(status);
        json_decref(status);
        fflush(stdout);
        nanosleep(&second, NULL);
    }
    ar_ctl_link_close(&link);
    return ar_ctl_say(code, &reason);
}
