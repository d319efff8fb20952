/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <linux/videodev2.h>

#include "base/clock.h"
#include "base/macros.h"
#include "capture/backend.h"
#include "capture/mjpeg.h"
#include "capture/v4l2_mode.h"
#include "capture/v4l2_node.h"
#include "capture/v4l2_queue.h"
#include "capture/v4l2_stamp.h"

/* A camera as a source: streams through mapped buffers, the newest picture wins. */

#define DEFAULT_WIDTH_PX     640
#define DEFAULT_HEIGHT_PX    480
#define DEFAULT_RATE_MILLIHZ 30000

/* A camera that is silent for longer is as good as gone: a converter without a signal, a hung USB device. */
#define SILENT_MAX_US 5000000

#define NO_BUFFER UINT32_MAX

/* A picture on its way from the driver to a frame. */
struct picture {
    struct ar_v4l2_filled filled; /* its buffer's index is NO_BUFFER when there is none */
    uint64_t sequence;            /* ours */
};

struct v4l2 {
    struct ar_capture base;
    char device[AR_OPTION_TEXT_MAX]; /* as the user wrote it; empty: the first camera */
    struct ar_v4l2_node node;
    const struct ar_v4l2_format *format;
    struct ar_v4l2_layout layout; /* of raw formats */
    bool narrow_rgb;              /* colours run 16..235 where a frame's run 0..255 */
    struct ar_mjpeg *mjpeg;       /* NULL for raw formats */
    struct ar_v4l2_queue queue;
    struct ar_pool *pool;
    struct ar_loop_source *source;
    uint32_t events;        /* of poll(2), since the last look */
    bool asked;             /* for a picture, since start */
    bool restarted;         /* since the last good picture */
    bool streamed;          /* a picture came: last_sequence is valid */
    uint32_t last_sequence; /* the driver's */
    uint64_t sequence;      /* ours, of the latest picture */
};

static_assert(offsetof(struct v4l2, base) == 0, "from_base() casts");

static struct v4l2 *from_base(struct ar_capture *base)
{
    return (struct v4l2 *)base;
}

static int configure(struct ar_capture *base, const char *argument, struct ar_reason *reason)
{
    struct v4l2 *v4l2 = from_base(base);

    v4l2->node.io.fd = -1;
    snprintf(v4l2->device, sizeof(v4l2->device), "%s", argument ? argument : "");
    return 0;
}

static void set_rate(struct v4l2 *v4l2, struct v4l2_fract interval)
{
    struct v4l2_streamparm parm = { .type = v4l2->node.type };
    uint32_t rate_millihz = ar_v4l2_rate_millihz(interval);

    parm.parm.capture.timeperframe = interval;
    /* Cameras without a choice of rate refuse this; they have the rate they have. */
    if (ar_v4l2_node_call(&v4l2->node, VIDIOC_S_PARM, &parm) == 0) {
        const uint32_t got = ar_v4l2_rate_millihz(parm.parm.capture.timeperframe);

        rate_millihz = got ? got : rate_millihz;
    }
    v4l2->base.rate_millihz = rate_millihz ? rate_millihz : DEFAULT_RATE_MILLIHZ;
}

/* Takes over what the driver made of our format: it may change anything. */
static int accept_format(struct v4l2 *v4l2, const struct ar_v4l2_pix *pix,
                         struct ar_reason *reason)
{
    struct ar_capture *base = &v4l2->base;
    enum ar_frame_range range;
    char name[5];

    ar_v4l2_fourcc_text(name, pix->fourcc);
    v4l2->format = ar_v4l2_format_find(pix->fourcc);
    if (!v4l2->format)
        return ar_reason_set(reason, -ENOTSUP,
                             "%s: insists on the format %s, which we do not read",
                             v4l2->node.path, name);
    range = ar_v4l2_range(v4l2->format, pix);
    v4l2->narrow_rgb = v4l2->format->rgb && range == AR_FRAME_LIMITED;
    base->shape = (struct ar_frame_shape){
        .width_px = pix->width_px & ~1u,
        .height_px = pix->height_px & ~1u,
        .format = v4l2->format->frame,
        .range = v4l2->format->convert && !v4l2->format->rgb ? range : AR_FRAME_FULL,
    };
    if (!ar_v4l2_layout(&v4l2->layout, v4l2->format, pix))
        return ar_reason_set(
            reason, -EIO,
            "%s: the driver gives %s %ux%u an impossible layout, rows of %u bytes",
            v4l2->node.path, name, pix->width_px, pix->height_px, pix->stride_b[0]);
    return ar_frame_shape_check(&base->shape, v4l2->node.path, reason);
}

