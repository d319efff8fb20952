/* SPDX-License-Identifier: MIT */
#include "daemon/listener.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "daemon/wire.h"

#define BACKLOG 100
#define MODE    0660

/* The usual folder may be missing for a daemon that is run by hand. */
static void make_folder(const char *path)
{
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    size_t length = (size_t)(strrchr(path, '/') ? strrchr(path, '/') - path : 0);

    if (length == 0 || length >= sizeof(folder))
        return;
    memcpy(folder, path, length);
    folder[length] = '\0';
    mkdir(folder, 0755);
}

/* The kernel may take a moment to close what a killed daemon listened on. */
#define ALIVE_AFTER_MS 200

/*
 * 1 when somebody listens there: a connection that is made and stays. 0 when nobody does, or a negative errno.
 */
static int has_listener(const struct sockaddr_un *address)
{
    struct pollfd pollfd = { .events = POLLIN };
    int ret;

    pollfd.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (pollfd.fd < 0)
        return -errno;
    if (connect(pollfd.fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
        ret = poll(&pollfd, 1, ALIVE_AFTER_MS) == 0;
    else if (errno == EAGAIN)
        ret = 1; /* it has more callers than it can take */
    else
        ret = errno == ECONNREFUSED ? 0 : -errno;
    close(pollfd.fd);
    return ret;
}

/* A socket file without a listener is what a killed daemon leaves behind. */
static int clear_stale(const struct sockaddr_un *address, struct ar_reason *reason)
{
    struct stat st;
    int ret;

    if (lstat(address->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return ar_reason_set(reason, -EEXIST, "socket %s: something else has this name",
                             address->sun_path);
    ret = has_listener(address);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "socket %s", address->sun_path);
    if (ret > 0)
        return ar_reason_set(
            reason, -EADDRINUSE,
            "socket %s: another ar-daemon answers there; end it with 'ar-ctl stop', "
            "or give this one --set daemon.socket=PATH",
            address->sun_path);
    unlink(address->sun_path);
    return 0;
}

/* The file that bind makes has the mode that the umask leaves: no other thread makes files yet. */
static int bind_with_mode(int fd, const struct sockaddr *address, socklen_t size_b)
{
    const mode_t before = umask(0777 & ~MODE);
    const int ret = bind(fd, address, size_b);

    umask(before);
    return ret;
}

int ar_listener_open(struct ar_listener *listener, const char *path, struct ar_reason *reason)
{
    const struct sockaddr *const address = (const struct sockaddr *)&listener->address;
    int ret;

    listener->fd = -1;
    ret = ar_wire_address(&listener->address, path, reason);
    if (ret < 0)
        return ret;
    make_folder(path);
    ret = clear_stale(&listener->address, reason);
    if (ret < 0)
        return ret;
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0)
        return ar_reason_set_err(reason, -errno, "socket %s", path);
    if (bind_with_mode(listener->fd, address, sizeof(listener->address)) < 0 ||
        listen(listener->fd, BACKLOG) < 0 || lstat(path, &listener->file) < 0) {
        ret = -errno;
        close(listener->fd);
        listener->fd = -1;
        return ar_reason_set_err(reason, ret, "socket %s: cannot listen", path);
    }
    return 0;
}

void ar_listener_close(struct ar_listener *listener)
{
    if (listener->fd < 0)
        return;
    unlink(listener->address.sun_path);
    close(listener->fd);
    listener->fd = -1;
}

int ar_listener_accept(const struct ar_listener *listener, struct ar_peer *peer)
{
    const int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return -errno;
    ar_peer_of(peer, fd, listener->address.sun_path, &listener->file);
    return fd;
}
