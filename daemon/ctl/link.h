/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/un.h>

#include "base/reason.h"
#include "daemon/wire.h"

/*
 * A connection to the daemon, for one question or for many, and for the events between the replies.
 *
 * What goes wrong is an exit code of ar-ctl (doc/PROTOCOL.md), with the reason in words.
 */

#define AR_CTL_REFUSED 1 /* the daemon said no; other codes are sysexits' */

/* One question waits no longer for its reply. */
#define AR_CTL_PATIENCE_S 5

struct ar_ctl_link {
    int fd; /* -1: closed */
    const char *path;
    size_t n_in;
    size_t n_used; /* of n_in: the line that was taken last */
    char in[AR_WIRE_MAX_REPLY_B];
};

/* path is borrowed for the link's life. On failure the link is closed. */
int ar_ctl_link_open(struct ar_ctl_link *link, const char *path, struct ar_reason *reason);
/* Accepts a closed one. */
void ar_ctl_link_close(struct ar_ctl_link *link);

/*
 * On success *result is a new reference. Events that come before the reply are passed over. A refusal leaves the
 * link as it is; after any other failure there is nothing to do but to close it.
 */
int ar_ctl_link_ask(struct ar_ctl_link *link, const char *command, char *const *args,
                    int n_args, json_t **result, struct ar_reason *reason);

/* Waits for an event until a moment of the clock, UINT64_MAX: for ever. EX_OK with *event NULL when none came. */
int ar_ctl_link_event(struct ar_ctl_link *link, uint64_t until_us, json_t **event,
                      struct ar_reason *reason);
