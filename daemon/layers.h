/* SPDX-License-Identifier: MIT */
#pragma once

#include "config/files.h"
#include "daemon/command_line.h"
#include "daemon/settings.h"

/*
 * What settings are made of, the later the stronger: the tables' defaults, the configuration's files, the command line.
 *
 * The files are those of --config FILE, otherwise of the system's, which need not be there: FILE, the drop-ins
 * FILE.d/NAME.conf by name, and what `ar-ctl save` wrote. That is FILE.d/saved.conf, and with the system's files, which are
 * not ours to write, saved.conf in the state folder. One thread.
 */

#define AR_SYSTEM_CONFIG AR_SYSCONFDIR "/ar-daemon/ar-daemon.conf"

struct ar_layers {
    const struct ar_command_line *line; /* borrowed */
    const char *path;                   /* FILE */
    struct ar_config_files files;       /* as last read */
    char saved[AR_CONFIG_PATH_MAX_B];   /* empty: there is no place for it */
};

void ar_layers_init(struct ar_layers *layers, const struct ar_command_line *line);

/*
 * Reads everything anew. With `thorough` the style's file is looked into as well. 0, or an exit code of sysexits after
 * every problem was told: EX_USAGE for the command line, EX_CONFIG, EX_NOINPUT for a file that cannot be read. Then
 * settings are void.
 */
int ar_layers_read(struct ar_layers *layers, struct ar_settings *settings, bool thorough,
                   ar_config_problem_fn *problem, void *user);

/*
 * Writes what has been set while running, and what had been saved before, as far as it differs from what the other files
 * say; whole or not at all, never through a link. Settings' origins are then the file. The number of keys in it, or a
 * negative errno with the reason.
 */
int ar_layers_save(struct ar_layers *layers, struct ar_settings *settings,
                   struct ar_reason *reason);
