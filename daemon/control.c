/* SPDX-License-Identifier: MIT */
#include "daemon/control.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/macros.h"
#include "daemon/wire.h"

#define TAG "control"

struct client {
    struct ar_control *control;
    struct ar_loop_source *source; /* NULL: this slot is free */
    int fd;
    size_t n_in;
    char in[AR_WIRE_MAX_REQUEST_B];
    size_t n_out;
    char out[AR_WIRE_MAX_REPLY_B]; /* replies that the client has not read yet */
    bool closing;                  /* as soon as `out` is sent */
};

struct ar_control {
    struct ar_loop *loop;
    struct ar_loop_source *source;
    int fd;
    struct sockaddr_un address;
    ar_control_fn *handle;
    void *user;
    struct client *clients[AR_CONTROL_MAX_CLIENTS];
};

static void drop(struct client *client)
{
    struct ar_control *control = client->control;

    for (size_t i = 0; i < AR_CONTROL_MAX_CLIENTS; i++)
        if (control->clients[i] == client)
            control->clients[i] = NULL;
    ar_loop_remove(&client->source);
    close(client->fd);
    free(client);
}

static json_t *failure(const struct ar_reason *reason)
{
    return json_pack("{s:i, s:b, s:s}", "protocol", AR_WIRE_PROTOCOL, "ok", 0, "error",
                     reason->text);
}

/* Fills args with the texts of a JSON list; their number, or -EINVAL. */
static int read_args(const json_t *list, const char *args[AR_COMMANDS_MAX_ARGS])
{
    size_t count = json_array_size(list);

    if (list && (!json_is_array(list) || count > AR_COMMANDS_MAX_ARGS))
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        args[i] = json_string_value(json_array_get(list, i));
        if (!args[i])
            return -EINVAL;
    }
    return (int)count;
}

static json_t *answer(const struct ar_control *control, const json_t *request)
{
    const char *args[AR_COMMANDS_MAX_ARGS] = { NULL };
    const char *name = json_string_value(json_object_get(request, "command"));
    const struct ar_command *command = name ? ar_commands_find(name) : NULL;
    json_int_t protocol = json_integer_value(json_object_get(request, "protocol"));
    int n_args = read_args(json_object_get(request, "args"), args);
    struct ar_reason reason = { "" };
    json_t *result;

    if (protocol != AR_WIRE_PROTOCOL)
        ar_reason_set(&reason, -EPROTO, "protocol %lld: this ar-daemon (%s) speaks %d",
                      (long long)protocol, AR_VERSION, AR_WIRE_PROTOCOL);
    else if (!command)
        ar_reason_set(&reason, -EINVAL, "command \"%.40s\": unknown", name ? name : "");
    else if (n_args < (int)command->min_args || n_args > (int)command->max_args)
        ar_reason_set(&reason, -EINVAL, "%s: wants %s", command->name,
                      command->usage[0] != '\0' ? command->usage : "no arguments");
    if (reason.text[0] != '\0')
        return failure(&reason);
    result = control->handle(control->user, command, args, (uint32_t)n_args, &reason);
    if (!result)
        return failure(&reason);
    return json_pack("{s:i, s:b, s:o}", "protocol", AR_WIRE_PROTOCOL, "ok", 1, "result",
                     result);
}

static json_t *answer_line(const struct ar_control *control, const char *line, size_t length)
{
    struct ar_reason reason;
    json_error_t error;
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    json_t *reply;

    if (!json_is_object(request)) {
        json_decref(request);
        ar_reason_set(&reason, -EINVAL, "request: not a JSON object in one line: %.100s",
                      request ? "" : error.text);
        return failure(&reason);
    }
    reply = answer(control, request);
    json_decref(request);
    return reply;
}

/* A client that does not read its replies is one that we stop listening to. */
static bool queue(struct client *client, json_t *reply)
{
    size_t length = 0;
    char *line = ar_wire_line(reply, &length);
    bool fits = line && length <= sizeof(client->out) - client->n_out;

    if (fits) {
        memcpy(client->out + client->n_out, line, length);
        client->n_out += length;
    }
    free(line);
    return fits;
}

