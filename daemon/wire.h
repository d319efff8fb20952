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
 *            {"protocol": 1, "ok": false, "code": "refused", "error": "budget.frame: ..."}
 *   event    {"protocol": 1, "event": "style", "time_s": 1764179142.25, "style": "scream"}
 * doc/PROTOCOL.md says all of it. Linked into both programs.
 */

/* Of JSON's numbers: enough for the calendar's seconds to the microsecond, too few for 0.1 to become 0.10000000000000001. */
#define AR_WIRE_PRECISION JSON_REAL_PRECISION(15)

#define AR_WIRE_PROTOCOL      1
#define AR_WIRE_MAX_REQUEST_B 4096
#define AR_WIRE_MAX_REPLY_B   65536

/* Why a request was not done. */
enum ar_wire_code {
    AR_WIRE_OK,
    AR_WIRE_MALFORMED,      /* not an object in one line */
    AR_WIRE_OTHER_PROTOCOL, /* not a protocol of ours */
    AR_WIRE_UNKNOWN,        /* no such command */
    AR_WIRE_USAGE,          /* not the arguments of that command */
    AR_WIRE_DENIED,         /* it changes something, and the client may only look */
    AR_WIRE_BUSY,           /* too many clients */
    AR_WIRE_REFUSED,        /* by the command itself */
    AR_WIRE_MEMORY,         /* none for the answer: it may have been done all the same */
    AR_WIRE_N_CODES,
};

/* As it is in the reply. */
const char *ar_wire_code_name(enum ar_wire_code code);

/*
 * The usual socket: $RUNTIME_DIRECTORY (systemd), /run/ar-daemon for root, $XDG_RUNTIME_DIR/ar-daemon.
 * -ENOENT when none of them is known.
 */
int ar_wire_default_path(char *path, size_t path_b);

/* -ENAMETOOLONG with reason where the kernel's 107 bytes do not do. */
int ar_wire_address(struct sockaddr_un *address, const char *path, struct ar_reason *reason);

/* object as one line, newline included, to be freed; NULL without memory. Steals the reference. */
char *ar_wire_line(json_t *object, size_t *length);