static void fill_format(struct v4l2_format *format, const struct ar_v4l2_mode *mode)
{
    if (format->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE)
        format->fmt.pix_mp =
            (struct v4l2_pix_format_mplane){ .width = mode->width_px,
                                             .height = mode->height_px,
                                             .pixelformat = mode->format->fourcc,
                                             .field = V4L2_FIELD_ANY };
    else
        format->fmt.pix = (struct v4l2_pix_format){ .width = mode->width_px,
                                                    .height = mode->height_px,
                                                    .pixelformat = mode->format->fourcc,
                                                    .field = V4L2_FIELD_ANY };
}

static int set_format(struct v4l2 *v4l2, struct ar_reason *reason)
{
    const struct ar_capture_params *params = &v4l2->base.params;
    const struct ar_v4l2_wish wish = {
        .width_px = params->size.width_px ? params->size.width_px : DEFAULT_WIDTH_PX,
        .height_px = params->size.height_px ? params->size.height_px : DEFAULT_HEIGHT_PX,
        .rate_millihz = params->rate_millihz ? params->rate_millihz : DEFAULT_RATE_MILLIHZ,
    };
    struct v4l2_format format = { .type = v4l2->node.type };
    struct ar_v4l2_mode mode = { .format = NULL };
    struct ar_v4l2_pix pix;
    int ret = ar_v4l2_choose_mode(&v4l2->node, &wish, &mode, reason);

    if (ret < 0)
        return ret;
    fill_format(&format, &mode);
    ret = ar_v4l2_node_call(&v4l2->node, VIDIOC_S_FMT, &format);
    if (ret < 0)
        return ar_v4l2_node_refuse(&v4l2->node, ret, "cannot set the format", reason);
    pix = ar_v4l2_pix_from(&format);
    ret = accept_format(v4l2, &pix, reason);
    if (ret < 0)
        return ret;
    if (mode.interval.numerator == 0)
        mode.interval = (struct v4l2_fract){ 1000, wish.rate_millihz };
    set_rate(v4l2, mode.interval);
    if (v4l2->format->convert)
        return 0;
    ret = ar_mjpeg_create(&v4l2->mjpeg, pix.width_px, pix.height_px);
    return ret < 0 ? ar_reason_set_err(reason, ret, "%s: JPEG decoder", v4l2->node.path) : 0;
}

static int map_buffers(struct v4l2 *v4l2, struct ar_reason *reason)
{
    const int ret = ar_v4l2_queue_map(&v4l2->queue, &v4l2->node, v4l2->layout.size_b,
                                      v4l2->layout.n_memory);

    return ret < 0 ? ar_v4l2_node_refuse(&v4l2->node, ret, "cannot set up buffers", reason) : 0;
}

static void on_events(void *user, uint32_t events)
{
    struct v4l2 *v4l2 = user;

    v4l2->events |= events;
}

static void stop(struct ar_capture *base)
{
    struct v4l2 *v4l2 = from_base(base);

    ar_loop_remove(&v4l2->source);
    ar_v4l2_queue_stop(&v4l2->queue);
    ar_v4l2_queue_unmap(&v4l2->queue);
    ar_v4l2_node_close(&v4l2->node);
    ar_mjpeg_destroy(v4l2->mjpeg);
    v4l2->mjpeg = NULL;
    ar_pool_destroy(v4l2->pool);
    v4l2->pool = NULL;
    v4l2->layout = (struct ar_v4l2_layout){ .n_memory = 0 };
}

static int start_stream(struct v4l2 *v4l2, struct ar_reason *reason)
{
    struct ar_capture *base = &v4l2->base;
    int ret = ar_pool_create(&v4l2->pool, &base->shape, AR_CAPTURE_POOL_FRAMES);

    if (ret < 0)
        return ar_reason_set_err(reason, ret, "%s: no memory for frames", v4l2->node.path);
    ret = ar_v4l2_queue_start(&v4l2->queue);
    if (ret < 0)
        return ar_v4l2_node_refuse(&v4l2->node, ret, "cannot start streaming", reason);
    ret = ar_loop_add_fd(base->loop, v4l2->node.io.fd, POLLIN, on_events, v4l2, &v4l2->source);
    return ret < 0 ? ar_reason_set_err(reason, ret, "%s: cannot wait for it", v4l2->node.path)
                   : 0;
}

