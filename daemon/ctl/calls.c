/* SPDX-License-Identifier: MIT */
#include "daemon/ctl/calls.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "daemon/ctl/ask.h"
#include "daemon/wire.h"

struct way {
    const char *command;
    void (*print)(const json_t *result);        /* NULL: nothing to say */
    int (*run)(const struct ar_ctl_call *call); /* NULL: one question, one result */
    bool can_watch;
};

/* clang-format off */ /* one a line */
static const struct way ways[] = {
    { "budget", .print = ar_ctl_print_budget },
    { "calibrate", .run = ar_ctl_run_calibrate },
    { "devices", .run = ar_ctl_run_devices },
    { "events", .run = ar_ctl_run_events },
    { "get", .print = ar_ctl_print_settings },
    { "metrics", .print = ar_ctl_print_metrics },
    { "outputs", .run = ar_ctl_run_outputs },
    { "reload", .run = ar_ctl_run_change },
    { "record", .run = ar_ctl_run_record },
    { "save", .print = ar_ctl_print_save },
    { "set", .run = ar_ctl_run_change },
    { "snapshot", .run = ar_ctl_run_snapshot },
    { "status", .print = ar_ctl_print_status, .run = ar_ctl_run_status, .can_watch = true },
    { "style", .print = ar_ctl_print_style },
    { "top", .run = ar_ctl_run_top },
    { "trace", .run = ar_ctl_run_trace },
    { "wait", .run = ar_ctl_run_wait },
};
/* clang-format on */

static const struct way *way_of(const struct ar_command *command)
{
    static const struct way plain = { .command = NULL };

    for (size_t i = 0; i < AR_ARRAY_LEN(ways); i++)
        if (strcmp(ways[i].command, command->name) == 0)
            return &ways[i];
    return &plain;
}

bool ar_ctl_call_take_option(struct ar_ctl_call *call, const char *word)
{
    const bool json = strcmp(word, "--json") == 0;
    const bool watch = strcmp(word, "--watch") == 0 && way_of(call->command)->can_watch;

    call->json |= json;
    call->watch |= watch;
    return json || watch;
}

void ar_ctl_print_json(const json_t *result)
{
    json_dumpf(result, stdout, JSON_INDENT(2) | AR_WIRE_PRECISION);
    putchar('\n');
}

void ar_ctl_print_line(const json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | AR_WIRE_PRECISION);
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
