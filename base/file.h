/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

#include "base/reason.h"

/* Small files that must never be half there. Any thread; waits for the disk. */

/*
 * Gives a file this content, whole or not at all: it is written and synced beside it, as PATH.new, and then takes the
 * name. A link in its place, or in that of PATH.new, is replaced, not followed. Folders that are missing are made. A
 * negative errno with the reason.
 */
int ar_file_replace(const char *path, const void *data, size_t data_b,
                    struct ar_reason *reason);
