/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "capture/backend.h"
#include "capture/fit.h"
#include "capture/v4l2_find.h"
#include "capture/v4l2_opener.h"
#include "capture/v4l2_stamp.h"
#include "capture/v4l2_stream.h"

/*
 * A camera as a source, the newest picture wins. Once it has been there it may go away and come back: meanwhile
 * notices take the place of pictures, and it is tried again and again.
 */

#define TAG "capture"

#define DEFAULT_WIDTH_PX     640
#define DEFAULT_HEIGHT_PX    480
#define DEFAULT_RATE_MILLIHZ 30000

/*
 * A camera that is silent for longer is as good as gone: a converter without a signal, a hung USB device. Its
 * first picture may take longer, while it warms up.
 */
#define SILENT_MAX_US        2000000
#define SILENT_PERIODS       4 /* at least, for slow rates */
#define FIRST_PICTURE_MAX_US 5000000

/* A camera that is back streams well within a second. */
#define RETRY_US 250000

/* Often enough for who only now starts to look. */
#define NOTICE_PERIOD_US 500000

/* What the opener is at. */
enum job {
    NO_JOB,
    OPENING,
    CLOSING,
};

struct v4l2 {
    struct ar_capture base;
    struct ar_v4l2_known known;
    struct ar_v4l2_wish wish;
    struct ar_v4l2_stream stream;
    struct ar_entries controls;    /* a copy of base.controls, while they are applied */
    struct ar_loop_source *source; /* while the stream is open */
    struct ar_frame between;       /* of the stream's shape, where frames have another */
    uint8_t *between_memory;       /* NULL: they have not */
    uint32_t events;               /* of poll(2), since the last look */
    bool asked;                    /* for a picture, since start */
    bool restarted;                /* since the last good picture */
    bool leaving;                  /* the stream is to be closed */
    struct ar_v4l2_opener opener;
    enum job job;
    char name[128];            /* of the camera that is or was open, for the log */
    uint64_t n_corrupt_before; /* at the last good picture, or when it was opened */
    uint64_t silent_us;        /* when an open stream counts as silent */
    uint64_t retry_us;         /* when a closed one is opened again */
    uint64_t away_us;          /* since when it is not flowing */
    uint64_t notice_us;        /* when the next notice is due */
};

static_assert(offsetof(struct v4l2, base) == 0, "from_base() casts");

static struct v4l2 *from_base(struct ar_capture *base)
{
    return (struct v4l2 *)base;
}

static int configure(struct ar_capture *base, const char *argument, struct ar_reason *reason)
{
    struct v4l2 *v4l2 = from_base(base);
    const struct ar_capture_params *params = &base->params;

    v4l2->stream.node.io.fd = -1;
    snprintf(v4l2->known.device, sizeof(v4l2->known.device), "%s", argument ? argument : "");
    v4l2->wish = (struct ar_v4l2_wish){
        .width_px = params->size.width_px ? params->size.width_px : DEFAULT_WIDTH_PX,
        .height_px = params->size.height_px ? params->size.height_px : DEFAULT_HEIGHT_PX,
        .rate_millihz = params->rate_millihz ? params->rate_millihz : DEFAULT_RATE_MILLIHZ,
    };
    return 0;
}

static void on_events(void *user, uint32_t events)
{
    struct v4l2 *v4l2 = user;

    v4l2->events |= events;
}

/* Where the control thread finds the camera; empty: nowhere. */
static void publish_path(struct v4l2 *v4l2, const char *path)
{
    struct ar_capture *base = &v4l2->base;

    pthread_mutex_lock(&base->controls_lock);
    snprintf(base->control_path, sizeof(base->control_path), "%s", path);
    pthread_mutex_unlock(&base->controls_lock);
}

/* What the user wants of it. Not used under the lock: the device may take its time. */
static void copy_controls(struct v4l2 *v4l2)
{
    struct ar_capture *base = &v4l2->base;

    pthread_mutex_lock(&base->controls_lock);
    v4l2->controls = base->controls;
    pthread_mutex_unlock(&base->controls_lock);
}

/* The stream is not watched any more; it is still open. */
static void leave(struct v4l2 *v4l2)
{
    publish_path(v4l2, "");
    ar_loop_remove(&v4l2->source);
    v4l2->events = 0;
}

