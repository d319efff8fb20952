/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/stat.h>
#include <sys/un.h>

#include "base/reason.h"
#include "daemon/peer.h"

/*
 * The control socket's file and the descriptor that listens on it. One thread.
 */

struct ar_listener {
    int fd; /* -1: closed */
    struct sockaddr_un address;
    struct stat file; /* as it was made */
};

/*
 * Makes the socket's folder where it is the usual one, removes a socket that nobody listens on, and listens (mode
 * 0660). Before other threads start. -EADDRINUSE when another daemon answers there; other errors from the file system. All with reason.
 */
int ar_listener_open(struct ar_listener *listener, const char *path, struct ar_reason *reason);

/* Removes the file. Accepts a closed one. */
void ar_listener_close(struct ar_listener *listener);

/* A connected descriptor, non-blocking, with who is there; or a negative errno. */
int ar_listener_accept(const struct ar_listener *listener, struct ar_peer *peer);
