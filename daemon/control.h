/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/loop.h"
#include "base/reason.h"
#include "daemon/commands.h"

/*
 * The control socket's server: many clients at once, each bounded in what it may send and leave unread, and each with
 * the rights of its user (daemon/peer.h). Lives on the control thread's loop; knows the protocol, not what commands do.
 */

struct ar_control;

/*
 * Does a command. A new JSON reference as the result, or NULL with the reason. args: as many texts as the command's
 * table entry allows, NULL for those that were left out.
 */
typedef json_t *ar_control_fn(void *user, const struct ar_command *command,
                              const char *const *args, struct ar_reason *reason);

#define AR_CONTROL_MAX_CLIENTS 100 /* the loop has room for other sources besides */
#define AR_CONTROL_MAX_READERS 50  /* of them, who may only look */

/* Errors, with reason, are those of ar_listener_open(), or of the loop. */
int ar_control_create(struct ar_control **out, struct ar_loop *loop, const char *path,
                      ar_control_fn *handle, void *user, struct ar_reason *reason);

/* Accepts NULL. Sends what is left as far as it goes at once, closes, removes the socket. */
void ar_control_destroy(struct ar_control *control);

/* Sends an event to all that listen, with the protocol's number. Steals the reference. */
void ar_control_tell(struct ar_control *control, json_t *event);
bool ar_control_has_listeners(const struct ar_control *control);