static int start(struct ar_capture *base, struct ar_reason *reason)
{
    struct v4l2 *v4l2 = from_base(base);
    int ret = ar_v4l2_node_open(&v4l2->node, v4l2->device, reason);

    if (ret == 0)
        ret = set_format(v4l2, reason);
    if (ret == 0)
        ret = map_buffers(v4l2, reason);
    if (ret == 0)
        ret = start_stream(v4l2, reason);
    if (ret < 0) {
        stop(base);
        return ret;
    }
    v4l2->events = 0;
    v4l2->asked = false;
    v4l2->restarted = false;
    v4l2->streamed = false;
    v4l2->sequence = 0;
    base->lossless = false;
    ar_capture_describe_as(base, "%s (%s) %s", v4l2->node.path, v4l2->node.card,
                           v4l2->format->name);
    return 0;
}

static int unplugged(const struct v4l2 *v4l2, struct ar_reason *reason)
{
    return ar_reason_set(reason, -ENODEV, "%s (%s): camera unplugged", v4l2->node.path,
                         v4l2->node.card);
}

/* After an I/O error only this helps. Once: a camera that fails again without a picture is given up. */
static int restart_stream(struct v4l2 *v4l2, struct ar_reason *reason)
{
    int ret;

    if (v4l2->restarted)
        return ar_reason_set(reason, -ENODEV, "%s (%s): camera fails again and again",
                             v4l2->node.path, v4l2->node.card);
    v4l2->restarted = true;
    v4l2->streamed = false;
    ar_v4l2_queue_stop(&v4l2->queue);
    ret = ar_v4l2_queue_start(&v4l2->queue);
    return ret < 0 ? unplugged(v4l2, reason) : -EAGAIN;
}

/* Keeps both counts: the driver's tells what was lost, ours never goes back. */
static void count_sequence(struct v4l2 *v4l2, uint32_t sequence)
{
    const uint32_t gap =
        v4l2->streamed ? ar_v4l2_sequence_gap(v4l2->last_sequence, sequence) : 0;

    ar_capture_count(&v4l2->base.n_lost, gap);
    v4l2->sequence += gap + 1;
    v4l2->last_sequence = sequence;
    v4l2->streamed = true;
}

/* Less than a whole picture in any plane; of a JPEG, nothing. */
static bool is_short(const struct v4l2 *v4l2, const struct ar_v4l2_filled *filled)
{
    for (uint32_t m = 0; m < v4l2->layout.n_memory; m++)
        if (filled->used_b[m] == 0 || filled->used_b[m] < v4l2->layout.size_b[m])
            return true;
    return false;
}

/*
 * Takes pictures out until the newest, which stays with us; all others go back to the driver.
 * Its buffer's index is NO_BUFFER when there is none. 0 or -errno of the driver.
 */
static int dequeue_newest(struct v4l2 *v4l2, struct picture *newest)
{
    newest->filled.buffer.index = NO_BUFFER;
    /* Bounded, because a driver may fill buffers as fast as we give them back. */
    for (uint32_t i = 0; i < v4l2->queue.n_buffers; i++) {
        struct ar_v4l2_filled filled;
        uint32_t given_back;
        int ret = ar_v4l2_queue_take(&v4l2->queue, &filled);

        if (ret == -EAGAIN)
            return 0;
        if (ret < 0)
            return ret;
        count_sequence(v4l2, filled.buffer.sequence);
        given_back = newest->filled.buffer.index;
        if (filled.buffer.flags & V4L2_BUF_FLAG_ERROR || is_short(v4l2, &filled)) {
            ar_capture_count(&v4l2->base.n_corrupt, 1);
            given_back = filled.buffer.index;
        } else {
            ar_capture_count(&v4l2->base.n_dropped, given_back != NO_BUFFER);
            *newest = (struct picture){ .filled = filled, .sequence = v4l2->sequence };
        }
        ret = given_back == NO_BUFFER ? 0 : ar_v4l2_queue_give_back(&v4l2->queue, given_back);
        if (ret < 0)
            return ret;
    }
    return 0;
}

/* One linear pass: the driver's memory may be uncached, and the driver needs its buffer back. */
static void convert(const struct v4l2 *v4l2, const struct ar_v4l2_filled *filled,
                    struct ar_frame *frame)
{
    struct ar_v4l2_rows rows = { .data = { NULL } };

