/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * The control commands, once: ar-daemon checks requests with this table, ar-ctl parses its command line and
 * prints its help from it.
 */

#define AR_COMMANDS_MAX_ARGS 2

enum ar_command_id {
    AR_COMMAND_STATUS,
    AR_COMMAND_STYLE,
    AR_COMMAND_BUDGET,
    AR_COMMAND_CALIBRATE,
    AR_COMMAND_TRACE,
    AR_COMMAND_SET,
    AR_COMMAND_STOP,
};

struct ar_command {
    enum ar_command_id id;
    const char *name;  /* NULL ends the table */
    const char *usage; /* its arguments, for help */
    uint32_t min_args;
    uint32_t max_args;
    const char *help;
};

extern const struct ar_command ar_commands[];

/* NULL when there is no such command. */
const struct ar_command *ar_commands_find(const char *name);
