/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"
#include "daemon/perfetto.h"
#include "daemon/pipeline.h"

#define FULL_CHUNK AR_PIPELINE_TRACE_FRAMES

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
int ar_ctl_run_trace(const struct ar_ctl_call *call)
{
    const bool perfetto = call->n_args > 0 && strcmp(call->args[0], "--perfetto") == 0;
    char from[24] = "1";
    bool more = true;
    int code = EX_OK;

    if (call->n_args > 0 && !perfetto)
        snprintf(from, sizeof(from), "%s", call->args[0]);
    for (bool first = true; more && code == EX_OK; first = false) {
        char *next[] = { from };
        json_t *chunk = ar_ctl_ask(call->socket_path, call->command->name, next, 1, &code);

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
