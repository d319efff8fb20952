/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The control commands, once: ar-daemon checks requests with this table, ar-ctl parses its command line and
 * prints its help from it. What ar-daemon does for each is in actions/, what ar-ctl prints of it in ctl/.
 */

#define AR_COMMANDS_MAX_ARGS 2

/* What a command is to the daemon: who may change something is decided by it (daemon/peer.h). */
enum ar_command_access {
    AR_COMMAND_READS,
    AR_COMMAND_CHANGES,
    AR_COMMAND_CHANGES_IF_TOLD, /* with an argument; alone it reads */
    AR_COMMAND_LISTENS,         /* reads; from then on the connection gets events as well */
    AR_COMMAND_LOCAL,           /* ar-ctl's own: the daemon does not know it */
};

struct ar_command {
    const char *name;  /* NULL ends the table */
    const char *usage; /* its arguments, for help */
    uint32_t min_args;
    uint32_t max_args;
    enum ar_command_access access;
    const char *help;
    const char *reads; /* the one argument with which it changes nothing either; NULL: none */
};

extern const struct ar_command ar_commands[];

/* NULL when there is no such command. */
const struct ar_command *ar_commands_find(const char *name);

/* args: AR_COMMANDS_MAX_ARGS texts, NULL for those that were left out. */
bool ar_command_changes(const struct ar_command *command, const char *const *args);
