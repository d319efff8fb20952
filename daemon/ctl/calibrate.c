/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"

#define CALIBRATION_S 6

static json_int_t count_calibrations(const char *socket_path, int *code)
{
    json_t *status = ar_ctl_ask(socket_path, "status", NULL, 0, code);
    const json_int_t count = json_integer_value(json_object_get(status, "calibrations"));

    json_decref(status);
    return count;
}

/* Waits until the daemon has measured, and shows what it found. */
int ar_ctl_run_calibrate(const struct ar_ctl_call *call)
{
    char word[] = "explain";
    char *args[] = { word };
    const struct ar_ctl_call explain = { .socket_path = call->socket_path,
                                         .command = ar_commands_find("budget"),
                                         .args = args,
                                         .n_args = 1,
                                         .json = call->json };
    struct ar_ctl_call calibrate = *call;
    int code;
    const json_int_t before = count_calibrations(call->socket_path, &code);

    calibrate.json = false;
    if (code == EX_OK)
        code = ar_ctl_call_simply(&calibrate);
    for (int i = 0; code == EX_OK && i < 10 * CALIBRATION_S; i++) {
        const struct timespec pause = { .tv_nsec = 100000000 };

        if (count_calibrations(call->socket_path, &code) != before)
            return ar_ctl_call_simply(&explain);
        nanosleep(&pause, NULL);
    }
    if (code != EX_OK)
        return code;
    fputs("ar-ctl: no frame came in that time: calibration begins with the next one\n", stderr);
    return EX_TEMPFAIL;
}
