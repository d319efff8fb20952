/* SPDX-License-Identifier: MIT */
#include "daemon/ctl/ask.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/time.h>

#include "daemon/wire.h"

#define TIMEOUT_S     5
#define SYSTEM_SOCKET "/run/ar-daemon/control.sock"

const char *ar_ctl_default_socket(char *path, size_t path_b)
{
    if (ar_wire_default_path(path, path_b) == 0 && access(path, F_OK) == 0)
        return path;
    return SYSTEM_SOCKET;
}

static int connect_to(const char *path, int *fd)
{
    const struct timeval timeout = { .tv_sec = TIMEOUT_S };
    struct sockaddr_un address;
    struct ar_reason reason;
    int error;

    if (ar_wire_address(&address, path, &reason) < 0) {
        fprintf(stderr, "ar-ctl: %s\n", reason.text);
        return EX_USAGE;
    }
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return EX_OSERR;
    setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(*fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return EX_OK;
    error = errno;
    close(*fd);
    if (error == EACCES || error == EPERM) {
        fprintf(stderr,
                "ar-ctl: %s: not permitted; run as root or as the daemon's user or group\n",
                path);
        return EX_NOPERM;
    }
    fprintf(stderr, "ar-ctl: %s: no ar-daemon answers there (%s); is it running?\n", path,
            strerrordesc_np(error));
    return EX_UNAVAILABLE;
}

static bool send_request(int fd, const char *command, char *const *args, int n_args)
{
    json_t *list = json_array();
    size_t length = 0;
    char *line;
    bool sent;

    for (int i = 0; i < n_args; i++)
        json_array_append_new(list, json_string(args[i]));
    line = ar_wire_line(json_pack("{s:i, s:s, s:o}", "protocol", AR_WIRE_PROTOCOL, "command",
                                  command, "args", list),
                        &length);
    sent = line && send(fd, line, length, MSG_NOSIGNAL) == (ssize_t)length;
    free(line);
    return sent;
}

/* The reply's object, or NULL; *silent: nothing came in time. */
static json_t *receive_reply(int fd, bool *silent)
{
    static char line[AR_WIRE_MAX_REPLY_B];
    size_t length = 0;

    while (length < sizeof(line)) {
        ssize_t got = recv(fd, line + length, sizeof(line) - length, 0);
        const char *end;

        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            *silent = true;
        if (got <= 0)
            return NULL;
        end = memchr(line + length, '\n', (size_t)got);
        length += (size_t)got;
        if (end)
            return json_loadb(line, (size_t)(end - line), 0, NULL);
    }
    return NULL;
}

/* The result, or NULL with the exit code after saying why. */
static json_t *result_of(json_t *reply, int *code)
{
    const char *error = json_string_value(json_object_get(reply, "error"));
    json_int_t protocol = json_integer_value(json_object_get(reply, "protocol"));
    json_t *result = json_object_get(reply, "result");

    *code = EX_OK;
    if (!reply || protocol != AR_WIRE_PROTOCOL || (!error && !result)) {
        fprintf(stderr,
                "ar-ctl: the daemon's answer is not in protocol %d: are ar-ctl (%s) and "
                "ar-daemon of one version?\n",
                AR_WIRE_PROTOCOL, AR_VERSION);
        *code = EX_PROTOCOL;
    } else if (error) {
        fprintf(stderr, "ar-ctl: %s\n", error);
        *code = AR_CTL_REFUSED;
    }
    result = *code == EX_OK ? json_incref(result) : NULL;
    json_decref(reply);
    return result;
}

json_t *ar_ctl_ask(const char *socket_path, const char *command, char *const *args, int n_args,
                   int *code)
{
    json_t *result = NULL;
    bool silent = false;
    int fd = -1;

    *code = connect_to(socket_path, &fd);
    if (*code != EX_OK)
        return NULL;
    if (!send_request(fd, command, args, n_args)) {
        *code = EX_IOERR;
    } else {
        json_t *reply = receive_reply(fd, &silent);

        if (!silent)
            result = result_of(reply, code);
    }
    if (silent) {
        fprintf(stderr, "ar-ctl: %s: no answer within %d s: is ar-daemon stopped, or stuck?\n",
                socket_path, TIMEOUT_S);
        *code = EX_UNAVAILABLE;
    }
    close(fd);
    return result;
}
