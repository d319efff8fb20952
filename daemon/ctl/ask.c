/* SPDX-License-Identifier: MIT */
#include "daemon/ctl/ask.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/ctl/link.h"

#define SYSTEM_SOCKET "/run/ar-daemon/control.sock"

const char *ar_ctl_default_socket(char *path, size_t path_b)
{
    if (ar_wire_default_path(path, path_b) == 0 && access(path, F_OK) == 0)
        return path;
    return SYSTEM_SOCKET;
}

int ar_ctl_say(int code, const struct ar_reason *reason)
{
    fprintf(stderr, "ar-ctl: %s\n", reason->text);
    return code;
}

json_t *ar_ctl_ask(const char *socket_path, const char *command, char *const *args, int n_args,
                   int *code)
{
    struct ar_ctl_link link;
    struct ar_reason reason = { "" };
    json_t *result = NULL;

    *code = ar_ctl_link_open(&link, socket_path, &reason);
    if (*code == EX_OK)
        *code = ar_ctl_link_ask(&link, command, args, n_args, &result, &reason);
    ar_ctl_link_close(&link);
    if (*code != EX_OK)
        ar_ctl_say(*code, &reason);
    return result;
}
