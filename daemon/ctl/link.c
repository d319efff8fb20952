/* SPDX-License-Identifier: MIT */
#include "daemon/ctl/link.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/macros.h"

/* Refusals that are not about the command itself. Others are AR_CTL_REFUSED. */
static const struct {
    const char *word;
    int code;
} exit_codes[] = {
    { "protocol", EX_PROTOCOL }, /* the daemon speaks another one */
    { "unknown", EX_PROTOCOL },  /* our table has a command that the daemon's has not */
    { "usage", EX_USAGE },       { "denied", EX_NOPERM },
    { "busy", EX_TEMPFAIL },     { "memory", EX_OSERR },
};

static int exit_code(const char *word)
{
    for (size_t i = 0; word && i < AR_ARRAY_LEN(exit_codes); i++)
        if (strcmp(exit_codes[i].word, word) == 0)
            return exit_codes[i].code;
    return AR_CTL_REFUSED;
}

static int say_forbidden(const char *path, int error, struct ar_reason *reason)
{
    const struct group *group = NULL;
    struct stat found;

    if (stat(path, &found) == 0)
        group = getgrgid(found.st_gid); /* one thread. NOLINT(concurrency-mt-unsafe) */
    ar_reason_set(reason, -error,
                  "%s: not permitted; run as root or as a member of the group%s%s", path,
                  group ? " " : " of the daemon", group ? group->gr_name : "");
    return EX_NOPERM;
}

static int say_unreachable(const char *path, int error, struct ar_reason *reason)
{
    if (error == EACCES || error == EPERM)
        return say_forbidden(path, error, reason);
    ar_reason_set(reason, -error, "%s: no ar-daemon answers there (%s); is it running?", path,
                  strerrordesc_np(error));
    return EX_UNAVAILABLE;
}

static int say_other_protocol(struct ar_reason *reason)
{
    ar_reason_set(reason, -EPROTO,
                  "the daemon's answer is not in protocol %d: are ar-ctl (%s) and ar-daemon of "
                  "one version?",
                  AR_WIRE_PROTOCOL, AR_VERSION);
    return EX_PROTOCOL;
}

static int say_silent(const struct ar_ctl_link *link, struct ar_reason *reason)
{
    ar_reason_set(reason, -ETIMEDOUT,
                  "%s: no answer within %d s: is ar-daemon stopped, or stuck?", link->path,
                  AR_CTL_PATIENCE_S);
    return EX_UNAVAILABLE;
}

static int say_closed(const struct ar_ctl_link *link, struct ar_reason *reason)
{
    ar_reason_set(reason, -ECONNRESET, "%s: ar-daemon has closed the connection", link->path);
    return EX_UNAVAILABLE;
}

