/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>

#include "base/loop.h"
#include "base/reason.h"
#include "daemon/commands.h"

/*
 * The control socket's server: many clients at once, each bounded in what it may send and leave unread.
 * Lives on the control thread's loop; knows the protocol, not what commands do.
 */

struct ar_control;

/*
 * Does a command. A new JSON reference as the result, or NULL with the reason. args has n_args texts, as
 * many as the command's table entry allows.
 */
typedef json_t *ar_control_fn(void *user, const struct ar_command *command,
                              const char *const *args, uint32_t n_args,
                              struct ar_reason *reason);

#define AR_CONTROL_MAX_CLIENTS 56 /* the loop has room for a few other sources besides */

/*
 * Makes the socket's folder where it is the usual one, removes a socket that nobody listens on, and listens
 * (mode 0660). -EADDRINUSE when another daemon answers there; other errors from the file system. All with reason.
 */
int ar_control_create(struct ar_control **out, struct ar_loop *loop, const char *path,
                      ar_control_fn *handle, void *user, struct ar_reason *reason);

/* Accepts NULL. Sends what is left as far as it goes at once, closes, removes the socket. */
void ar_control_destroy(struct ar_control *control);
