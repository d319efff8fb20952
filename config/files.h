/* SPDX-License-Identifier: MIT */
#pragma once

#include "config/config.h"

/*
 * The files of a configuration, in the order in which they are read: FILE, then the drop-ins FILE.d/NAME.conf by their
 * names, then what was saved while running. What a later one says holds. One thread.
 */

#define AR_CONFIG_FILES_MAX  32
#define AR_CONFIG_PATH_MAX_B 512

struct ar_config_files {
    uint32_t n;
    char paths[AR_CONFIG_FILES_MAX][AR_CONFIG_PATH_MAX_B];
};

/*
 * Adds the drop-ins of `path`, which need not be there, after `path` itself if it is to be read. A hidden file, and one
 * with another ending, is none. What stands in the way (no permission for the folder, too many files) is a problem:
 * -EINVAL.
 */
int ar_config_files_find(struct ar_config_files *files, const char *path, bool with_path,
                         ar_config_problem_fn *problem, void *user);

/* Adds a file at the end, unless it is among them. */
int ar_config_files_add(struct ar_config_files *files, const char *path,
                        ar_config_problem_fn *problem, void *user);

/*
 * Reads all. A file that cannot be read is a problem too. 0, -EINVAL, or where there was no other problem the error of
 * the last file that cannot be read.
 */
int ar_config_files_read(const struct ar_config_files *files,
                         const struct ar_config_section *sections,
                         ar_config_problem_fn *problem, void *user);

/* "/etc/ar-daemon/ar-daemon.conf:12", "command line", "set while running", "default". */
void ar_config_files_describe(const struct ar_config_files *files,
                              const struct ar_config_origin *origin, char *text, size_t text_b);
