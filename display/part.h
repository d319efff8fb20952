/* SPDX-License-Identifier: MIT */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/reason.h"

/*
 * A file under way: OUT is written as OUT.part and gets its name when it is complete, so nobody
 * meets half of it. A pipe or device that the user names is written straight.
 *
 * One thread. Two programs on one OUT: the second gets -EBUSY.
 */

struct ar_part {
    int fd;                       /* -1 when closed */
    char path[PATH_MAX];          /* as the user wrote it */
    char temporary[PATH_MAX + 8]; /* path.part; empty when written straight */
};

/* Neither follows a symbolic link at OUT.part nor blocks on a pipe that nobody reads. */
int ar_part_open(struct ar_part *part, const char *path, struct ar_reason *reason);

/* Standard output; refuses a terminal. */
int ar_part_open_stdout(struct ar_part *part, struct ar_reason *reason);

/* True when the file can be read back and written out of order. */
bool ar_part_is_regular(const struct ar_part *part);

int ar_part_write(struct ar_part *part, const void *data, size_t size_b,
                  struct ar_reason *reason);

/* Closes, and gives the file its name; removes it when that fails. */
int ar_part_commit(struct ar_part *part, struct ar_reason *reason);

/* Closes and removes. Accepts one that is closed. */
void ar_part_abandon(struct ar_part *part);