/* Here and now, however long it takes. */
static void close_stream(struct v4l2 *v4l2)
{
    ar_v4l2_opener_wait(&v4l2->opener);
    v4l2->job = NO_JOB;
    leave(v4l2);
    ar_v4l2_stream_close(&v4l2->stream);
    v4l2->leaving = false;
}

/* The frames stay as they were at the start: whatever comes now must be brought into them. */
static int make_between(struct v4l2 *v4l2)
{
    const struct ar_frame_shape *shape = &v4l2->stream.shape;

    free(v4l2->between_memory);
    v4l2->between_memory = NULL;
    if (ar_frame_shape_equal(shape, &v4l2->base.shape))
        return 0;
    v4l2->between_memory = calloc(1, ar_frame_size_b(shape));
    if (!v4l2->between_memory)
        return -ENOMEM;
    ar_frame_map(&v4l2->between, shape, v4l2->between_memory);
    return 0;
}

/* How long no picture may come once pictures flow. */
static uint64_t silent_max_us(const struct v4l2 *v4l2)
{
    const uint64_t periods_us =
        SILENT_PERIODS * UINT64_C(1000000000) / v4l2->stream.rate_millihz;

    return periods_us > SILENT_MAX_US ? periods_us : SILENT_MAX_US;
}

static uint64_t n_corrupt(const struct v4l2 *v4l2)
{
    return atomic_load_explicit(&v4l2->base.tally.n_corrupt, memory_order_relaxed);
}

static void expect_picture(struct v4l2 *v4l2, uint64_t within_us)
{
    v4l2->silent_us = ar_clock_now_us() + within_us;
    v4l2->n_corrupt_before = n_corrupt(v4l2);
}

/* " (asked for 1280x720 at 30 fps)" when the camera has nothing nearer; empty when it has what was asked. */
static void describe_asked(const struct v4l2 *v4l2, char *text, size_t text_b)
{
    const struct ar_capture_params *params = &v4l2->base.params;
    const struct ar_v4l2_stream *stream = &v4l2->stream;
    const bool other_size =
        params->size.width_px > 0 && (params->size.width_px != stream->shape.width_px ||
                                      params->size.height_px != stream->shape.height_px);
    const bool other_rate = params->rate_millihz > 0 &&
                            !ar_v4l2_is_rate(stream->rate_millihz, params->rate_millihz);
    char size[24] = "";
    char rate[24] = "";

    text[0] = '\0';
    if (other_size)
        snprintf(size, sizeof(size), " %ux%u", params->size.width_px, params->size.height_px);
    if (other_rate)
        snprintf(rate, sizeof(rate), " %.5g fps", params->rate_millihz / 1000.0);
    if (other_size || other_rate)
        snprintf(text, text_b, " (asked for%s%s)", size, rate);
}

static void describe(struct v4l2 *v4l2)
{
    struct ar_capture *base = &v4l2->base;
    const struct ar_v4l2_stream *stream = &v4l2->stream;
    char smaller[32] = "";
    char asked[64];

    if (stream->shape.width_px < (stream->camera_width_px & ~1u))
        snprintf(smaller, sizeof(smaller), " as %ux%u", stream->shape.width_px,
                 stream->shape.height_px);
    describe_asked(v4l2, asked, sizeof(asked));
    snprintf(base->describe, sizeof(base->describe), "%.64s (%s) %s %ux%u%s at %.5g fps%s",
             stream->node.path, stream->node.card, stream->format->name,
             stream->camera_width_px, stream->camera_height_px, smaller,
             stream->rate_millihz / 1000.0, asked);
}

/* A stream that was opened is watched from now on. On error it stays open. */
static int enter(struct v4l2 *v4l2, struct ar_reason *reason)
{
    const struct ar_v4l2_node *node = &v4l2->stream.node;
    const uint32_t events = POLLIN | (v4l2->stream.tells_changes ? POLLPRI : 0);
    const int ret =
        ar_loop_add_fd(v4l2->base.loop, node->io.fd, events, on_events, v4l2, &v4l2->source);

    if (ret < 0)
        return ar_reason_set_err(reason, ret, "%s: cannot wait for it", node->path);
    snprintf(v4l2->name, sizeof(v4l2->name), "%.64s (%s)", node->path, node->card);
    v4l2->events = 0;
    v4l2->restarted = false;
    publish_path(v4l2, node->path);
    expect_picture(v4l2, FIRST_PICTURE_MAX_US);
    describe(v4l2);
    return 0;
}

static void stop(struct ar_capture *base)
{
    struct v4l2 *v4l2 = from_base(base);

    close_stream(v4l2);
    free(v4l2->between_memory);
    v4l2->between_memory = NULL;
}

