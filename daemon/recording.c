/* SPDX-License-Identifier: MIT */
#include "daemon/recording.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/writer.h"
#include "daemon/convert.h"
#include "daemon/latch.h"
#include "display/movie.h"
#include "display/part.h"

/* The encoder takes what the painter leaves. */
#define NICE 10

/* Of what is gathered: a crash costs no more. */
#define FLUSH_US 900000u

/* A movie without time stamps is not filled up for longer: a camera may be away for hours. */
#define MAX_FILL_S 10

/* A picture may come so much too early or too late for its place, in thousandths of one. */
#define TOLERANCE_MILLI 600

struct ar_recording {
    struct ar_movie_sink sink;
    struct ar_part part;
    struct ar_writer *writer;
    uint64_t flushed_us;
    int published; /* 1: the file has its name; negative: it could not get it */
    struct ar_reason refused;
    struct ar_movie *movie;
    struct ar_convert *convert;
    struct ar_frame *picture; /* the newest, as movies want it; NULL: none came */
    struct ar_tap tap;
    struct ar_recording_params params;
    struct ar_latch begun;
    uint64_t first_us; /* capture time of the first picture */
    uint64_t n_slots;  /* pictures in a movie without time stamps, repeated ones as well */
    bool stopping;     /* control's */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows; never held for more than a copy */
    struct ar_recording_status status;
};

/* ---- where the movie's bytes go */

static struct ar_recording *from_sink(struct ar_movie_sink *sink)
{
    return AR_CONTAINER_OF(sink, struct ar_recording, sink);
}

static int write_bytes(struct ar_movie_sink *sink, const void *data, size_t size_b,
                       struct ar_reason *reason)
{
    struct ar_recording *recording = from_sink(sink);
    int ret = recording->published < 0 ? recording->published
                                       : ar_writer_write(recording->writer, data, size_b);

    return ret < 0 ? ar_reason_set_err(reason, ret, "%s: cannot be written", sink->path) : 0;
}

/* The file gets its name as soon as the disk has something that plays: a crash before that leaves nothing. */
static void publish(struct ar_recording *recording)
{
    uint64_t whole_b;
    int ret = ar_writer_finish(recording->writer, &whole_b);

    if (ret == 0)
        ret = ar_part_publish(&recording->part, &recording->refused);
    recording->published = ret < 0 ? ret : 1;
}

static void mark(struct ar_movie_sink *sink)
{
    struct ar_recording *recording = from_sink(sink);
    const uint64_t now_us = ar_clock_now_us();

    ar_writer_mark(recording->writer);
    if (recording->published > 0 && now_us - recording->flushed_us < FLUSH_US)
        return;
    if (recording->published == 0)
        publish(recording);
    else
        ar_writer_flush(recording->writer); /* an error comes back from the next write */
    recording->flushed_us = now_us;
}

/* ---- pictures */

static int write_picture(struct ar_recording *recording, struct ar_reason *reason)
{
    recording->n_slots++;
    return ar_movie_write(recording->movie, recording->picture, reason);
}

/* How many pictures later than its turn a picture comes, in thousandths; negative: earlier. */
static int64_t lateness_milli(const struct ar_recording *recording, uint64_t capture_us)
{
    const int64_t since_us = (int64_t)(capture_us - recording->first_us);
    const int64_t rate_millihz = recording->movie->source.rate_millihz;

    return since_us * rate_millihz / 1000000 - (int64_t)recording->n_slots * 1000;
}

/*
 * Where pictures have no time stamps, the one before is repeated until this one's time has come. Returns false where
 * that has not come yet: cameras run a little faster or slower than they say.
 */
static bool keep_rate(struct ar_recording *recording, uint64_t capture_us, int *ret,
                      struct ar_reason *reason)
{
    const int64_t max = (int64_t)MAX_FILL_S * recording->movie->source.rate_millihz;
    int64_t late_milli = lateness_milli(recording, capture_us);

    if (late_milli > max) {
        recording->first_us +=
            (uint64_t)((late_milli - max) * 1000000 / recording->movie->source.rate_millihz);
        late_milli = max;
    }
    for (int64_t i = late_milli; i > TOLERANCE_MILLI && *ret == 0; i -= 1000)
        *ret = write_picture(recording, reason);
    return late_milli >= -TOLERANCE_MILLI;
}

