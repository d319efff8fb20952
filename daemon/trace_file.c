/* SPDX-License-Identifier: MIT */
#include "daemon/trace_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shortage.h"

#define TAG       "trace"
#define PERIOD_US 250000u

/* Whole, or not at all where there is no memory for it. */
static void write_line(struct ar_trace_file *trace, const json_t *object)
{
    char *text;

    ar_shortage_take();
    text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
    if (!ar_shortage_take() && text && fprintf(trace->file, "%s\n", text) < 0)
        errno = errno ? errno : EIO;
    free(text);
}

/* NULL when there is no memory for all of it: the next time there may be. */
static json_t *take_chunk(const struct ar_trace_file *trace)
{
    json_t *chunk;

    ar_shortage_take();
    chunk = ar_pipeline_trace(trace->pipeline, trace->next);
    if (!ar_shortage_take())
        return chunk;
    json_decref(chunk);
    return NULL;
}

/* Returns how many frames there were. */
static size_t write_chunk(struct ar_trace_file *trace)
{
    json_t *chunk = take_chunk(trace);
    const json_t *frames = json_object_get(chunk, "frames");
    const size_t n = json_array_size(frames);
    const json_t *frame;
    size_t i;

    if (!chunk)
        return 0;
    if (n > 0 && trace->next == 1)
        write_line(trace, json_object_get(chunk, "header"));
    json_array_foreach(frames, i, frame) write_line(trace, frame);
    trace->next = (uint64_t)json_integer_value(json_object_get(chunk, "next"));
    json_decref(chunk);
    return n;
}

static void write_all(struct ar_trace_file *trace)
{
    while (write_chunk(trace) == AR_PIPELINE_TRACE_FRAMES)
        continue;
    fflush(trace->file);
}

static void on_time(void *user, uint64_t n_expired)
{
    struct ar_trace_file *trace = user;

    errno = 0;
    write_all(trace);
    if (!ferror(trace->file))
        return;
    ar_log(AR_LOG_ERROR, TAG, "cannot be written any further: %s", strerrordesc_np(errno));
    ar_loop_remove(&trace->timer);
    fclose(trace->file);
    trace->file = NULL;
}

int ar_trace_file_open(struct ar_trace_file *trace, struct ar_loop *loop,
                       struct ar_pipeline *pipeline, const char *path, struct ar_reason *reason)
{
    int ret;

    *trace = (struct ar_trace_file){ .pipeline = pipeline, .next = 1 };
    trace->file = fopen(path, "we");
    if (!trace->file)
        return ar_reason_set_err(reason, -errno, "trace %s", path);
    ret = ar_loop_add_timer(loop, on_time, trace, &trace->timer);
    if (ret == 0)
        ret = ar_loop_set_timer(trace->timer, ar_clock_now_us() + PERIOD_US, PERIOD_US);
    return ret < 0 ? ar_reason_set_err(reason, ret, "trace %s", path) : 0;
}

void ar_trace_file_close(struct ar_trace_file *trace)
{
    if (!trace->file)
        return;
    write_all(trace);
    ar_loop_remove(&trace->timer);
    if (ferror(trace->file) || fclose(trace->file) != 0)
        ar_log(AR_LOG_ERROR, TAG, "is not complete: %s", strerrordesc_np(errno));
    trace->file = NULL;
}
