/* SPDX-License-Identifier: MIT */
#include "daemon/perfetto.h"

#include <math.h>

enum { PID = 1, TID_WAIT = 1, TID_PAINT = 2, TID_PRESENT = 3 };

static long long us_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

void ar_perfetto_begin(FILE *out)
{
    fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n", out);
    fprintf(
        out,
        "{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":\"ar-daemon\"}},\n"
        "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":\"wait\"}},\n"
        "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":\"paint\"}},\n"
        "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":\"present\"}}",
        PID, PID, TID_WAIT, PID, TID_PAINT, PID, TID_PRESENT);
}

static void slice(FILE *out, int tid, const char *name, long long start_us, long long end_us)
{
    if (end_us > start_us)
        fprintf(
            out,
            ",\n{\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"name\":\"%s\",\"ts\":%lld,\"dur\":%lld",
            PID, tid, name, start_us, end_us - start_us);
}

static void instant(FILE *out, const char *name, long long at_us)
{
    fprintf(out,
            ",\n{\"ph\":\"i\",\"s\":\"p\",\"pid\":%d,\"tid\":%d,\"name\":\"%s\",\"ts\":%lld}",
            PID, TID_PAINT, name, at_us);
}

static void counter(FILE *out, const char *name, long long at_us, double value)
{
    fprintf(
        out,
        ",\n{\"ph\":\"C\",\"pid\":%d,\"name\":\"%s\",\"ts\":%lld,\"args\":{\"value\":%.4f}}",
        PID, name, at_us, value);
}

static void segments(const json_t *header, const json_t *frame, long long end_us, FILE *out)
{
    const json_t *list = json_object_get(frame, "segments");
    const json_t *widths = json_object_get(header, "widths");
    const json_t *segment;
    size_t i;

    json_array_foreach(list, i, segment)
    {
        const json_t *next = json_array_get(list, i + 1);
        const long long at_us = us_of(segment, "at_us");
        const long long until_us = next ? us_of(next, "at_us") : end_us;
        const double width =
            json_number_value(json_array_get(widths, (size_t)us_of(segment, "rung")));
        char name[32];

        snprintf(name, sizeof(name), i == 0 ? "encoder" : "decoder %zu", i);
        if (until_us <= at_us)
            continue;
        slice(out, TID_PAINT, name, at_us, until_us);
        fprintf(
            out,
            ",\"args\":{\"frame\":%lld,\"width\":%g,\"cause\":\"%s\",\"predicted_us\":%lld}}",
            us_of(frame, "frame"), width, json_string_value(json_object_get(segment, "cause")),
            us_of(segment, "predicted_us"));
        if (i == 0)
            counter(out, "encoder width", at_us, width);
    }
}

void ar_perfetto_frame(const json_t *header, const json_t *frame, FILE *out)
{
    const long long arrival_us = us_of(frame, "arrival_us");
    const long long start_us = us_of(frame, "start_us");
    const long long deadline_us = us_of(frame, "deadline_us");
    const long long end_us = us_of(frame, "end_us");

    if (start_us > arrival_us) {
        slice(out, TID_WAIT, "wait", arrival_us, start_us);
        fputc('}', out);
    }
    segments(header, frame, end_us, out);
    if (end_us > 0 && us_of(frame, "shown_us") > end_us) {
        slice(out, TID_PRESENT, "present", end_us, us_of(frame, "shown_us"));
        fputc('}', out);
    }
    counter(out, "slow-down", start_us,
            exp(json_number_value(json_object_get(frame, "level"))) *
                json_number_value(json_object_get(frame, "clock")));
    if (end_us == 0)
        instant(out, "given up", start_us);
    else if (deadline_us > 0 && end_us > deadline_us)
        instant(out, "deadline missed", end_us);
}

void ar_perfetto_end(FILE *out)
{
    fputs("\n]}\n", out);
}
