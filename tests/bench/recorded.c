/* SPDX-License-Identifier: MIT */
#include "tests/bench/recorded.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct reader {
    const char *path;
    FILE *file;
    char *line;
    size_t capacity;
    uint32_t number;
    struct ar_reason *reason;
};

static int refuse(const struct reader *reader, const char *what)
{
    return ar_reason_set(reader->reason, -EINVAL, "%s:%u: %s", reader->path, reader->number,
                         what);
}

/* The next line's object, NULL at the end or where it is none. */
static json_t *next_object(struct reader *reader)
{
    if (getline(&reader->line, &reader->capacity, reader->file) < 0)
        return NULL;
    reader->number++;
    return json_loads(reader->line, 0, NULL);
}

static bool read_table(const json_t *table, const struct ar_cost *cost,
                       float out[AR_COST_MAX_SEGMENTS][AR_COST_MAX_RUNGS][AR_COST_MAX_RUNGS])
{
    for (uint32_t s = 0; s < cost->n_segments; s++) {
        for (uint32_t before = 0; before < cost->n_rungs; before++) {
            for (uint32_t rung = 0; rung < cost->n_rungs; rung++) {
                const json_t *number =
                    json_array_get(json_array_get(json_array_get(table, s), before), rung);

                if (!json_is_number(number) || !(json_number_value(number) > 0.0))
                    return false;
                out[s][before][rung] = (float)json_number_value(number);
            }
        }
    }
    return true;
}

static int read_header(struct reader *reader, struct ar_cost *cost)
{
    json_t *header = next_object(reader);
    const json_t *widths = json_object_get(header, "widths");
    const json_t *us = json_object_get(header, "us");
    int ret = 0;

    *cost = (struct ar_cost){ .n_rungs = (uint32_t)json_array_size(widths),
                              .n_segments = (uint32_t)json_array_size(us) };
    if (json_integer_value(json_object_get(header, "trace")) != 1 || cost->n_rungs < 1 ||
        cost->n_rungs > AR_COST_MAX_RUNGS || cost->n_segments < 1 ||
        cost->n_segments > AR_COST_MAX_SEGMENTS || !read_table(us, cost, cost->us) ||
        !read_table(json_object_get(header, "macs"), cost, cost->macs))
        ret = refuse(reader, "not the head of a trace");
    for (uint32_t rung = 0; ret == 0 && rung < cost->n_rungs; rung++)
        cost->widths[rung] = json_number_value(json_array_get(widths, rung));
    if (ret == 0)
        ar_cost_mark_dominated(cost);
    json_decref(header);
    return ret;
}

static double us_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* How many times its calibrated time each segment took. */
static bool read_work(const json_t *frame, const struct ar_cost *cost, double *work)
{
    const json_t *segments = json_object_get(frame, "segments");
    uint32_t before = 0;
    double factor = 1.0;

    for (uint32_t s = 0; s < cost->n_segments; s++) {
        const json_t *segment = json_array_get(segments, s);
        const json_t *next = json_array_get(segments, s + 1);
        const json_int_t rung = json_integer_value(json_object_get(segment, "rung"));
        const double end_us = next ? us_of(next, "at_us") : us_of(frame, "end_us");

        if (segment && (rung < 0 || rung >= (json_int_t)cost->n_rungs))
            return false;
        if (segment && end_us > us_of(segment, "at_us")) {
            factor = (end_us - us_of(segment, "at_us")) /
                     ar_cost_us(cost, s, before, (uint32_t)rung);
            before = (uint32_t)rung;
        }
        work[s] = factor;
    }
    return true;
}

static int add_frame(struct reader *reader, struct world *world, const struct ar_cost *cost,
                     const json_t *frame)
{
    const uint32_t f = world->n_frames;
    const double arrival_us = us_of(frame, "arrival_us");

    if (f == WORLD_MAX_FRAMES)
        return refuse(reader, "the trace is too long");
    if (f > 0 && arrival_us < world->arrival_us[f - 1])
        return refuse(reader, "a frame arrives before the one before it");
    world->arrival_us[f] = arrival_us;
    world->budget_us[f] = us_of(frame, "deadline_us") - arrival_us;
    if (!(world->budget_us[f] > 0.0) ||
        !read_work(frame, cost, &world->work[f * cost->n_segments]))
        return refuse(reader, "not a frame of a trace");
    world->n_frames++;
    return 0;
}

static int read_frames(struct reader *reader, struct world *world, const struct ar_cost *cost)
{
    json_t *frame;
    int ret = 0;

    while (ret == 0 && (frame = next_object(reader)) != NULL) {
        ret = add_frame(reader, world, cost, frame);
        json_decref(frame);
    }
    if (ret == 0 && !feof(reader->file))
        ret = refuse(reader, "not JSON");
    if (ret == 0 && world->n_frames == 0)
        ret = refuse(reader, "a trace without frames");
    return ret;
}

/* Monotonic times are those of one machine: the first frame comes at 0. */
static void start_at_zero(struct world *world)
{
    const double first_us = world->arrival_us[0];

    for (uint32_t f = 0; f < world->n_frames; f++)
        world->arrival_us[f] -= first_us;
}

int recorded_load(struct world *world, struct ar_cost *cost, const char *path,
                  struct ar_reason *reason)
{
    struct reader reader = { .path = path, .file = fopen(path, "re"), .reason = reason };
    int ret;

    *world = (struct world){ .name = "recorded" };
    if (!reader.file)
        return ar_reason_set_err(reason, -errno, "%s", path);
    ret = read_header(&reader, cost);
    if (ret == 0)
        ret = world_alloc(world, WORLD_MAX_FRAMES, cost->n_segments);
    if (ret == 0) {
        world->n_frames = 0;
        world->changes[world->n_changes++] = (struct world_change){ 0.0, 1.0, 1.0 };
        ret = read_frames(&reader, world, cost);
    }
    if (ret == 0)
        start_at_zero(world);
    else
        world_free(world);
    free(reader.line);
    fclose(reader.file);
    return ret;
}