    for (uint32_t p = 0; p < AR_V4L2_MAX_PLANES; p++) {
        const struct ar_v4l2_plane *plane = &v4l2->layout.planes[p];

        rows.data[p] = filled->data[plane->memory] + plane->offset_b;
        rows.stride_b[p] = plane->stride_b;
    }
    v4l2->format->convert(&rows, frame);
    if (v4l2->narrow_rgb)
        ar_v4l2_widen_rgb(frame);
}

/* -EAGAIN when the picture cannot be had: it is counted, the next one may be better. */
static int fill_frame(struct v4l2 *v4l2, const struct picture *picture, struct ar_frame **out)
{
    const struct ar_v4l2_filled *filled = &picture->filled;
    int ret = ar_capture_take(&v4l2->base, v4l2->pool, out);

    if (ret < 0) {
        ar_capture_count(&v4l2->base.n_dropped, 1);
        return ret;
    }
    if (!v4l2->mjpeg) {
        convert(v4l2, filled, *out);
    } else if (ar_mjpeg_decode(v4l2->mjpeg, filled->data[0], filled->used_b[0], *out) < 0) {
        ar_capture_count(&v4l2->base.n_corrupt, 1);
        ar_frame_unref(out);
        return -EAGAIN;
    }
    (*out)->sequence = picture->sequence;
    (*out)->capture_us = ar_v4l2_capture_us(&filled->buffer, ar_clock_now_us());
    return 0;
}

/* What the descriptor's events have for us. -EAGAIN: nothing, wait again. */
static int take_picture(struct v4l2 *v4l2, uint32_t events, struct ar_frame **out,
                        struct ar_reason *reason)
{
    struct picture newest;
    int ret = dequeue_newest(v4l2, &newest);
    int queued;

    if (ret == 0 && newest.filled.buffer.index == NO_BUFFER && events & (POLLERR | POLLHUP))
        ret = -EIO;
    if (ret == -ENODEV || ret == -ENXIO)
        return unplugged(v4l2, reason);
    if (ret < 0)
        return restart_stream(v4l2, reason);
    if (newest.filled.buffer.index == NO_BUFFER)
        return -EAGAIN;
    ret = fill_frame(v4l2, &newest, out);
    queued = ar_v4l2_queue_give_back(&v4l2->queue, newest.filled.buffer.index);
    if (queued < 0) {
        ar_frame_unref(out);
        return queued == -ENODEV ? unplugged(v4l2, reason) : restart_stream(v4l2, reason);
    }
    if (ret == 0)
        v4l2->restarted = false;
    return ret;
}

/* Between start and the first question a program gets ready: pictures of that time are old. */
static void give_back_old(const struct v4l2 *v4l2)
{
    for (uint32_t i = 0; i < v4l2->queue.n_buffers; i++) {
        struct ar_v4l2_filled filled;

        /* An error will come again, where it can be told. */
        if (ar_v4l2_queue_take(&v4l2->queue, &filled) < 0 ||
            ar_v4l2_queue_give_back(&v4l2->queue, filled.buffer.index) < 0)
            return;
    }
}

static int next(struct ar_capture *base, struct ar_frame **out, struct ar_reason *reason)
{
    struct v4l2 *v4l2 = from_base(base);
    const uint64_t silent_us = ar_clock_now_us() + SILENT_MAX_US;

    if (!v4l2->asked)
        give_back_old(v4l2);
    v4l2->asked = true;
    for (;;) {
        const uint64_t now_us = ar_clock_now_us();
        const uint64_t timeout_us = silent_us > now_us ? silent_us - now_us : 0;
        int ret = ar_loop_run_once(base->loop, timeout_us);
        const uint32_t events = v4l2->events;

        if (ret < 0 && ret != -ETIMEDOUT)
            return ret;
        v4l2->events = 0;
        ret = events ? take_picture(v4l2, events, out, reason) : -EAGAIN;
        if (ret != -EAGAIN)
            return ret;
        if (now_us >= silent_us)
            return ar_reason_set(reason, -ENODEV, "%s (%s): no picture for %u s",
                                 v4l2->node.path, v4l2->node.card, SILENT_MAX_US / 1000000);
    }
}

const struct ar_capture_backend ar_capture_v4l2 = {
    .name = "v4l2",
    .size_b = sizeof(struct v4l2),
    .configure = configure,
    .start = start,
    .stop = stop,
    .next = next,
};