/* As the frames are, rather than what was asked for once: nearest to it is what comes back the same. */
static void wish_for_frames(struct v4l2 *v4l2)
{
    const struct ar_capture *base = &v4l2->base;

    v4l2->wish = (struct ar_v4l2_wish){ base->shape.width_px, base->shape.height_px,
                                        base->rate_millihz };
}

/* Where another source began, its frames stay. */
static int adopt_shape(struct v4l2 *v4l2, struct ar_reason *reason)
{
    struct ar_capture *base = &v4l2->base;
    int ret;

    if (!base->pool) {
        base->shape = v4l2->stream.shape;
        base->rate_millihz = v4l2->stream.rate_millihz;
        wish_for_frames(v4l2);
        return 0;
    }
    ret = make_between(v4l2);
    return ret < 0 ? ar_reason_set_err(reason, ret, "%s", v4l2->stream.node.path) : 0;
}

static int start(struct ar_capture *base, struct ar_reason *reason)
{
    struct v4l2 *v4l2 = from_base(base);
    char device[AR_OPTION_TEXT_MAX];
    int ret;

    if (base->pool)
        wish_for_frames(v4l2);
    memcpy(device, v4l2->known.device, sizeof(device));
    ret = ar_v4l2_find(&v4l2->known, device, reason);
    copy_controls(v4l2);
    if (ret == 0)
        ret = ar_v4l2_stream_open(&v4l2->stream, v4l2->known.path, &v4l2->wish, &v4l2->controls,
                                  reason);
    if (ret == 0)
        ret = enter(v4l2, reason);
    if (ret == 0)
        ret = adopt_shape(v4l2, reason);
    if (ret < 0) {
        stop(base);
        return ret;
    }
    ar_v4l2_remember(&v4l2->known, v4l2->stream.node.card);
    v4l2->asked = false;
    ar_capture_set_state(base, AR_CAPTURE_FLOWING);
    return 0;
}

static const struct {
    int error;
    enum ar_capture_state state;
} states_of_errors[] = {
    { -ENODEV, AR_CAPTURE_LOST }, { -ENXIO, AR_CAPTURE_LOST },    { -ENOENT, AR_CAPTURE_LOST },
    { -EBUSY, AR_CAPTURE_BUSY },  { -EACCES, AR_CAPTURE_DENIED }, { -EPERM, AR_CAPTURE_DENIED },
};

static enum ar_capture_state state_of(int error)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(states_of_errors); i++)
        if (states_of_errors[i].error == error)
            return states_of_errors[i].state;
    return AR_CAPTURE_FAILING;
}

/* Enters a state without pictures, or another reason for having none, and says so once. */
static void go_away(struct v4l2 *v4l2, enum ar_capture_state state,
                    const struct ar_reason *reason)
{
    const enum ar_capture_state before = ar_capture_state_of(&v4l2->base);
    const uint64_t now_us = ar_clock_now_us();

    leave(v4l2);
    v4l2->leaving = v4l2->job == OPENING || v4l2->stream.node.io.fd >= 0;
    v4l2->retry_us = now_us + RETRY_US;
    if (before == AR_CAPTURE_FLOWING) {
        v4l2->away_us = now_us;
        v4l2->retry_us = now_us;
    }
    if (state == before)
        return;
    v4l2->notice_us = now_us;
    ar_capture_set_state(&v4l2->base, state);
    ar_log(AR_LOG_WARN, TAG, "%s; waiting for it to come back", reason->text);
}

__attribute__((format(printf, 3, 4))) static void go_away_as(struct v4l2 *v4l2,
                                                             enum ar_capture_state state,
                                                             const char *format, ...)
{
    struct ar_reason reason;
    char what[160];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    ar_reason_set(&reason, 0, "%s: %s", v4l2->name, what);
    go_away(v4l2, state, &reason);
}

static void start_job(struct v4l2 *v4l2, enum job job)
{
    struct ar_v4l2_opener_job what = { .stream = &v4l2->stream,
                                       .wish = &v4l2->wish,
                                       .controls = &v4l2->controls };

    if (job == OPENING) {
        copy_controls(v4l2);
        what.known = &v4l2->known;
        expect_picture(v4l2, FIRST_PICTURE_MAX_US);
    }
    v4l2->job = job;
    v4l2->leaving = false;
    ar_v4l2_opener_start(&v4l2->opener, &what, v4l2->base.loop);
}

