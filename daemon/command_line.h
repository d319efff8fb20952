/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "config/config.h"

/* ar-daemon's command line: what to do, and the keys that it sets. One thread. */

enum ar_command_line_action {
    AR_COMMAND_LINE_RUN,
    AR_COMMAND_LINE_CHECK_CONFIG,
    AR_COMMAND_LINE_PRINT_CONFIG,
    AR_COMMAND_LINE_LIST_DEVICES,
    AR_COMMAND_LINE_VERSION,
    AR_COMMAND_LINE_HELP,
};

/* What the command line takes, each as --name. */
struct ar_command_line_flag {
    const char *name;       /* NULL ends the table */
    const char *value_name; /* NULL: takes no value, asks for `action` */
    const char *key;        /* that it is shorthand for; NULL: none */
    enum ar_command_line_action action;
    const char *help;
};

extern const struct ar_command_line_flag ar_command_line_flags[];

/* Texts are argv's. */
struct ar_assignment {
    const char *key; /* NULL: `text` holds key=value */
    const char *text;
};

struct ar_command_line {
    enum ar_command_line_action action;
    const char *config_path; /* NULL: the system's */
    size_t n_assignments;
    struct ar_assignment *assignments; /* in their order */
};

/* argv is borrowed for the life of `line`. 0, or after a line on stderr an exit code of sysexits. */
int ar_command_line_read(struct ar_command_line *line, int argc, char **argv);
void ar_command_line_finish(struct ar_command_line *line);

/* Sets the keys. -EINVAL or -ENOENT with the reason, for the first that cannot be. */
int ar_command_line_apply(const struct ar_command_line *line,
                          const struct ar_config_section *sections, struct ar_reason *reason);

void ar_command_line_print_help(FILE *out);
