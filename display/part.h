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
    int fd;              /* -1 when closed */
    bool fresh;          /* replaces nothing */
    bool named;          /* has got its name already */
    char path[PATH_MAX]; /* as the user wrote it */
    char temporary
        [PATH_MAX +
         8]; /* path.part, or path if it grows; empty when it has no name, or is written straight */
};

/* Neither follows a symbolic link at OUT.part nor blocks on a pipe that nobody reads. */
int ar_part_open(struct ar_part *part, const char *path, struct ar_reason *reason);

/*
 * For who may neither replace nor follow anything: a path at which nothing is. -EEXIST for whatever there is, a symbolic
 * link as well, now or when it gets its name. It has none until then, so that nothing is left of it whatever happens;
 * where the file system cannot do that, it is path.part.
 */
int ar_part_open_new(struct ar_part *part, const char *path, struct ar_reason *reason);

/* Standard output; refuses a terminal. */
int ar_part_open_stdout(struct ar_part *part, struct ar_reason *reason);

/* True when the file can be read back and written out of order. */
bool ar_part_is_regular(const struct ar_part *part);

int ar_part_write(struct ar_part *part, const void *data, size_t size_b,
                  struct ar_reason *reason);

/* Gives the file its name before it is complete, for what may be used while it grows. */
int ar_part_publish(struct ar_part *part, struct ar_reason *reason);

/* Closes, and gives the file its name if it has not got it; removes it when that fails. */
int ar_part_commit(struct ar_part *part, struct ar_reason *reason);

/* Closes and removes. Accepts one that is closed. */
void ar_part_abandon(struct ar_part *part);