static void use_opened(struct v4l2 *v4l2, int ret, struct ar_reason *reason)
{
    if (ret == 0)
        ret = enter(v4l2, reason);
    if (ret == 0) {
        ret = make_between(v4l2);
        if (ret < 0)
            ar_reason_set_err(reason, ret, "%s", v4l2->name);
    }
    if (ret < 0)
        go_away(v4l2, state_of(ret), reason);
}

static void finish_job(struct v4l2 *v4l2)
{
    const enum job job = v4l2->job;
    struct ar_reason reason;
    int ret;

    if (job == NO_JOB || !ar_v4l2_opener_finish(&v4l2->opener, &ret, &reason))
        return;
    v4l2->job = NO_JOB;
    if (job == OPENING && !v4l2->leaving)
        use_opened(v4l2, ret, &reason);
}

static void come_back(struct v4l2 *v4l2)
{
    if (ar_capture_state_of(&v4l2->base) == AR_CAPTURE_FLOWING)
        return;
    ar_capture_count(&v4l2->base.tally.n_resumed, 1);
    ar_capture_set_state(&v4l2->base, AR_CAPTURE_FLOWING);
    ar_log(AR_LOG_INFO, TAG, "%s%s, back after %.1f s", v4l2->base.describe,
           v4l2->between_memory ? " scaled" : "",
           (double)(ar_clock_now_us() - v4l2->away_us) / 1e6);
}

static void on_error(struct v4l2 *v4l2, int error)
{
    if (state_of(error) == AR_CAPTURE_LOST) {
        go_away_as(v4l2, AR_CAPTURE_LOST, "camera unplugged");
        return;
    }
    /* Once: a camera that fails again without a picture between is opened anew. */
    if (!v4l2->restarted && ar_v4l2_stream_restart(&v4l2->stream) == 0) {
        v4l2->restarted = true;
        return;
    }
    go_away_as(v4l2, AR_CAPTURE_FAILING, "the camera fails again and again (%s)",
               strerrordesc_np(-error));
}

/* -EAGAIN when the picture cannot be had: it is counted, the next one may be better. */
static int fill_frame(struct v4l2 *v4l2, const struct ar_v4l2_picture *picture,
                      struct ar_frame **out)
{
    struct ar_capture_tally *tally = &v4l2->base.tally;
    const uint64_t came_us = ar_clock_now_us();
    bool guessed;
    int ret = ar_capture_take(&v4l2->base, out);

    if (ret < 0) { /* we are slow, the camera is not silent */
        ar_capture_count(&tally->n_dropped, 1);
        expect_picture(v4l2, silent_max_us(v4l2));
        return ret;
    }
    ret = ar_v4l2_stream_read(&v4l2->stream, picture,
                              v4l2->between_memory ? &v4l2->between : *out);
    if (ret < 0) {
        ar_capture_count(&tally->n_corrupt, 1);
        ar_frame_unref(out);
        return -EAGAIN;
    }
    if (v4l2->between_memory)
        ar_fit(*out, &v4l2->between);
    (*out)->sequence = picture->sequence;
    (*out)->capture_us = ar_v4l2_capture_us(&picture->filled.buffer, came_us, &guessed);
    ar_capture_count(&tally->n_guessed, guessed);
    return 0;
}

/* What the descriptor's events have for us. -EAGAIN: nothing, wait again. */
static int take_picture(struct v4l2 *v4l2, uint32_t events, struct ar_frame **out)
{
    struct ar_v4l2_picture newest;
    int ret;
    int given_back;

    if (events & POLLPRI && ar_v4l2_stream_has_changed(&v4l2->stream)) {
        go_away_as(v4l2, AR_CAPTURE_CHANGING, "its input changed");
        return -EAGAIN;
    }
    ret = ar_v4l2_stream_take(&v4l2->stream, &newest, &v4l2->base.tally);
    if (ret == -EAGAIN && events & (POLLERR | POLLHUP))
        ret = -EIO;
    if (ret < 0) {
        if (ret != -EAGAIN)
            on_error(v4l2, ret);
        return -EAGAIN;
    }
    ret = fill_frame(v4l2, &newest, out);
    given_back = ar_v4l2_queue_give_back(&v4l2->stream.queue, newest.filled.buffer.index);
    if (ret == 0) {
        v4l2->restarted = false;
        expect_picture(v4l2, silent_max_us(v4l2));
        come_back(v4l2);
    }
    if (given_back < 0)
        on_error(v4l2, given_back);
    return ret;
}

