/* SPDX-License-Identifier: MIT */
#include "daemon/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "base/bucket.h"
#include "base/clock.h"

struct ar_client {
    int fd;
    struct ar_loop_source *source;
    struct ar_peer peer;
    const struct ar_client_events *events;
    void *user;
    struct ar_bucket bucket;
    struct ar_bucket *shared;
    bool held;
    bool ending; /* as soon as `out` is sent */
    size_t n_in;
    char in[AR_WIRE_MAX_REQUEST_B];
    char *out; /* what the other end has not read yet; NULL: nothing, as nearly always */
    size_t n_out;
};

/* How much went at once, or a negative errno when the connection is broken. */
static ssize_t send_some(int fd, const char *text, size_t length)
{
    size_t n_sent = 0;

    while (n_sent < length) {
        const ssize_t sent =
            send(fd, text + n_sent, length - n_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent >= 0)
            n_sent += (size_t)sent;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            return -errno;
    }
    return (ssize_t)n_sent;
}

/* False when the connection is broken. */
static bool flush(struct ar_client *client)
{
    const ssize_t sent = send_some(client->fd, client->out, client->n_out);

    if (sent < 0)
        return false;
    client->n_out -= (size_t)sent;
    if (client->n_out == 0) {
        free(client->out);
        client->out = NULL;
    } else {
        memmove(client->out, client->out + sent, client->n_out);
    }
    return true;
}

/* Nothing is read while it is held, or has not read what it got. */
static void watch(struct ar_client *client)
{
    uint32_t events = client->held ? 0 : POLLIN;

    if (client->n_out > 0)
        events = POLLOUT;
    ar_loop_set_events(client->source, events);
}

static bool keep(struct ar_client *client, const char *text, size_t length)
{
    char *const out = realloc(client->out, client->n_out + length);

    if (!out)
        return false;
    memcpy(out + client->n_out, text, length);
    client->out = out;
    client->n_out += length;
    watch(client);
    return true;
}

bool ar_client_send(struct ar_client *client, const char *text, size_t length)
{
    ssize_t sent = 0;

    if (client->n_out + length > AR_WIRE_MAX_REPLY_B)
        return false;
    if (client->n_out == 0)
        sent = send_some(client->fd, text, length);
    if (sent < 0 || (size_t)sent == length)
        return true; /* a broken connection is found out by the next read */
    return keep(client, text + sent, length - (size_t)sent);
}

/* Its own share first: who asks too fast takes nothing from the other clients of the same user. */
static bool may_ask(struct ar_client *client)
{
    const uint64_t now_us = ar_clock_now_us();

    return ar_bucket_take(&client->bucket, now_us) && ar_bucket_take(client->shared, now_us);
}

/* Hands on the whole lines that have come, as long as the replies are read. False when the client must go. */
static bool serve_lines(struct ar_client *client)
{
    while (!client->ending && client->n_out == 0) {
        char *const end = memchr(client->in, '\n', client->n_in);
        size_t length;

        if (!end)
            return client->n_in < sizeof(client->in) ||
                   client->events->line(client->user, client, NULL, client->n_in);
        length = (size_t)(end - client->in);
        if (!may_ask(client)) {
            client->held = true;
            client->events->held(client->user, client);
            return true;
        }
        if (!client->events->line(client->user, client, client->in, length))
            return false;
        client->n_in -= length + 1;
        memmove(client->in, end + 1, client->n_in);
    }
    return true;
}

/* What came before an end of file is served, and may be answered. */
static bool receive(struct ar_client *client)
{
    const ssize_t got = recv(client->fd, client->in + client->n_in,
                             sizeof(client->in) - client->n_in, MSG_DONTWAIT);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    client->n_in += (size_t)got;
    return serve_lines(client);
}

static void go_unless(bool alive, struct ar_client *client)
{
    if (alive && !(client->ending && client->n_out == 0))
        watch(client);
    else
        client->events->gone(client->user, client);
}

static void on_ready(void *user, uint32_t events)
{
    struct ar_client *client = user;
    bool alive = !(events & (POLLERR | POLLNVAL));

    if (alive && client->n_out > 0)
        alive = flush(client) && serve_lines(client);
    else if (alive && !client->ending && !client->held)
        alive = receive(client);
    go_unless(alive, client);
}

void ar_client_go_on(struct ar_client *client)
{
    if (!client->held)
        return;
    client->held = false;
    go_unless(serve_lines(client), client);
}

void ar_client_end(struct ar_client *client)
{
    client->ending = true;
}

const struct ar_peer *ar_client_peer(const struct ar_client *client)
{
    return &client->peer;
}

int ar_client_create(struct ar_client **out, struct ar_loop *loop, int fd,
                     const struct ar_peer *peer, struct ar_bucket *shared,
                     const struct ar_client_events *events, void *user)
{
    struct ar_client *client = malloc(sizeof(*client));
    int ret = -ENOMEM;

    if (client) {
        *client = (struct ar_client){
            .fd = fd, .peer = *peer, .shared = shared, .events = events, .user = user
        };
        ar_bucket_init(&client->bucket, AR_CLIENT_LINES_PER_S, AR_CLIENT_BURST,
                       ar_clock_now_us());
        ret = ar_loop_add_fd(loop, fd, POLLIN, on_ready, client, &client->source);
    }
    if (ret < 0) {
        free(client);
        close(fd);
        return ret;
    }
    *out = client;
    return 0;
}

void ar_client_destroy(struct ar_client *client)
{
    if (!client)
        return;
    if (client->n_out > 0)
        flush(client);
    ar_loop_remove(&client->source);
    close(client->fd);
    free(client->out);
    free(client);
}
