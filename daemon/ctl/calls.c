/* SPDX-License-Identifier: MIT */
#include "daemon/ctl/calls.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "daemon/ctl/ask.h"

struct way {
    const char *command;
    void (*print)(const json_t *result);        /* NULL: nothing to say */
    int (*run)(const struct ar_ctl_call *call); /* NULL: one question, one result */
};

static const struct way ways[] = {
    { "status", ar_ctl_print_status, NULL },   { "style", ar_ctl_print_style, NULL },
    { "budget", ar_ctl_print_budget, NULL },   { "calibrate", NULL, ar_ctl_run_calibrate },
    { "trace", NULL, ar_ctl_run_trace },       { "events", NULL, ar_ctl_run_events },
    { "metrics", ar_ctl_print_metrics, NULL }, { "record", NULL, ar_ctl_run_record },
    { "set", ar_ctl_print_setting, NULL },     { "snapshot", NULL, ar_ctl_run_snapshot },
    { "wait", NULL, ar_ctl_run_wait },
};

static const struct way *way_of(const struct ar_command *command)
{
    static const struct way plain = { .command = NULL };

    for (size_t i = 0; i < AR_ARRAY_LEN(ways); i++)
        if (strcmp(ways[i].command, command->name) == 0)
            return &ways[i];
    return &plain;
}

void ar_ctl_print_json(const json_t *result)
{
    json_dumpf(result, stdout, JSON_INDENT(2));
    putchar('\n');
}

void ar_ctl_print_line(const json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
}

int ar_ctl_call_simply(const struct ar_ctl_call *call)
{
    const struct way *way = way_of(call->command);
    int code;
    json_t *result =
        ar_ctl_ask(call->socket_path, call->command->name, call->args, call->n_args, &code);

    if (result && call->json)
        ar_ctl_print_json(result);
    else if (result && way->print)
        way->print(result);
    json_decref(result);
    return code;
}

int ar_ctl_call_run(const struct ar_ctl_call *call)
{
    const struct way *way = way_of(call->command);

    return way->run ? way->run(call) : ar_ctl_call_simply(call);
}
