/* SPDX-License-Identifier: MIT */
/*
 * ar-ctl: talks to a running ar-daemon over its control socket.
 *
 * Exit codes: 0 done; 1 refused by the daemon; EX_USAGE; EX_UNAVAILABLE no daemon answers; EX_NOPERM the
 * socket is not ours to open; EX_PROTOCOL an answer that we do not understand.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/time.h>

#include "daemon/commands.h"
#include "daemon/explain.h"
#include "daemon/perfetto.h"
#include "daemon/status.h"
#include "daemon/wire.h"

#define REFUSED       1
#define TIMEOUT_S     5
#define CALIBRATION_S 6
#define FULL_CHUNK    AR_PIPELINE_TRACE_FRAMES
#define SYSTEM_SOCKET "/run/ar-daemon/control.sock"

static void print_help(FILE *out)
{
    fputs("Usage: ar-ctl [--socket PATH] COMMAND [ARGUMENT ...]\n"
          "Controls a running ar-daemon.\n"
          "\n",
          out);
    for (const struct ar_command *command = ar_commands; command->name; command++) {
        char text[48];

        snprintf(text, sizeof(text), "%s %s", command->name, command->usage);
        fprintf(out, "  %-26s %s\n", text, command->help);
    }
    fputs("  --version                  print the version\n"
          "  --help                     print this\n",
          out);
}

/* The session's own daemon where there is one, otherwise the system's. */
static const char *default_socket(char *path, size_t path_b)
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

