/* SPDX-License-Identifier: MIT */
#include "daemon/peer.h"

#include <stdlib.h>
#include <unistd.h>

#include <sys/socket.h>

#include "base/macros.h"

/* A gid that nobody has. */
#define NOBODY ((uid_t)-1)

/* True when the peer's groups besides its first one have that group. */
static bool has_group(int fd, gid_t group)
{
    socklen_t size_b = 0;
    gid_t *groups;
    bool found = false;

    /* With too little room the kernel says how much it wants. */
    getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size_b);
    groups = size_b > 0 ? malloc(size_b) : NULL;
    if (groups && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size_b) == 0)
        for (size_t i = 0; i < size_b / sizeof(*groups) && !found; i++)
            found = groups[i] == group;
    free(groups);
    return found;
}

void ar_peer_of(struct ar_peer *peer, int fd, const char *socket_path,
                const struct stat *listener)
{
    struct ucred credentials = { .uid = NOBODY, .gid = NOBODY };
    socklen_t size_b = sizeof(credentials);
    struct stat now;

    *peer = (struct ar_peer){ .uid = NOBODY, .group = NOBODY };
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size_b) < 0 ||
        credentials.uid == NOBODY)
        return;
    peer->uid = credentials.uid;
    peer->may_change = credentials.uid == 0 || credentials.uid == geteuid();
    if (lstat(socket_path, &now) < 0 || now.st_dev != listener->st_dev ||
        now.st_ino != listener->st_ino)
        return;
    peer->group = now.st_gid;
    if (!peer->may_change)
        peer->may_change = credentials.gid == now.st_gid || has_group(fd, now.st_gid);
}
