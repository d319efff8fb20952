/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "base/loop.h"
#include "daemon/control.h"
#include "daemon/wire.h"
#include "tests/fuzz/target.h"

/*
 * The control socket: an input is what one client sends, in pieces; a piece ends where the byte 0xff is. Every
 * command is answered with its own arguments. The server lives on, as it does in the daemon.
 */

enum { PIECE_END = 0xff };

struct server {
    char folder[32];
    char path[64];
    struct ar_loop *loop;
    struct ar_control *control;
};

static json_t *echo(void *user, const struct ar_command *command, const char *const *args,
                    struct ar_reason *reason)
{
    json_t *list = json_array();

    (void)user;
    for (uint32_t i = 0; i < command->max_args && args[i]; i++)
        json_array_append_new(list, json_string(args[i]));
    if (json_array_size(list) % 2 == 0)
        return list;
    ar_reason_set(reason, -EINVAL, "%s: %s", command->name, args[0]);
    json_decref(list);
    return NULL;
}

static struct server server = { .folder = "/tmp/fuzz_control.XXXXXX" };

static void close_server(void)
{
    ar_control_destroy(server.control);
    ar_loop_destroy(server.loop);
    rmdir(server.folder);
}

static struct server *the_server(void)
{
    struct ar_reason reason;

    if (server.control)
        return &server;
    if (!mkdtemp(server.folder))
        abort();
    snprintf(server.path, sizeof(server.path), "%s/socket", server.folder);
    if (ar_loop_create(&server.loop, AR_LOOP_POLL) < 0 ||
        ar_control_create(&server.control, server.loop, server.path, echo, &server, &reason) <
            0)
        abort();
    atexit(close_server);
    return &server;
}

/* Until nothing is left to do at once. */
static void serve(struct ar_loop *loop)
{
    while (ar_loop_run_once(loop, 0) == 0)
        ;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address;
    struct ar_reason reason;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || ar_wire_address(&address, path, &reason) < 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        abort();
    return fd;
}

static void read_replies(int fd)
{
    char replies[4096];

    while (recv(fd, replies, sizeof(replies), MSG_DONTWAIT) > 0)
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_b)
{
    struct server *const open = the_server();
    const uint8_t *const end = data + size_b;
    const int fd = connect_to(open->path);

    serve(open->loop);
    while (data < end) {
        const uint8_t *mark = memchr(data, PIECE_END, (size_t)(end - data));
        const uint8_t *const piece_end = mark ? mark : end;

        send(fd, data, (size_t)(piece_end - data), MSG_NOSIGNAL | MSG_DONTWAIT);
        serve(open->loop);
        if (ar_control_has_listeners(open->control))
            ar_control_tell(open->control, json_pack("{s:i}", "piece", (int)(end - piece_end)));
        if ((piece_end - data) % 2 == 0)
            read_replies(fd);
        data = piece_end + 1;
    }
    close(fd);
    serve(open->loop);
    return 0;
}
