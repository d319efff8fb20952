/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include <sys/stat.h>
#include <sys/types.h>

/*
 * Who is at the other end of a connection, as the kernel noted it when the connection was made. One thread.
 */

struct ar_peer {
    uid_t uid;
    gid_t group;     /* the socket's */
    bool may_change; /* root, the daemon's own user, or in the group of the socket's file */
};

/*
 * socket_path: the file that the peer connected to, whose group decides; listener is what that file was when it was
 * made: another one in its place has no say. Where the kernel tells nothing the peer may only look.
 */
void ar_peer_of(struct ar_peer *peer, int fd, const char *socket_path,
                const struct stat *listener);
