/* SPDX-License-Identifier: MIT */
#include "daemon/trace.h"

#include <stdlib.h>
#include <string.h>

#define VERSION 1

struct ar_trace *ar_trace_create(void)
{
    struct ar_trace *trace = calloc(1, sizeof(*trace));

    if (trace)
        pthread_mutex_init(&trace->lock, NULL);
    return trace;
}

void ar_trace_destroy(struct ar_trace *trace)
{
    if (!trace)
        return;
    pthread_mutex_destroy(&trace->lock);
    free(trace);
}

void ar_trace_add(struct ar_trace *trace, const struct ar_trace_frame *frame)
{
    struct ar_trace_frame *slot;

    pthread_mutex_lock(&trace->lock);
    slot = &trace->frames[trace->n_added % AR_TRACE_FRAMES];
    *slot = *frame;
    slot->number = ++trace->n_added;
    pthread_mutex_unlock(&trace->lock);
}

/* Pictures are shown soon after they are painted: few are looked at. */
void ar_trace_shown(struct ar_trace *trace, uint64_t capture_us, uint64_t shown_us)
{
    pthread_mutex_lock(&trace->lock);
    for (uint64_t back = 1; back <= trace->n_added && back <= AR_TRACE_FRAMES; back++) {
        struct ar_trace_frame *frame =
            &trace->frames[(trace->n_added - back) % AR_TRACE_FRAMES];

        if (frame->capture_us > capture_us)
            continue;
        if (frame->capture_us == capture_us)
            frame->shown_us = shown_us;
        break;
    }
    pthread_mutex_unlock(&trace->lock);
}

uint32_t ar_trace_read(struct ar_trace *trace, uint64_t from, struct ar_trace_frame *frames,
                       uint32_t capacity)
{
    uint64_t oldest = 1;
    uint32_t n = 0;

    pthread_mutex_lock(&trace->lock);
    if (trace->n_added > AR_TRACE_FRAMES)
        oldest = trace->n_added - AR_TRACE_FRAMES + 1;
    if (from < oldest)
        from = oldest;
    while (n < capacity && from + n <= trace->n_added) {
        frames[n] = trace->frames[(from + n - 1) % AR_TRACE_FRAMES];
        n++;
    }
    pthread_mutex_unlock(&trace->lock);
    return n;
}

json_t *ar_trace_frame_json(const struct ar_trace_frame *frame)
{
    const struct ar_governor_frame *decided = &frame->decided;
    json_t *segments = json_array();
    json_t *object;

    for (uint32_t i = 0; i < decided->n_decided; i++)
        json_array_append_new(segments,
                              json_pack("{s:i, s:s, s:I, s:I}", "rung", (int)decided->rungs[i],
                                        "cause", ar_governor_cause_name(decided->causes[i]),
                                        "at_us", (json_int_t)decided->decided_us[i],
                                        "predicted_us", (json_int_t)decided->predicted_us[i]));
    object = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o}", "frame",
                       (json_int_t)frame->number, "sequence", (json_int_t)frame->sequence,
                       "capture_us", (json_int_t)frame->capture_us, "arrival_us",
                       (json_int_t)frame->arrival_us, /* */
                       "start_us", (json_int_t)decided->start_us, "deadline_us",
                       (json_int_t)decided->deadline_us, "clock", decided->clock, "level",
                       decided->levels[0], "segments", segments);
    if (frame->end_us > 0)
        json_object_set_new(object, "end_us", json_integer((json_int_t)frame->end_us));
    if (frame->shown_us > 0)
        json_object_set_new(object, "shown_us", json_integer((json_int_t)frame->shown_us));
    return object;
}

/* [segment][rung before][rung] */
static json_t *table_json(const struct ar_cost *cost,
                          double (*value)(const struct ar_cost *, uint32_t, uint32_t, uint32_t))
{
    json_t *segments = json_array();

    for (uint32_t s = 0; s < cost->n_segments; s++) {
        json_t *rows = json_array();

        for (uint32_t before = 0; before < cost->n_rungs; before++) {
            json_t *row = json_array();

            for (uint32_t rung = 0; rung < cost->n_rungs; rung++)
                json_array_append_new(row,
                                      json_integer((json_int_t)value(cost, s, before, rung)));
            json_array_append_new(rows, row);
        }
        json_array_append_new(segments, rows);
    }
    return segments;
}

json_t *ar_trace_header_json(const struct ar_cost *cost, const char *style)
{
    json_t *widths = json_array();

    for (uint32_t rung = 0; rung < cost->n_rungs; rung++)
        json_array_append_new(widths, json_real(cost->widths[rung]));
    return json_pack("{s:i, s:s, s:o, s:o, s:o}", "trace", VERSION, "style", style, "widths",
                     widths, "us", table_json(cost, ar_cost_us), "macs",
                     table_json(cost, ar_cost_macs));
}