static void count_picture(struct ar_recording *recording, uint64_t capture_us)
{
    struct ar_recording_status *status = &recording->status;
    const uint64_t period_us = 1000000000u / recording->movie->source.rate_millihz;
    const uint64_t since_us =
        capture_us > recording->first_us ? capture_us - recording->first_us : 0;

    pthread_mutex_lock(&recording->lock);
    status->n_pictures++;
    status->size_b = ar_writer_size_b(recording->writer);
    status->duration_us = since_us + period_us;
    pthread_mutex_unlock(&recording->lock);
}

static int take_picture(struct ar_recording *recording, const struct ar_frame *painting,
                        struct ar_reason *reason)
{
    const uint64_t capture_us = painting->capture_us;
    bool is_due = true;
    int ret = 0;

    if (recording->n_slots == 0)
        recording->first_us = capture_us;
    else if (recording->movie->kind->keeps_rate)
        is_due = keep_rate(recording, capture_us, &ret, reason);
    if (ret < 0 || !is_due)
        return ret;
    ar_frame_unref(&recording->picture);
    recording->picture = ar_convert_run(recording->convert, painting);
    ret = write_picture(recording, reason);
    if (ret == 0)
        count_picture(recording, capture_us);
    return ret;
}

/* Until it is stopped, or something fails. */
static int record(struct ar_recording *recording, struct ar_reason *reason)
{
    const struct ar_tap_copy *copy;
    int ret = 0;

    while (ret == 0 && ar_tap_take(&recording->tap, AR_LOOP_FOREVER, &copy) == 0) {
        ret = take_picture(recording, &copy->painting.frame, reason);
        ar_tap_give(&recording->tap);
    }
    ar_tap_close(&recording->tap);
    return ret;
}

/* ---- beginning and end */

static int open_movie(struct ar_recording *recording, struct ar_reason *reason)
{
    const struct ar_recording_params *params = &recording->params;
    const struct ar_display_source source = { .width_px = params->shape.width_px,
                                              .height_px = params->shape.height_px,
                                              .rate_millihz = params->rate_millihz };
    const struct ar_movie_kind *kind = ar_movie_kind_of(recording->part.path);
    int ret = ar_writer_create(&recording->writer, recording->part.fd, params->loop);

    if (ret < 0)
        return ar_reason_set_err(reason, ret, "%s", recording->part.path);
    return ar_movie_create(&recording->movie, kind, &recording->sink, &source, reason);
}

/* Ends the file where it plays. `ret` is how the movie ended; the result is the recording's. */
static int close_file(struct ar_recording *recording, int ret, struct ar_reason *reason)
{
    struct ar_part *part = &recording->part;
    uint64_t whole_b = 0;
    const int disk = recording->writer ? ar_writer_finish(recording->writer, &whole_b) : 0;

    pthread_mutex_lock(&recording->lock);
    recording->status.size_b = whole_b;
    pthread_mutex_unlock(&recording->lock);
    if (disk < 0)
        ret = ar_reason_set_err(reason, disk, "%s: cannot be written any further", part->path);
    else if (recording->published < 0)
        ret = ar_reason_set(reason, recording->published, "%s", recording->refused.text);
    if (recording->published <= 0) {
        ar_part_abandon(part);
        return ret < 0 ? ret
                       : ar_reason_set(reason, -ENODATA,
                                       "%s: no picture came, and nothing is kept", part->path);
    }
    if (ret < 0 && ftruncate(part->fd, (off_t)whole_b) < 0)
        ret = ar_reason_set_err(reason, -errno, "%s: cannot be cut to what plays", part->path);
    if (ret == 0)
        return ar_part_commit(part, reason);
    ar_part_commit(part, NULL);
    return ret;
}

static void set_end(struct ar_recording *recording, int result, const struct ar_reason *reason)
{
    struct ar_recording_status *status = &recording->status;

    pthread_mutex_lock(&recording->lock);
    status->state = result < 0 ? AR_RECORDING_FAILED : AR_RECORDING_DONE;
    status->reason = *reason;
    pthread_mutex_unlock(&recording->lock);
}

