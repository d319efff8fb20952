/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"
#include "daemon/field.h"
#include "daemon/wire.h"

/* A disk has so long for what it still has to take. */
#define PATIENCE_S 10
#define PERIOD_NS  50000000

/* The daemon has another working directory: it wants whole paths. False when it is too long, and said. */
static bool make_absolute(char *name, char *path, size_t path_b)
{
    size_t length = 0;

    if (name[0] != '/') {
        if (!getcwd(path, path_b - 1))
            path[0] = '\0';
        length = strlen(path);
        path[length++] = '/';
    }
    if (length + strlen(name) < path_b) {
        memcpy(path + length, name, strlen(name) + 1);
        return true;
    }
    fprintf(stderr, "ar-ctl: %s: the path is too long\n", name);
    return false;
}

static bool is_under_way(const json_t *written)
{
    static const char *const words[] = { "recording", "finishing", "waiting" };

    for (size_t i = 0; i < AR_ARRAY_LEN(words); i++)
        if (strcmp(ar_field_string(written, "state"), words[i]) == 0)
            return true;
    return false;
}

/* What the status says of it once it is written, or after PATIENCE_S; NULL with the exit code. */
static json_t *wait_for(const struct ar_ctl_call *call, const char *key, int *code)
{
    const struct timespec period = { .tv_nsec = PERIOD_NS };
    json_t *written = NULL;

    for (int64_t i = 0; i < PATIENCE_S * INT64_C(1000000000) / PERIOD_NS; i++) {
        json_t *status = ar_ctl_ask(call->socket_path, "status", NULL, 0, code);

        json_decref(written);
        written = json_incref(json_object_get(status, key));
        json_decref(status);
        if (!is_under_way(written))
            break;
        nanosleep(&period, NULL);
    }
    return written;
}

static int tell(const struct ar_ctl_call *call, const json_t *written,
                void (*print)(const json_t *written))
{
    if (call->json)
        ar_ctl_print_json(written);
    else if (is_under_way(written))
        fprintf(stderr,
                "ar-ctl: %s: the disk is slow; `ar-ctl status` says when it is written\n",
                ar_field_string(written, "file"));
    if (is_under_way(written))
        return EX_TEMPFAIL;
    if (strcmp(ar_field_string(written, "state"), "failed") == 0) {
        fprintf(stderr, "ar-ctl: %s\n", ar_field_string(written, "error"));
        return EXIT_FAILURE; /* as for what is refused */
    }
    if (!call->json)
        print(written);
    return EX_OK;
}

static void print_recording(const json_t *recording)
{
    printf("%s: %.1f s, %lld pictures, %lld dropped\n", ar_field_string(recording, "file"),
           ar_field_number(recording, "seconds"), ar_field_count(recording, "pictures"),
           ar_field_count(recording, "dropped"));
}

static void print_snapshot(const json_t *snapshot)
{
    puts(ar_field_string(snapshot, "file"));
}

/* Asks with these arguments, and where it takes time, for the end of it. */
static int ask_and_wait(const struct ar_ctl_call *call, char *const *args, int n_args,
                        const char *key, void (*print)(const json_t *written))
{
    json_t *written;
    int code;
    json_t *result = ar_ctl_ask(call->socket_path, call->command->name, args, n_args, &code);

    if (!result)
        return code;
    json_decref(result);
    written = wait_for(call, key, &code);
    if (code == EX_OK)
        code = tell(call, written, print);
    json_decref(written);
    return code;
}

int ar_ctl_run_record(const struct ar_ctl_call *call)
{
    char path[AR_WIRE_MAX_REQUEST_B / 2];
    char *args[] = { call->args[0], path };
    struct ar_ctl_call start = *call;

    if (call->n_args < 2)
        return ask_and_wait(call, call->args, call->n_args, "recording", print_recording);
    if (!make_absolute(call->args[1], path, sizeof(path)))
        return EX_USAGE;
    start.args = args;
    return ar_ctl_call_simply(&start);
}

/* Its option may come first as well. */
int ar_ctl_run_snapshot(const struct ar_ctl_call *call)
{
    const bool swapped = call->n_args == 2 && strcmp(call->args[0], "--pair") == 0;
    char path[AR_WIRE_MAX_REQUEST_B / 2];
    char *args[] = { path, call->n_args == 2 ? call->args[!swapped] : NULL };

    if (!make_absolute(call->args[swapped], path, sizeof(path)))
        return EX_USAGE;
    return ask_and_wait(call, args, call->n_args, "snapshot", print_snapshot);
}
