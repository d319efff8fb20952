/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * The control commands, once: ar-daemon checks requests with this table, ar-ctl parses its command line and
 * prints its help from it. What ar-daemon does for each is in actions/, what ar-ctl prints of it in ctl/.
 */

#define AR_COMMANDS_MAX_ARGS 2

struct ar_command {
    const char *name;  /* NULL ends the table */
    const char *usage; /* its arguments, for help */
    uint32_t min_args;
    uint32_t max_args;
    const char *help;
};

extern const struct ar_command ar_commands[];

/* NULL when there is no such command. */
const struct ar_command *ar_commands_find(const char *name);
