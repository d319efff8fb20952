/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/reason.h"

/*
 * One question to the daemon, on a connection of its own; and how ar-ctl says what went wrong: once, on stderr.
 */

/* The session's own daemon where there is one, otherwise the system's. path is the room for it. */
const char *ar_ctl_default_socket(char *path, size_t path_b);

/* A new reference to the result; NULL with the exit code in *code, and the reason said. args has n_args texts. */
json_t *ar_ctl_ask(const char *socket_path, const char *command, char *const *args, int n_args,
                   int *code);

/* Gives code back. */
int ar_ctl_say(int code, const struct ar_reason *reason);
