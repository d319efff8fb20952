/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

/*
 * The folder for what outlives a run: the service manager's $STATE_DIRECTORY, else ar-daemon below $XDG_STATE_HOME or
 * ~/.local/state. It need not be there yet. -ENOENT where the environment names none. Any thread.
 */
int ar_state_folder(char *path, size_t path_b);