int ar_ctl_link_open(struct ar_ctl_link *link, const char *path, struct ar_reason *reason)
{
    const struct timeval patience = { .tv_sec = AR_CTL_PATIENCE_S };
    struct sockaddr_un address;
    int error;

    link->fd = -1;
    link->path = path;
    link->n_in = 0;
    link->n_used = 0;
    if (ar_wire_address(&address, path, reason) < 0)
        return EX_USAGE;
    link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0) {
        ar_reason_set_err(reason, -errno, "socket");
        return EX_OSERR;
    }
    setsockopt(link->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(link->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return EX_OK;
    error = errno;
    ar_ctl_link_close(link);
    return say_unreachable(path, error, reason);
}

void ar_ctl_link_close(struct ar_ctl_link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}

/* One line, to be freed; NULL with the reason. */
static char *make_request(const char *command, char *const *args, int n_args, size_t *length,
                          struct ar_reason *reason)
{
    json_t *list = json_array();

    for (int i = 0; i < n_args; i++) {
        if (json_array_append_new(list, json_string(args[i])) < 0) {
            ar_reason_set(reason, -EINVAL, "%s: argument %d is no text in UTF-8", command,
                          i + 1);
            json_decref(list);
            return NULL;
        }
    }
    return ar_wire_line(json_pack("{s:i, s:s, s:o}", "protocol", AR_WIRE_PROTOCOL, "command",
                                  command, "args", list),
                        length);
}

/*
 * EX_OK, or why it could not be sent. A daemon that has closed may have said why before: what it said is read all
 * the same.
 */
static int send_request(const struct ar_ctl_link *link, const char *command, char *const *args,
                        int n_args, struct ar_reason *reason)
{
    size_t length = 0;
    char *line = make_request(command, args, n_args, &length, reason);
    ssize_t sent;
    int error;

    if (!line)
        return EX_USAGE;
    sent = send(link->fd, line, length, MSG_NOSIGNAL);
    error = errno;
    free(line);
    if (sent == (ssize_t)length || error == EPIPE || error == ECONNRESET)
        return EX_OK;
    return sent < 0 ? say_unreachable(link->path, error, reason) : say_silent(link, reason);
}

/* Milliseconds for poll(2), rounded up. */
static int left_ms(uint64_t until_us)
{
    const uint64_t now_us = ar_clock_now_us();
    const uint64_t most_ms = 3600000;
    uint64_t left;

    if (until_us == UINT64_MAX)
        return -1;
    left = until_us > now_us ? (until_us - now_us + 999) / 1000 : 0;
    return (int)(left < most_ms ? left : most_ms);
}

/* More bytes, or a negative errno: -ETIMEDOUT, -ECONNRESET when the daemon has closed. */
static int read_more(struct ar_ctl_link *link, uint64_t until_us)
{
    struct pollfd pollfd = { .fd = link->fd, .events = POLLIN };
    const int n_ready = poll(&pollfd, 1, left_ms(until_us));
    ssize_t got;

    if (n_ready < 0)
        return errno == EINTR ? 0 : -errno;
    if (n_ready == 0)
        return ar_clock_now_us() >= until_us ? -ETIMEDOUT : 0;
    got = recv(link->fd, link->in + link->n_in, sizeof(link->in) - link->n_in, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (got == 0)
        return -ECONNRESET;
    link->n_in += (size_t)got;
    return 0;
}

/* The next line as an object, a new reference; a negative errno without one. */
static int next_object(struct ar_ctl_link *link, uint64_t until_us, json_t **object)
{
    const char *end;

    link->n_in -= link->n_used;
    memmove(link->in, link->in + link->n_used, link->n_in);
    link->n_used = 0;
    while (!(end = memchr(link->in, '\n', link->n_in))) {
        const int ret = link->n_in < sizeof(link->in) ? read_more(link, until_us) : -EMSGSIZE;

        if (ret < 0)
            return ret;
    }
    link->n_used = (size_t)(end - link->in) + 1;
    *object = json_loadb(link->in, link->n_used - 1, 0, NULL);
    return json_is_object(*object) &&
                   json_integer_value(json_object_get(*object, "protocol")) == AR_WIRE_PROTOCOL
               ? 0
               : -EPROTO;
}

/* The reply's result, a new reference, or why there is none. */
static int result_of(const json_t *reply, json_t **result, struct ar_reason *reason)
{
    const char *error = json_string_value(json_object_get(reply, "error"));

    if (error) {
        ar_reason_set(reason, -EINVAL, "%s", error);
        return exit_code(json_string_value(json_object_get(reply, "code")));
    }
    *result = json_incref(json_object_get(reply, "result"));
    return *result ? EX_OK : say_other_protocol(reason);
}

int ar_ctl_link_ask(struct ar_ctl_link *link, const char *command, char *const *args,
                    int n_args, json_t **result, struct ar_reason *reason)
{
    const uint64_t until_us = ar_clock_after_us(AR_CTL_PATIENCE_S * UINT64_C(1000000));
    json_t *reply = NULL;
    bool is_event;
    int ret = send_request(link, command, args, n_args, reason);

    if (ret != EX_OK)
        return ret;
    do {
        json_decref(reply);
        reply = NULL;
        ret = next_object(link, until_us, &reply);
        is_event = ret == 0 && json_object_get(reply, "event");
    } while (is_event);
    if (ret == 0)
        ret = result_of(reply, result, reason);
    else if (ret == -ETIMEDOUT)
        ret = say_silent(link, reason);
    else if (ret == -ECONNRESET)
        ret = say_closed(link, reason);
    else
        ret = say_other_protocol(reason);
    json_decref(reply);
    return ret;
}

int ar_ctl_link_event(struct ar_ctl_link *link, uint64_t until_us, json_t **event,
                      struct ar_reason *reason)
{
    const int ret = next_object(link, until_us, event);

    if (ret == 0 && json_object_get(*event, "event"))
        return EX_OK;
    json_decref(*event);
    *event = NULL;
    if (ret == -ETIMEDOUT)
        return EX_OK;
    return ret == -ECONNRESET ? say_closed(link, reason) : say_other_protocol(reason);
}
