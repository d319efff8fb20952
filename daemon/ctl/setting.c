/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"
#include "daemon/ctl/link.h"
#include "daemon/explain.h"
#include "daemon/field.h"

#define RESTART_S 15 /* a camera may take its time */

void ar_ctl_print_setting(const json_t *result)
{
    printf("%s = %s\n", ar_field_string(result, "key"), ar_field_string(result, "value"));
}

/* A setting, or what `explain` found. */
void ar_ctl_print_budget(const json_t *result)
{
    if (json_object_get(result, "layers"))
        ar_explain_print(result, stdout);
    else
        ar_ctl_print_setting(result);
}

/* As it stands in the file, with where it comes from as a comment. */
void ar_ctl_print_settings(const json_t *result)
{
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(result, "keys"), i, key)
    {
        char line[600];
        const bool is_default = strcmp(ar_field_string(key, "origin"), "default") == 0;

        snprintf(line, sizeof(line), "%s = %s", ar_field_string(key, "key"),
                 ar_field_string(key, "value"));
        if (is_default)
            printf("%-36s ; default\n", line);
        else
            printf("%-36s ; %s, default %s\n", line, ar_field_string(key, "origin"),
                   ar_field_string(key, "default")[0] != '\0' ? ar_field_string(key, "default")
                                                              : "(empty)");
    }
}

static void print_changes(const json_t *result)
{
    const json_t *changes = json_object_get(result, "changes");
    const json_t *change;
    size_t i;

    if (json_array_size(changes) == 0)
        puts("nothing has changed");
    json_array_foreach(changes, i, change)
    {
        ar_ctl_print_setting(change);
        if (strcmp(ar_field_string(change, "apply"), "restart") == 0)
            fprintf(stderr, "ar-ctl: %s: will hold when ar-daemon is started again\n",
                    ar_field_string(change, "key"));
    }
}

void ar_ctl_print_save(const json_t *result)
{
    const long long n_keys = ar_field_count(result, "keys");

    printf("%s: %lld key%s\n", ar_field_string(result, "file"), n_keys, n_keys == 1 ? "" : "s");
}

/* Waits for the end of the restart with this number. An exit code. */
static int wait_restart(const char *socket_path, json_int_t number)
{
    for (int i = 0; i < 20 * RESTART_S; i++) {
        const struct timespec pause = { .tv_nsec = 50000000 };
        int code;
        json_t *status = ar_ctl_ask(socket_path, "status", NULL, 0, &code);
        const bool ended = ar_field_count(status, "restarts") >= number;
        const char *problem = ar_field_string(status, "restart_problem");

        if (ended && problem[0] != '\0') {
            fprintf(stderr, "ar-ctl: %s; the settings before are back\n", problem);
            code = AR_CTL_REFUSED;
        }
        json_decref(status);
        if (code != EX_OK || ended)
            return code;
        nanosleep(&pause, NULL);
    }
    fputs("ar-ctl: not yet done; see `ar-ctl status`\n", stderr);
    return EX_TEMPFAIL;
}

/* A change, and the restart of a stage that it may take. */
int ar_ctl_run_change(const struct ar_ctl_call *call)
{
    int code;
    json_t *result =
        ar_ctl_ask(call->socket_path, call->command->name, call->args, call->n_args, &code);
    const json_t *restart = json_object_get(result, "restart");

    if (restart)
        code = wait_restart(call->socket_path, json_integer_value(restart));
    if (code == EX_OK && call->json)
        ar_ctl_print_json(result);
    else if (code == EX_OK && json_object_get(result, "changes"))
        print_changes(result);
    else if (code == EX_OK)
        ar_ctl_print_setting(result);
    json_decref(result);
    return code;
}
