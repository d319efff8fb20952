/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "display/backend.h"
#include "display/movie.h"

#define TAG "file"

#define ENDINGS              ".mp4, .mkv, .mov or .y4m"
#define DEFAULT_RATE_MILLIHZ 30000u

/* Pictures are encoded in the caller's thread, inside show(): it keeps a thread for this. */
struct file {
    struct ar_display base;
    const char *path; /* "-": standard output */
    const struct ar_movie_kind *kind;
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

static const struct ar_movie_kind *const kinds[] = { &ar_movie_y4m, &ar_movie_mp4 };

static bool has_ending(const char *path, const struct ar_movie_kind *kind)
{
    size_t length = strlen(path);

    for (const char *const *ending = kind->endings; *ending; ending++)
        if (length > strlen(*ending) &&
            strcasecmp(path + length - strlen(*ending), *ending) == 0)
            return true;
    return false;
}

static int configure(struct ar_display *base, const char *argument, struct ar_reason *reason)
{
    struct file *file = from_base(base);

    if (!argument || argument[0] == '\0')
        return ar_reason_set(reason, -EINVAL,
                             "display.output \"%s\": name the file, as in file:out.mp4",
                             base->params.output);
    file->path = argument;
    if (strcmp(argument, "-") == 0)
        file->kind = &ar_movie_y4m;
    for (size_t i = 0; i < AR_ARRAY_LEN(kinds) && !file->kind; i++)
        if (has_ending(argument, kinds[i]))
            file->kind = kinds[i];
    if (!file->kind)
        return ar_reason_set(reason, -EINVAL,
                             "display.output \"%s\": the file's name must end in " ENDINGS,
                             base->params.output);
    if (file->kind->missing)
        return ar_reason_set(reason, -ENOTSUP,
                             "display.output \"%s\": this build has no %s; name the file .y4m",
                             base->params.output, file->kind->missing);
    return 0;
}

static int open_movie(struct file *file, struct ar_reason *reason)
{
    struct ar_part *part = &file->movie->part;
    int ret = strcmp(file->path, "-") == 0 ? ar_part_open_stdout(part, reason)
                                           : ar_part_open(part, file->path, reason);

    if (ret < 0)
        return ret;
    if (file->kind->seeks && !ar_part_is_regular(part))
        ret = ar_reason_set(reason, -ESPIPE, "%s: only .y4m can go into a pipe or device",
                            file->path);
    else
        ret = file->kind->begin(file->movie, reason);
    if (ret < 0) {
        file->kind->release(file->movie);
        ar_part_abandon(part);
    }
    return ret;
}

static int start(struct ar_display *base, struct ar_reason *reason)
{
    struct file *file = from_base(base);
    int ret;

    if (base->source.rate_millihz == 0)
        base->source.rate_millihz = DEFAULT_RATE_MILLIHZ;
    base->shape = (struct ar_frame_shape){ .width_px = base->source.width_px,
                                           .height_px = base->source.height_px,
                                           .format = AR_FRAME_I420,
                                           .range = AR_FRAME_LIMITED };
    file->n_frames = 0;
    file->ret = 0;
    file->movie = calloc(1, file->kind->size_b);
    if (!file->movie)
        return ar_reason_set_err(reason, -ENOMEM, "%s", file->path);
    file->movie->kind = file->kind;
    file->movie->source = base->source;
    ret = open_movie(file, reason);
    if (ret < 0) {
        free(file->movie);
        file->movie = NULL;
        return ret;
    }
    snprintf(base->describe, sizeof(base->describe), "file %.80s (%s), %ux%u at %g fps",
             file->movie->part.path, file->movie->encoder, base->source.width_px,
             base->source.height_px, base->source.rate_millihz / 1000.0);
    return 0;
}

static int finish(struct file *file, struct ar_reason *reason)
{
    struct ar_movie *movie = file->movie;

    if (file->ret == 0 && file->n_frames > 0 && file->kind->finish)
        file->ret = file->kind->finish(movie, &file->reason);
    file->kind->release(movie);
    if (file->ret == 0 && file->n_frames > 0)
        file->ret = ar_part_commit(&movie->part, &file->reason);
    else
        ar_part_abandon(&movie->part);
    return file->ret < 0 ? ar_reason_set(reason, file->ret, "%s", file->reason.text) : 0;
}

static int stop(struct ar_display *base, struct ar_reason *reason)
{
    struct file *file = from_base(base);
    int ret = finish(file, reason);

    if (ret == 0 && file->n_frames == 0)
        ar_log(AR_LOG_WARN, TAG, "%s: no picture came, nothing is kept", file->path);
    free(file->movie);
    file->movie = NULL;
    return ret;
}

static void show(struct ar_display *base, struct ar_frame **frame)
{
    struct file *file = from_base(base);

    if (file->ret == 0) {
        file->ret = file->kind->write(file->movie, *frame, &file->reason);
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
