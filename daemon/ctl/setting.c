/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"
#include "daemon/ctl/link.h"
#include "daemon/explain.h"

#define RESTART_S 15 /* a camera may take its time */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

void ar_ctl_print_setting(const json_t *result)
{
    printf("%s = %s\n", text_of(result, "key"), text_of(result, "value"));
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
        const bool is_default = strcmp(text_of(key, "origin"), "default") == 0;

        snprintf(line, sizeof(line), "%s = %s", text_of(key, "key"), text_of(key, "value"));
        if (is_default)
            printf("%-36s ; default\n", line);
        else
            printf("%-36s ; %s, default %s\n", line, text_of(key, "origin"),
                   text_of(key, "default")[0] != '\0' ? text_of(key, "default") : "(empty)");
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
        if (strcmp(text_of(change, "apply"), "restart") == 0)
            fprintf(stderr, "ar-ctl: %s: will hold when ar-daemon is started again\n",
                    text_of(change, "key"));
    }
}

void ar_ctl_print_save(const json_t *result)
{
    printf("%s: %lld keys\n", text_of(result, "file"),
           json_integer_value(json_object_get(result, "keys")));
}

/* Waits for the end of the restart with this number. An exit code. */
static int wait_restart(const char *socket_path, json_int_t number)
{
    for (int i = 0; i < 20 * RESTART_S; i++) {
        const struct timespec pause = { .tv_nsec = 50000000 };
        int code;
        json_t *status = ar_ctl_ask(socket_path, "status", NULL, 0, &code);
        const bool ended = json_integer_value(json_object_get(status, "restarts")) >= number;
        const char *problem = text_of(status, "restart_problem");

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
