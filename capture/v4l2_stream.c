/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_stream.h"

#include <errno.h>

#include "capture/v4l2_controls.h"
#include "capture/v4l2_mode.h"
#include "capture/v4l2_stamp.h"

/* Of a driver that says nothing about rates. */
#define DEFAULT_RATE_MILLIHZ 30000

#define NO_BUFFER UINT32_MAX

static void set_rate(struct ar_v4l2_stream *stream, struct v4l2_fract interval)
{
    struct v4l2_streamparm parm = { .type = stream->node.type };
    uint32_t rate_millihz = ar_v4l2_rate_millihz(interval);

    parm.parm.capture.timeperframe = interval;
    /* Cameras without a choice of rate refuse this; they have the rate they have. */
    if (ar_v4l2_node_call(&stream->node, VIDIOC_S_PARM, &parm) == 0) {
        const uint32_t got = ar_v4l2_rate_millihz(parm.parm.capture.timeperframe);

        rate_millihz = got ? got : rate_millihz;
    }
    stream->rate_millihz = rate_millihz ? rate_millihz : DEFAULT_RATE_MILLIHZ;
}

/* Takes over what the driver made of our format: it may change anything. */
static int accept_format(struct ar_v4l2_stream *stream, const struct ar_v4l2_pix *pix,
                         uint32_t shrink_log2, struct ar_reason *reason)
{
    enum ar_frame_range range;
    char name[5];
    double kr;
    double kb;

    ar_v4l2_fourcc_text(name, pix->fourcc);
    stream->format = ar_v4l2_format_find(pix->fourcc);
    if (!stream->format)
        return ar_reason_set(reason, -ENOTSUP,
                             "%s: insists on the format %s, which we do not read",
                             stream->node.path, name);
    stream->camera_width_px = pix->width_px;
    stream->camera_height_px = pix->height_px;
    range = ar_v4l2_range(stream->format, pix);
    stream->other_luma = ar_v4l2_luma_weights(stream->format, pix, &kr, &kb);
    if (stream->other_luma)
        stream->luma = ar_bt601_from(kr, kb, range);
    stream->narrow_rgb = stream->format->rgb && range == AR_FRAME_LIMITED;
    stream->shape = (struct ar_frame_shape){
        .width_px = ar_v4l2_shrink(pix->width_px, shrink_log2) & ~1u,
        .height_px = ar_v4l2_shrink(pix->height_px, shrink_log2) & ~1u,
        .format = stream->format->frame,
        .range = stream->format->convert && !stream->format->rgb ? range : AR_FRAME_FULL,
    };
    if (!ar_v4l2_layout(&stream->layout, stream->format, pix))
        return ar_reason_set(
            reason, -EIO,
            "%s: the driver gives %s %ux%u an impossible layout, rows of %u bytes",
            stream->node.path, name, pix->width_px, pix->height_px, pix->stride_b[0]);
    return ar_frame_shape_check(&stream->shape, stream->node.path, reason);
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

static int set_format(struct ar_v4l2_stream *stream, const struct ar_v4l2_wish *wish,
                      struct ar_reason *reason)
{
    struct v4l2_format format = { .type = stream->node.type };
    struct ar_v4l2_mode mode = { .format = NULL };
    struct ar_v4l2_pix pix;
    int ret = ar_v4l2_choose_mode(&stream->node, wish, &mode, reason);

    if (ret < 0)
        return ret;
    fill_format(&format, &mode);
    ret = ar_v4l2_node_call(&stream->node, VIDIOC_S_FMT, &format);
    if (ret < 0)
        return ar_v4l2_node_refuse(&stream->node, ret, "cannot set the format", reason);
    pix = ar_v4l2_pix_from(&format);
    ret = accept_format(stream, &pix, mode.shrink_log2, reason);
    if (ret < 0)
        return ret;
    if (mode.interval.numerator == 0)
        mode.interval = (struct v4l2_fract){ 1000, wish->rate_millihz };
    set_rate(stream, mode.interval);
    if (stream->format->convert)
        return 0;
    ret = ar_mjpeg_create(&stream->mjpeg, pix.width_px, pix.height_px, mode.shrink_log2);
    return ret < 0 ? ar_reason_set_err(reason, ret, "%s: JPEG decoder", stream->node.path) : 0;
}

static int map_buffers(struct ar_v4l2_stream *stream, struct ar_reason *reason)
{
    const int ret = ar_v4l2_queue_map(&stream->queue, &stream->node, stream->layout.size_b,
                                      stream->layout.n_memory);

    return ret < 0 ? ar_v4l2_node_refuse(&stream->node, ret, "cannot set up buffers", reason)
                   : 0;
}

/* Of an HDMI input, the mode is what comes in: it must be taken over before formats are asked for. */
static void follow_signal(const struct ar_v4l2_node *node)
{
    struct v4l2_dv_timings timings = { .type = 0 };

    if (ar_v4l2_node_call(node, VIDIOC_QUERY_DV_TIMINGS, &timings) == 0)
        ar_v4l2_node_call(node, VIDIOC_S_DV_TIMINGS, &timings);
}

/* Cameras behind a layer that has no events (libcamerify) refuse, and are known by their silence. */
static bool subscribe(const struct ar_v4l2_node *node)
{
    struct v4l2_event_subscription subscription = { .type = V4L2_EVENT_SOURCE_CHANGE };

    return ar_v4l2_node_call(node, VIDIOC_SUBSCRIBE_EVENT, &subscription) == 0;
}

int ar_v4l2_stream_restart(struct ar_v4l2_stream *stream)
{
    ar_v4l2_queue_stop(&stream->queue);
    stream->counting = false;
    return ar_v4l2_queue_start(&stream->queue);
}

static int start(struct ar_v4l2_stream *stream, struct ar_reason *reason)
{
    const int ret = ar_v4l2_queue_start(&stream->queue);

    return ret < 0 ? ar_v4l2_node_refuse(&stream->node, ret, "cannot start streaming", reason)
                   : 0;
}

int ar_v4l2_stream_open(struct ar_v4l2_stream *stream, const char *path,
                        const struct ar_v4l2_wish *wish, const struct ar_entries *controls,
                        struct ar_reason *reason)
{
    int ret = ar_v4l2_node_open(&stream->node, path, reason);

    if (ret == 0) {
        ar_v4l2_controls_apply(&stream->node.io, controls, path);
        follow_signal(&stream->node);
        ret = set_format(stream, wish, reason);
    }
    if (ret == 0)
        ret = map_buffers(stream, reason);
    if (ret == 0)
        ret = start(stream, reason);
    if (ret < 0) {
        ar_v4l2_stream_close(stream);
        return ret;
    }
    stream->tells_changes = subscribe(&stream->node);
    stream->counting = false;
    return 0;
}

void ar_v4l2_stream_close(struct ar_v4l2_stream *stream)
{
    if (stream->node.io.fd >= 0) {
        ar_v4l2_queue_stop(&stream->queue);
        ar_v4l2_queue_unmap(&stream->queue);
    }
    ar_v4l2_node_close(&stream->node);
    ar_mjpeg_destroy(stream->mjpeg);
    stream->mjpeg = NULL;
    stream->queue.n_buffers = 0;
}

bool ar_v4l2_stream_has_changed(const struct ar_v4l2_stream *stream)
{
    struct v4l2_event event = { .type = 0 };
    bool changed = false;

    while (stream->tells_changes &&
           ar_v4l2_node_call(&stream->node, VIDIOC_DQEVENT, &event) == 0) {
        changed |= event.type == V4L2_EVENT_SOURCE_CHANGE &&
                   event.u.src_change.changes & V4L2_EVENT_SRC_CH_RESOLUTION;
        if (event.pending == 0)
            break;
    }
    return changed;
}

/* Keeps both counts: the driver's tells what was lost, ours never goes back. */
static void count_sequence(struct ar_v4l2_stream *stream, uint32_t sequence,
                           struct ar_capture_tally *tally)
{
    const uint32_t gap =
        stream->counting ? ar_v4l2_sequence_gap(stream->last_sequence, sequence) : 0;

    ar_capture_count(&tally->n_lost, gap);
    stream->sequence += gap + 1;
    stream->last_sequence = sequence;
    stream->counting = true;
}

/* Less than a whole picture in any plane; of a JPEG, nothing. */
static bool is_short(const struct ar_v4l2_stream *stream, const struct ar_v4l2_filled *filled)
{
    for (uint32_t m = 0; m < stream->layout.n_memory; m++)
        if (filled->used_b[m] == 0 || filled->used_b[m] < stream->layout.size_b[m])
            return true;
    return false;
}

int ar_v4l2_stream_take(struct ar_v4l2_stream *stream, struct ar_v4l2_picture *newest,
                        struct ar_capture_tally *tally)
{
    newest->filled.buffer.index = NO_BUFFER;
    /* Bounded, because a driver may fill buffers as fast as we give them back. */
    for (uint32_t i = 0; i < stream->queue.n_buffers; i++) {
        struct ar_v4l2_filled filled;
        uint32_t given_back;
        int ret = ar_v4l2_queue_take(&stream->queue, &filled);

        if (ret == -EAGAIN)
            break;
        if (ret < 0)
            return ret;
        count_sequence(stream, filled.buffer.sequence, tally);
        given_back = newest->filled.buffer.index;
        if (filled.buffer.flags & V4L2_BUF_FLAG_ERROR || is_short(stream, &filled)) {
            ar_capture_count(&tally->n_corrupt, 1);
            given_back = filled.buffer.index;
        } else {
            ar_capture_count(&tally->n_dropped, given_back != NO_BUFFER);
            *newest =
                (struct ar_v4l2_picture){ .filled = filled, .sequence = stream->sequence };
        }
        ret = given_back == NO_BUFFER ? 0 : ar_v4l2_queue_give_back(&stream->queue, given_back);
        if (ret < 0)
            return ret;
    }
    return newest->filled.buffer.index == NO_BUFFER ? -EAGAIN : 0;
}

void ar_v4l2_stream_drain(const struct ar_v4l2_stream *stream)
{
    for (uint32_t i = 0; i < stream->queue.n_buffers; i++) {
        struct ar_v4l2_filled filled;

        /* An error will come again, where it can be told. */
        if (ar_v4l2_queue_take(&stream->queue, &filled) < 0 ||
            ar_v4l2_queue_give_back(&stream->queue, filled.buffer.index) < 0)
            return;
    }
}

/* One linear pass: the driver's memory may be uncached, and the driver needs its buffer back. */
static void convert(const struct ar_v4l2_stream *stream, const struct ar_v4l2_filled *filled,
                    struct ar_frame *frame)
{
    struct ar_v4l2_rows rows = { .data = { NULL } };

    for (uint32_t p = 0; p < AR_V4L2_MAX_PLANES; p++) {
        const struct ar_v4l2_plane *plane = &stream->layout.planes[p];

        rows.data[p] = filled->data[plane->memory] + plane->offset_b;
        rows.stride_b[p] = plane->stride_b;
    }
    stream->format->convert(&rows, frame);
    if (stream->narrow_rgb)
        ar_v4l2_widen_rgb(frame);
    if (stream->other_luma)
        ar_bt601_apply(&stream->luma, frame);
}

int ar_v4l2_stream_read(const struct ar_v4l2_stream *stream,
                        const struct ar_v4l2_picture *picture, struct ar_frame *frame)
{
    const struct ar_v4l2_filled *filled = &picture->filled;

    if (stream->mjpeg)
        return ar_mjpeg_decode(stream->mjpeg, filled->data[0], filled->used_b[0], frame);
    convert(stream, filled, frame);
    return 0;
}
