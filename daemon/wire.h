/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include <sys/un.h>

#include "base/reason.h"

/*
 * The control protocol's common ground: one JSON object a line over a UNIX stream socket.
 *   request  {"protocol": 1, "command": "set", "args": ["budget.frame", "20ms"]}
 *   reply    {"protocol": 1, "ok": true, "result": ...}
 *            {"protocol": 1, "ok": false, "error": "budget.frame: ..."}
 * Linked into both programs.
 */

#define AR_WIRE_PROTOCOL      1
#define AR_WIRE_MAX_REQUEST_B 4096
#define AR_WIRE_MAX_REPLY_B   65536

/*
 * The usual socket: $RUNTIME_DIRECTORY (systemd), /run/ar-daemon for root, $XDG_RUNTIME_DIR/ar-daemon.
 * -ENOENT when none of them is known.
 */
int ar_wire_default_path(char *path, size_t path_b);

/* -ENAMETOOLONG with reason where the kernel's 107 bytes do not do. */
int ar_wire_address(struct sockaddr_un *address, const char *path, struct ar_reason *reason);

/* object as one line, newline included, to be freed; NULL without memory. Steals the reference. */
char *ar_wire_line(json_t *object, size_t *length);