static bool send_request(int fd, const struct ar_command *command, char **args, int n_args)
{
    json_t *list = json_array();
    size_t length = 0;
    char *line;
    bool sent;

    for (int i = 0; i < n_args; i++)
        json_array_append_new(list, json_string(args[i]));
    line = ar_wire_line(json_pack("{s:i, s:s, s:o}", "protocol", AR_WIRE_PROTOCOL, "command",
                                  command->name, "args", list),
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

static void print_styles(const json_t *result)
{
    const char *now = json_string_value(json_object_get(result, "style"));
    const json_t *styles = json_object_get(result, "styles");
    const json_t *name;
    size_t i;

    if (!styles) {
        printf("style %s\n", now ? now : "");
        return;
    }
    json_array_foreach(styles, i, name)
    {
        const char *text = json_string_value(name);

        printf("%s %s\n", now && text && strcmp(now, text) == 0 ? "*" : " ", text ? text : "");
    }
}

static void print_result(const struct ar_command *command, const json_t *result, bool json)
{
    if (json) {
        json_dumpf(result, stdout, JSON_INDENT(2));
        putchar('\n');
        return;
    }
    switch (command->id) {
    case AR_COMMAND_STATUS:
        ar_status_print(result, stdout);
        break;
    case AR_COMMAND_STYLE:
        print_styles(result);
        break;
    case AR_COMMAND_BUDGET:
        if (json_object_get(result, "layers")) {
            ar_explain_print(result, stdout);
            break;
        }
        /* fall through */
    case AR_COMMAND_SET:
        printf("%s = %s\n", json_string_value(json_object_get(result, "key")),
               json_string_value(json_object_get(result, "value")));
        break;
    case AR_COMMAND_CALIBRATE: /* have more to print: see below */
    case AR_COMMAND_TRACE:
    case AR_COMMAND_STOP:
        break;
    }
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
        *code = REFUSED;
    }
    result = *code == EX_OK ? json_incref(result) : NULL;
    json_decref(reply);
    return result;
}

static json_t *ask(const char *socket_path, const struct ar_command *command, char **args,
                   int n_args, int *code)
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

static int run_simple(const char *socket_path, const struct ar_command *command, char **args,
                      int n_args, bool json)
{
    int code;
    json_t *result = ask(socket_path, command, args, n_args, &code);

    if (result)
        print_result(command, result, json);
    json_decref(result);
    return code;
}

static json_int_t count_calibrations(const char *socket_path, int *code)
{
    json_t *status = ask(socket_path, ar_commands_find("status"), NULL, 0, code);
    const json_int_t count = json_integer_value(json_object_get(status, "calibrations"));

    json_decref(status);
    return count;
}

/* Waits until the daemon has measured, and shows what it found. */
static int run_calibrate(const char *socket_path, const struct ar_command *command, char **args,
                         int n_args, bool json)
{
    char word[] = "explain";
    char *explain[] = { word };
    int code;
    const json_int_t before = count_calibrations(socket_path, &code);

    if (code == EX_OK)
        code = run_simple(socket_path, command, args, n_args, false);
    for (int i = 0; code == EX_OK && i < 10 * CALIBRATION_S; i++) {
        const struct timespec pause = { .tv_nsec = 100000000 };

        if (count_calibrations(socket_path, &code) != before)
            return run_simple(socket_path, ar_commands_find("budget"), explain, 1, json);
        nanosleep(&pause, NULL);
    }
    if (code != EX_OK)
        return code;
    fputs("ar-ctl: no frame came in that time: calibration begins with the next one\n", stderr);
    return EX_TEMPFAIL;
}

static void print_frames(const json_t *chunk, bool perfetto, bool first)
{
    const json_t *header = json_object_get(chunk, "header");
    const json_t *frames = json_object_get(chunk, "frames");
    const json_t *frame;
    size_t i;

    if (first && perfetto)
        ar_perfetto_begin(stdout);
    else if (first) {
        json_dumpf(header, stdout, JSON_COMPACT);
        putchar('\n');
    }
    json_array_foreach(frames, i, frame)
    {
        if (perfetto) {
            ar_perfetto_frame(header, frame, stdout);
        } else {
            json_dumpf(frame, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
            putchar('\n');
        }
    }
}

/* In pieces, as long as they are full ones: more frames come all the time. */
static int run_trace(const char *socket_path, const struct ar_command *command, char **args,
                     int n_args, bool json)
{
    const bool perfetto = n_args > 0 && strcmp(args[0], "--perfetto") == 0;
    char from[24] = "1";
    bool more = true;
    int code = EX_OK;

    if (n_args > 0 && !perfetto)
        snprintf(from, sizeof(from), "%s", args[0]);
    for (bool first = true; more && code == EX_OK; first = false) {
        char *next[] = { from };
        json_t *chunk = ask(socket_path, command, next, 1, &code);

        if (!chunk)
            return code;
        print_frames(chunk, perfetto, first);
        more = json_array_size(json_object_get(chunk, "frames")) >= FULL_CHUNK;
        snprintf(from, sizeof(from), "%lld",
                 json_integer_value(json_object_get(chunk, "next")));
        json_decref(chunk);
    }
    if (perfetto)
        ar_perfetto_end(stdout);
    return code;
}

static int run_command(const char *socket_path, const struct ar_command *command, char **args,
                       int n_args, bool json)
{
    switch (command->id) {
    case AR_COMMAND_CALIBRATE:
        return run_calibrate(socket_path, command, args, n_args, json);
    case AR_COMMAND_TRACE:
        return run_trace(socket_path, command, args, n_args, json);
    default:
        return run_simple(socket_path, command, args, n_args, json);
    }
}

static int usage_error(const char *what, const char *wants)
{
    fprintf(stderr, "ar-ctl: %s: %s; try 'ar-ctl --help'\n", what, wants);
    return EX_USAGE;
}

/* KEY=VALUE, as --set and the file have it, in place of KEY VALUE. */
static bool split_assignment(const struct ar_command *command, char *argument, char *args[2])
{
    char *equals = strchr(argument, '=');

    if (command->id != AR_COMMAND_SET || !equals)
        return false;
    *equals = '\0';
    args[0] = argument;
    args[1] = equals + 1;
    return true;
}

int main(int argc, char **argv)
{
    char path[AR_OPTION_TEXT_MAX];
    const char *socket_path = default_socket(path, sizeof(path));
    const struct ar_command *command;
    bool json = false;
    int first = 1;
    char *pair[2];

    for (; first < argc && strncmp(argv[first], "--", 2) == 0; first++) {
        if (strcmp(argv[first], "--help") == 0) {
            print_help(stdout);
            return EX_OK;
        }
        if (strcmp(argv[first], "--version") == 0) {
            puts("ar-ctl " AR_VERSION);
            return EX_OK;
        }
        if (strcmp(argv[first], "--socket") != 0 || first + 1 == argc)
            return usage_error(argv[first], "not an option, or its value is missing");
        socket_path = argv[++first];
    }
    command = first < argc ? ar_commands_find(argv[first]) : NULL;
    if (!command)
        return usage_error(first < argc ? argv[first] : "command", "wants one of the commands");
    first++;
    if (first < argc && strcmp(argv[first], "--json") == 0) {
        json = true;
        first++;
    }
    if (argc - first == 1 && split_assignment(command, argv[first], pair))
        return run_command(socket_path, command, pair, 2, json);
    if (argc - first < (int)command->min_args || argc - first > (int)command->max_args)
        return usage_error(command->name,
                           command->max_args > 0 ? command->usage : "no arguments");
    return run_command(socket_path, command, argv + first, argc - first, json);
}
