/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "display/backend.h"
#include "display/movie.h"
#include "display/part.h"

#define TAG "file"

/* Pictures are encoded in the caller's thread, inside show(): it keeps a thread for this. */
struct file {
    struct ar_display base;
    const char *path; /* "-": standard output */
    const struct ar_movie_kind *kind;
    struct ar_part part;
    struct ar_movie_sink sink;
    struct ar_movie *movie; /* NULL while stopped */
    uint64_t n_frames;
    int ret; /* of the first failure, which `reason` tells */
    struct ar_reason reason;
};

static_assert(offsetof(struct file, base) == 0, "from_base() casts");

static struct file *from_base(struct ar_display *base)
{
    return (struct file *)base;
}

static int configure(struct ar_display *base, const char *argument, struct ar_reason *reason)
{
    struct file *file = from_base(base);

    if (!argument || argument[0] == '\0')
        return ar_reason_set(reason, -EINVAL,
                             "display.output \"%s\": name the file, as in file:out.mp4",
                             base->params.output);
    file->path = argument;
    file->kind = strcmp(argument, "-") == 0 ? &ar_movie_y4m : ar_movie_kind_of(argument);
    if (!file->kind)
        return ar_reason_set(
            reason, -EINVAL,
            "display.output \"%s\": the file's name must end in " AR_MOVIE_ENDINGS,
            base->params.output);
    if (file->kind->missing)
        return ar_reason_set(reason, -ENOTSUP,
                             "display.output \"%s\": this build has no %s; name the file .y4m",
                             base->params.output, file->kind->missing);
    return 0;
}

static struct file *from_sink(struct ar_movie_sink *sink)
{
    return AR_CONTAINER_OF(sink, struct file, sink);
}

static int write_part(struct ar_movie_sink *sink, const void *data, size_t size_b,
                      struct ar_reason *reason)
{
    return ar_part_write(&from_sink(sink)->part, data, size_b, reason);
}

static int open_movie(struct file *file, struct ar_reason *reason)
{
    struct ar_part *part = &file->part;
    int ret = strcmp(file->path, "-") == 0 ? ar_part_open_stdout(part, reason)
                                           : ar_part_open(part, file->path, reason);

    if (ret < 0)
        return ret;
    file->sink = (struct ar_movie_sink){
        .path = part->path,
        .regular = ar_part_is_regular(part) ? part->temporary : NULL,
        .write = write_part,
    };
    if (file->kind->seeks && !file->sink.regular)
        ret = ar_reason_set(reason, -ESPIPE, "%s: only .y4m can go into a pipe or device",
                            file->path);
    else
        ret =
            ar_movie_create(&file->movie, file->kind, &file->sink, &file->base.source, reason);
    if (ret < 0)
        ar_part_abandon(part);
    return ret;
}

static int start(struct ar_display *base, struct ar_reason *reason)
{
    struct file *file = from_base(base);
    int ret;

    base->shape = (struct ar_frame_shape){ .width_px = base->source.width_px,
                                           .height_px = base->source.height_px,
                                           .format = AR_FRAME_I420,
                                           .range = AR_FRAME_LIMITED };
    file->n_frames = 0;
    file->ret = 0;
    ret = open_movie(file, reason);
    if (ret < 0)
        return ret;
    base->source.rate_millihz = file->movie->source.rate_millihz;
    snprintf(base->describe, sizeof(base->describe), "file %.80s (%s), %ux%u at %g fps",
             file->part.path, file->movie->encoder, base->source.width_px,
             base->source.height_px, base->source.rate_millihz / 1000.0);
    return 0;
}

static int finish(struct file *file, struct ar_reason *reason)
{
    if (file->ret == 0 && file->n_frames > 0)
        file->ret = ar_movie_finish(file->movie, &file->reason);
    ar_movie_destroy(file->movie);
    file->movie = NULL;
    if (file->ret == 0 && file->n_frames > 0)
        file->ret = ar_part_commit(&file->part, &file->reason);
    else
        ar_part_abandon(&file->part);
    return file->ret < 0 ? ar_reason_set(reason, file->ret, "%s", file->reason.text) : 0;
}

static int stop(struct ar_display *base, struct ar_reason *reason)
{
    struct file *file = from_base(base);
    int ret = finish(file, reason);

    if (ret == 0 && file->n_frames == 0)
        ar_log(AR_LOG_WARN, TAG, "%s: no picture came, nothing is kept", file->path);
    return ret;
}

static void show(struct ar_display *base, struct ar_frame **frame)
{
    struct file *file = from_base(base);

    if (file->ret == 0) {
        file->ret = ar_movie_write(file->movie, *frame, &file->reason);
        if (file->ret < 0) {
            ar_display_emit_failed(base, &file->reason);
        } else {
            file->n_frames++;
            ar_display_emit_shown(base, *frame, ar_clock_now_us());
        }
    }
    ar_frame_unref(frame);
}

const struct ar_display_backend ar_display_file = {
    .name = "file",
    .size_b = sizeof(struct file),
    .keeps_all = true,
    .configure = configure,
    .start = start,
    .stop = stop,
    .show = show,
};
