/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/backend.h"
#include "capture/bt601.h"
#include "capture/mjpeg.h"
#include "capture/v4l2_format.h"
#include "capture/v4l2_queue.h"

/*
 * A camera that streams: opened, in a mode that answers the wish, its buffers with the driver. One thread.
 */

struct ar_v4l2_stream {
    struct ar_v4l2_node node; /* io.fd is -1 when closed */
    const struct ar_v4l2_format *format;
    struct ar_v4l2_layout layout; /* of raw formats */
    bool other_luma;              /* than BT.601: `luma` leads there */
    struct ar_bt601 luma;
    bool narrow_rgb;        /* colours run 16..235 where a frame's run 0..255 */
    bool tells_changes;     /* of its source, as POLLPRI */
    struct ar_mjpeg *mjpeg; /* NULL for raw formats */
    struct ar_v4l2_queue queue;
    struct ar_frame_shape shape; /* of the pictures it gives */
    uint32_t camera_width_px; /* as the camera sends them, before a JPEG is decoded smaller */
    uint32_t camera_height_px;
    uint32_t rate_millihz;
    bool counting;          /* a picture came: last_sequence is valid */
    uint32_t last_sequence; /* the driver's */
    uint64_t sequence;      /* ours, of the latest picture; goes on when it is opened again */
};

/* A picture that is with us until its buffer is given back. */
struct ar_v4l2_picture {
    struct ar_v4l2_filled filled;
    uint64_t sequence; /* ours */
};

/*
 * The stream is closed: io.fd is -1. On error it still is. controls are set first, because some decide about the
 * format, and most should hold for the first picture.
 */
int ar_v4l2_stream_open(struct ar_v4l2_stream *stream, const char *path,
                        const struct ar_v4l2_wish *wish, const struct ar_entries *controls,
                        struct ar_reason *reason);
/* A closed one stays closed. Only once no event loop watches it any more. */
void ar_v4l2_stream_close(struct ar_v4l2_stream *stream);

/* Stops and starts: after an I/O error only this helps. 0 or -errno. */
int ar_v4l2_stream_restart(struct ar_v4l2_stream *stream);

/*
 * The newest good picture; older and bad ones go back to the driver and are counted. -EAGAIN when there is none,
 * otherwise the driver's error.
 */
int ar_v4l2_stream_take(struct ar_v4l2_stream *stream, struct ar_v4l2_picture *newest,
                        struct ar_capture_tally *tally);
/* Gives all that are ready back: they are too old. */
void ar_v4l2_stream_drain(const struct ar_v4l2_stream *stream);

/* frame is of the stream's shape. -EINVAL: a JPEG that cannot be decoded. */
int ar_v4l2_stream_read(const struct ar_v4l2_stream *stream,
                        const struct ar_v4l2_picture *picture, struct ar_frame *frame);

/* After POLLPRI: true when the driver says that what it gives has changed, and must be opened again. */
bool ar_v4l2_stream_has_changed(const struct ar_v4l2_stream *stream);
