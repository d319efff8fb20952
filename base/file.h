/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

#include "base/reason.h"

/* Files, and small ones that must never be half there. Any thread; waits for the disk. */

/* The folder that a path is in, the last slash left out but for the root's; "." for a bare name. Cut where it does not fit. */
void ar_file_folder(const char *path, char *folder, size_t folder_b);

/* Writes all of it, in as many pieces as it takes. A negative errno. */
int ar_file_write(int fd, const void *data, size_t data_b);

/*
 * Gives a file this content, whole or not at all: it is written and synced beside it, as PATH.new, and then takes the
 * name. A link in its place, or in that of PATH.new, is replaced, not followed. Folders that are missing are made. A
 * negative errno with the reason.
 */
int ar_file_replace(const char *path, const void *data, size_t data_b,
                    struct ar_reason *reason);