static bool flush(struct client *client)
{
    while (client->n_out > 0) {
        ssize_t sent =
            send(client->fd, client->out, client->n_out, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN;
        client->n_out -= (size_t)sent;
        memmove(client->out, client->out + sent, client->n_out);
    }
    return !client->closing;
}

/* Answers every whole line that has come. False when the client must go. */
static bool serve_lines(struct client *client)
{
    char *end;

    while ((end = memchr(client->in, '\n', client->n_in))) {
        size_t length = (size_t)(end - client->in);

        if (!queue(client, answer_line(client->control, client->in, length)))
            return false;
        client->n_in -= length + 1;
        memmove(client->in, end + 1, client->n_in);
    }
    if (client->n_in == sizeof(client->in)) {
        struct ar_reason reason;

        ar_reason_set(&reason, -EMSGSIZE, "request: longer than %d bytes",
                      AR_WIRE_MAX_REQUEST_B);
        client->closing = true;
        client->n_in = 0;
        return queue(client, failure(&reason));
    }
    return true;
}

static bool receive(struct client *client)
{
    ssize_t got = recv(client->fd, client->in + client->n_in, sizeof(client->in) - client->n_in,
                       MSG_DONTWAIT);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    client->n_in += (size_t)got;
    return serve_lines(client);
}

static void on_client(void *user, uint32_t events)
{
    struct client *client = user;
    bool alive = !(events & (POLLERR | POLLNVAL));

    if (alive && (events & (POLLIN | POLLHUP)) && !client->closing)
        alive = receive(client);
    if (alive)
        alive = flush(client);
    if (!alive) {
        drop(client);
        return;
    }
    ar_loop_set_events(client->source, client->n_out > 0 ? POLLOUT : POLLIN);
}

static struct client **free_slot(struct ar_control *control)
{
    for (size_t i = 0; i < AR_CONTROL_MAX_CLIENTS; i++)
        if (!control->clients[i])
            return &control->clients[i];
    return NULL;
}

/* Said once and not waited for. */
static void turn_away(int fd)
{
    struct ar_reason reason;
    size_t length = 0;
    char *line;

    ar_reason_set(&reason, -EBUSY, "%d clients are connected already; try again later",
                  AR_CONTROL_MAX_CLIENTS);
    line = ar_wire_line(failure(&reason), &length);
    if (line)
        send(fd, line, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    free(line);
    close(fd);
}

static void on_connection(void *user, uint32_t events)
{
    struct ar_control *control = user;
    struct client **slot = free_slot(control);
    int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct client *client;

    (void)events;
    if (fd < 0)
        return;
    client = slot ? calloc(1, sizeof(*client)) : NULL;
    if (!client) {
        turn_away(fd);
        return;
    }
    client->control = control;
    client->fd = fd;
    *slot = client;
    if (ar_loop_add_fd(control->loop, fd, POLLIN, on_client, client, &client->source) < 0)
        drop(client);
}

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

static int open_socket(struct ar_control *control, struct ar_reason *reason)
{
    const char *path = control->address.sun_path;
    int ret;

    make_folder(path);
    ret = clear_stale(&control->address, reason);
    if (ret < 0)
        return ret;
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->fd < 0)
        return ar_reason_set_err(reason, -errno, "socket %s", path);
    /* On a bound socket fchmod does nothing; before bind it sets the mode that the file gets. */
    fchmod(control->fd, 0660);
    if (bind(control->fd, (struct sockaddr *)&control->address, sizeof(control->address)) < 0 ||
        listen(control->fd, AR_CONTROL_MAX_CLIENTS) < 0) {
        ret = -errno;
        close(control->fd);
        control->fd = -1;
        return ar_reason_set_err(reason, ret, "socket %s: cannot listen", path);
    }
    return 0;
}

int ar_control_create(struct ar_control **out, struct ar_loop *loop, const char *path,
                      ar_control_fn *handle, void *user, struct ar_reason *reason)
{
    struct ar_control *control = calloc(1, sizeof(*control));
    int ret;

    if (!control)
        return ar_reason_set_err(reason, -ENOMEM, "socket %s", path);
    control->loop = loop;
    control->fd = -1;
    control->handle = handle;
    control->user = user;
    ret = ar_wire_address(&control->address, path, reason);
    if (ret == 0)
        ret = open_socket(control, reason);
    if (ret == 0) {
        ret =
            ar_loop_add_fd(loop, control->fd, POLLIN, on_connection, control, &control->source);
        if (ret < 0)
            ar_reason_set_err(reason, ret, "socket %s", path);
    }
    if (ret < 0) {
        ar_control_destroy(control);
        return ret;
    }
    *out = control;
    return 0;
}

void ar_control_destroy(struct ar_control *control)
{
    if (!control)
        return;
    for (size_t i = 0; i < AR_CONTROL_MAX_CLIENTS; i++) {
        if (control->clients[i]) {
            flush(control->clients[i]);
            drop(control->clients[i]);
        }
    }
    ar_loop_remove(&control->source);
    if (control->fd >= 0) {
        unlink(control->address.sun_path);
        close(control->fd);
    }
    free(control);
}