/* A picture of words, at the rate at which they are needed. -EAGAIN when all frames are in use. */
static int make_notice(struct v4l2 *v4l2, uint64_t now_us, struct ar_frame **out)
{
    const enum ar_capture_state state = ar_capture_state_of(&v4l2->base);

    v4l2->notice_us = now_us + NOTICE_PERIOD_US;
    *out = ar_pool_take(v4l2->base.pool);
    if (!*out)
        return -EAGAIN;
    snprintf((*out)->notice, sizeof((*out)->notice), "%s\n%s", ar_capture_state_words(state),
             v4l2->known.card);
    (*out)->sequence = v4l2->stream.sequence;
    (*out)->capture_us = now_us;
    return 0;
}

/* After a look at what came: we may have been away ourselves, stopped or asleep. */
static void check_silence(struct v4l2 *v4l2)
{
    if (ar_clock_now_us() < v4l2->silent_us)
        return;
    if (n_corrupt(v4l2) > v4l2->n_corrupt_before)
        go_away_as(v4l2, AR_CAPTURE_DAMAGED, "it gives only damaged pictures");
    else
        go_away_as(v4l2, AR_CAPTURE_SILENT, "it gives no pictures");
}

static bool is_flowing(const struct v4l2 *v4l2)
{
    return ar_capture_state_of(&v4l2->base) == AR_CAPTURE_FLOWING;
}

/* A stream, or one that is being opened while nobody has been told that anything is wrong. */
static bool expects_picture(const struct v4l2 *v4l2)
{
    return !v4l2->leaving && (v4l2->source || (v4l2->job == OPENING && is_flowing(v4l2)));
}

/* When time alone will bring something about; a job that is done wakes the loop. */
static uint64_t next_due_us(const struct v4l2 *v4l2)
{
    uint64_t due_us = UINT64_MAX;

    if (expects_picture(v4l2))
        due_us = v4l2->silent_us;
    else if (v4l2->job == NO_JOB)
        due_us = v4l2->retry_us;
    return is_flowing(v4l2) || due_us < v4l2->notice_us ? due_us : v4l2->notice_us;
}

/* What time alone brings about, and when to look again. */
static uint64_t attend(struct v4l2 *v4l2, uint64_t now_us)
{
    finish_job(v4l2);
    if (v4l2->job == NO_JOB && v4l2->leaving)
        start_job(v4l2, CLOSING);
    else if (v4l2->job == NO_JOB && !v4l2->source && now_us >= v4l2->retry_us)
        start_job(v4l2, OPENING);
    return next_due_us(v4l2);
}

static int next(struct ar_capture *base, struct ar_frame **out, struct ar_reason *reason)
{
    struct v4l2 *v4l2 = from_base(base);

    /* Between start and the first question a program gets ready: pictures of that time are old. */
    if (!v4l2->asked) {
        ar_v4l2_stream_drain(&v4l2->stream);
        expect_picture(v4l2, FIRST_PICTURE_MAX_US);
    }
    v4l2->asked = true;
    for (;;) {
        const uint64_t now_us = ar_clock_now_us();
        uint64_t due_us;
        uint32_t events;
        int ret;

        if (!is_flowing(v4l2) && now_us >= v4l2->notice_us &&
            make_notice(v4l2, now_us, out) == 0)
            return 0;
        due_us = attend(v4l2, now_us);
        ret = ar_loop_run_once(base->loop, due_us > now_us ? due_us - now_us : 0);
        if (ret < 0 && ret != -ETIMEDOUT)
            return ret;
        events = v4l2->events;
        v4l2->events = 0;
        if (v4l2->source && events && take_picture(v4l2, events, out) == 0)
            return 0;
        if (expects_picture(v4l2))
            check_silence(v4l2);
    }
}

static void suspend(struct ar_capture *base)
{
    close_stream(from_base(base));
}

/* Opened by the next question. Whatever kept it away before has to show itself again. */
static void resume(struct ar_capture *base, uint64_t away_us)
{
    (void)away_us;
    from_base(base)->retry_us = 0;
}

const struct ar_capture_backend ar_capture_v4l2 = {
    .name = "v4l2",
    .size_b = sizeof(struct v4l2),
    .configure = configure,
    .start = start,
    .stop = stop,
    .next = next,
    .suspend = suspend,
    .resume = resume,
};
