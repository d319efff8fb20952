/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "daemon/commands.h"

/*
 * The table of what ar-ctl does for a command beyond asking for it: how the result looks to people, and which
 * commands take more than one question. A command that is not in it asks once, and prints nothing but --json.
 */

/* One command line. */
struct ar_ctl_call {
    const char *socket_path;
    const struct ar_command *command;
    char *const *args;
    int n_args;
    bool json;
    bool watch;
};

/* True, and noted in the call, when word is an option that the call's command has. */
bool ar_ctl_call_take_option(struct ar_ctl_call *call, const char *word);

/* Returns an exit code. What went wrong has been said. */
int ar_ctl_call_run(const struct ar_ctl_call *call);

/* Asks once and prints the result as the table says. */
int ar_ctl_call_simply(const struct ar_ctl_call *call);

/* Asks for the status once a second, for ever, and has it printed. An exit code once nobody answers any more. */
int ar_ctl_watch(const char *socket_path, void (*print)(const json_t *status));

void ar_ctl_print_json(const json_t *result);
void ar_ctl_print_line(const json_t *object); /* JSON in one */

void ar_ctl_print_budget(const json_t *result);
void ar_ctl_print_metrics(const json_t *result);
void ar_ctl_print_progress(const json_t *status); /* one line */
void ar_ctl_print_save(const json_t *result);
void ar_ctl_print_setting(const json_t *result);
void ar_ctl_print_settings(const json_t *result);
void ar_ctl_print_status(const json_t *result);
void ar_ctl_print_style(const json_t *result);

int ar_ctl_run_change(const struct ar_ctl_call *call);
int ar_ctl_run_calibrate(const struct ar_ctl_call *call);
int ar_ctl_run_devices(const struct ar_ctl_call *call);
int ar_ctl_run_events(const struct ar_ctl_call *call);
int ar_ctl_run_record(const struct ar_ctl_call *call);
int ar_ctl_run_snapshot(const struct ar_ctl_call *call);
int ar_ctl_run_outputs(const struct ar_ctl_call *call);
int ar_ctl_run_status(const struct ar_ctl_call *call);
int ar_ctl_run_top(const struct ar_ctl_call *call);
int ar_ctl_run_trace(const struct ar_ctl_call *call);
int ar_ctl_run_wait(const struct ar_ctl_call *call);