static void *run(void *argument)
{
    struct ar_recording *recording = argument;
    struct ar_reason reason = { "" };
    int ret;

    pthread_setname_np(pthread_self(), "ar-record");
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* the encoder's threads inherit it */
    ret = open_movie(recording, &reason);
    if (ret == 0)
        snprintf(recording->status.encoder, sizeof(recording->status.encoder), "%s",
                 recording->movie->encoder);
    recording->status.reason = reason;
    ar_latch_give(&recording->begun, ret);
    if (ret == 0)
        ret = record(recording, &reason);
    if (ret == 0)
        ret = ar_movie_finish(recording->movie, &reason);
    ar_movie_destroy(recording->movie);
    ret = close_file(recording, ret, &reason);
    ar_writer_destroy(recording->writer);
    set_end(recording, ret, &reason);
    ar_loop_wake(recording->params.control_loop);
    return NULL;
}

/* ---- the control thread's side */

static int check_path(const char *path, struct ar_reason *reason)
{
    const struct ar_movie_kind *kind = ar_movie_kind_of(path);

    if (!kind)
        return ar_reason_set(reason, -EINVAL,
                             "%s: the file's name must end in .mp4, .mov or .y4m", path);
    if (kind->missing)
        return ar_reason_set(reason, -ENOTSUP, "%s: this build has no %s; name the file .y4m",
                             path, kind->missing);
    return 0;
}

static int init(struct ar_recording *recording, const struct ar_recording_params *params)
{
    const struct ar_frame_shape movie = { params->shape.width_px, params->shape.height_px,
                                          AR_FRAME_I420, AR_FRAME_LIMITED };
    int ret = ar_tap_init(&recording->tap, AR_TAP_MAX_COPIES, &params->shape, NULL);

    pthread_mutex_init(&recording->lock, NULL);
    ar_latch_init(&recording->begun);
    recording->params = *params;
    recording->params.path = NULL;
    recording->sink = (struct ar_movie_sink){ .path = recording->part.path,
                                              .write = write_bytes,
                                              .mark = mark };
    return ret < 0 ? ret : ar_convert_create(&recording->convert, &movie);
}

static void release(struct ar_recording *recording)
{
    ar_frame_unref(&recording->picture);
    ar_convert_destroy(recording->convert);
    ar_tap_finish(&recording->tap);
    ar_latch_finish(&recording->begun);
    pthread_mutex_destroy(&recording->lock);
    free(recording);
}

int ar_recording_start(struct ar_recording **out, const struct ar_recording_params *params,
                       struct ar_reason *reason)
{
    struct ar_recording *recording;
    int ret = check_path(params->path, reason);

    *out = NULL;
    if (ret < 0)
        return ret;
    recording = calloc(1, sizeof(*recording));
    if (!recording)
        return ar_reason_set_err(reason, -ENOMEM, "%s", params->path);
    ret = init(recording, params);
    if (ret < 0) {
        ar_reason_set_err(reason, ret, "%s", params->path);
        goto err;
    }
    ret = ar_part_open_new(&recording->part, params->path, reason);
    if (ret < 0)
        goto err;
    ret = -pthread_create(&recording->thread, NULL, run, recording);
    if (ret < 0) {
        ar_reason_set_err(reason, ret, "%s: no thread for it", params->path);
        ar_part_abandon(&recording->part);
        goto err;
    }
    ret = ar_latch_wait(&recording->begun);
    if (ret < 0) {
        pthread_join(recording->thread, NULL);
        *reason = recording->status.reason;
        goto err;
    }
    *out = recording;
    return 0;

err:
    release(recording);
    return ret;
}

struct ar_tap *ar_recording_tap(struct ar_recording *recording)
{
    return &recording->tap;
}

void ar_recording_stop(struct ar_recording *recording)
{
    recording->stopping = true;
    ar_tap_close(&recording->tap);
}

void ar_recording_status(struct ar_recording *recording, struct ar_recording_status *status)
{
    pthread_mutex_lock(&recording->lock);
    *status = recording->status;
    pthread_mutex_unlock(&recording->lock);
    snprintf(status->path, sizeof(status->path), "%s", recording->part.path);
    status->n_dropped = atomic_load(&recording->tap.n_dropped);
    if (status->state == AR_RECORDING_RUNS && recording->stopping)
        status->state = AR_RECORDING_STOPS;
}

void ar_recording_destroy(struct ar_recording *recording)
{
    if (!recording)
        return;
    ar_recording_stop(recording);
    pthread_join(recording->thread, NULL);
    release(recording);
}
