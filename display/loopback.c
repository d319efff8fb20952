/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/videodev2.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "display/backend.h"

#define TAG "v4l2 output"

#define DEVICE_EXAMPLE "v4l2:/dev/video10"
#define REST_WAIT_MS   200 /* for the rest of a picture that the device took half */

/* Of v4l2loopback since 0.13: how many programs stream from it. Not in the kernel's headers, as the module is not in the kernel. */
#define EVENT_READERS (V4L2_EVENT_PRIVATE_START + 0x08E00000 + 1)

/* An event may get lost: while nobody is known to read, the device is asked so often. */
#define WATCH_PERIOD_US 1000000

/*
 * A V4L2 output device: v4l2loopback, through which the painting becomes a camera for other
 * programs. Pictures go by write(2). Drivers on the kernel's buffer framework offer that as well, but
 * the framework forgets to say how full the buffer is (seen in Linux 6.1), and some then refuse it.
 */
struct loopback {
    struct ar_display base;
    const char *device; /* path */
    int fd;             /* -1 when closed */
    uint32_t stride_b;  /* of the device's rows */
    uint8_t *packed;    /* a picture with such rows; NULL when the frame's own will do */
    uint64_t n_refused; /* pictures for which the device had no room */
    bool failed;
    struct ar_loop_source *events; /* of readers; NULL: the device does not tell */
    struct ar_loop_source *watch;  /* while nobody reads */
    bool unread;                   /* by the last event */
    bool written;                  /* it is a camera to others only from the first picture on */
};

static_assert(offsetof(struct loopback, base) == 0, "from_base() casts");

static struct loopback *from_base(struct ar_display *base)
{
    return (struct loopback *)base;
}

static int configure(struct ar_display *base, const char *argument, struct ar_reason *reason)
{
    struct loopback *loopback = from_base(base);

    loopback->fd = -1;
    if (!argument || argument[0] != '/')
        return ar_reason_set(reason, -EINVAL,
                             "display.output \"%s\": name the device, as in " DEVICE_EXAMPLE,
                             base->params.output);
    loopback->device = argument;
    return 0;
}

static int retry_ioctl(int fd, unsigned long request, void *argument)
{
    int ret;

    do {
        ret = ioctl(fd, request, argument);
    } while (ret < 0 && errno == EINTR);
    return ret < 0 ? -errno : 0;
}

static int open_device(struct loopback *loopback, struct ar_reason *reason)
{
    int ret;

    loopback->fd = open(loopback->device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (loopback->fd >= 0)
        return 0;
    ret = -errno;
    if (ret == -EACCES)
        return ar_reason_set(reason, ret, "%s: no permission; the group video has it",
                             loopback->device);
    if (ret == -ENOENT)
        return ar_reason_set(reason, ret,
                             "%s: no such device; \"modprobe v4l2loopback\" makes one",
                             loopback->device);
    return ar_reason_set_err(reason, ret, "%s: cannot be opened", loopback->device);
}

static int check_device(const struct loopback *loopback, char card[32],
                        struct ar_reason *reason)
{
    struct v4l2_capability capability = { 0 };
    int ret = retry_ioctl(loopback->fd, VIDIOC_QUERYCAP, &capability);
    uint32_t can = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps
                                                                  : capability.capabilities;

    if (ret < 0)
        return ar_reason_set(reason, -ENOTTY, "%s: not a video device", loopback->device);
    if (!(can & V4L2_CAP_VIDEO_OUTPUT))
        return ar_reason_set(reason, -ENODEV,
                             "%s (%.32s): takes no pictures, it is not an output; "
                             "\"modprobe v4l2loopback\" makes one",
                             loopback->device, (const char *)capability.card);
    if (!(can & V4L2_CAP_READWRITE))
        return ar_reason_set(reason, -ENODEV, "%s (%.32s): takes no pictures by write()",
                             loopback->device, (const char *)capability.card);
    snprintf(card, 32, "%.31s", (const char *)capability.card);
    return 0;
}

static int set_format(struct loopback *loopback, struct ar_reason *reason)
{
    const struct ar_frame_shape *shape = &loopback->base.shape;
    struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_OUTPUT };
    struct v4l2_pix_format *pix = &format.fmt.pix;
    int ret;

    *pix = (struct v4l2_pix_format){ .width = shape->width_px,
                                     .height = shape->height_px,
                                     .pixelformat = V4L2_PIX_FMT_YUYV,
                                     .field = V4L2_FIELD_NONE,
                                     .bytesperline = shape->width_px * 2,
                                     .sizeimage = shape->width_px * 2 * shape->height_px,
                                     .colorspace = V4L2_COLORSPACE_SMPTE170M };
    ret = retry_ioctl(loopback->fd, VIDIOC_S_FMT, &format);
    if (ret == -EBUSY)
        return ar_reason_set(reason, ret, "%s: another program holds it, or its format",
                             loopback->device);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "%s: refuses YUYV %ux%u", loopback->device,
                                 shape->width_px, shape->height_px);
    if (pix->pixelformat != V4L2_PIX_FMT_YUYV || pix->width != shape->width_px ||
        pix->height != shape->height_px)
        return ar_reason_set(
            reason, -EINVAL,
            "%s: takes %.4s %ux%u, not YUYV %ux%u; set capture.size to its size",
            loopback->device, (const char *)&pix->pixelformat, pix->width, pix->height,
            shape->width_px, shape->height_px);
    loopback->stride_b = ar_max_u32(pix->bytesperline, shape->width_px * 2);
    if (loopback->stride_b > 4 * AR_FRAME_MAX_W_PX ||
        pix->sizeimage < loopback->stride_b * shape->height_px)
        return ar_reason_set(reason, -EINVAL,
                             "%s: wants rows of %u bytes in %u, which is wrong",
                             loopback->device, pix->bytesperline, pix->sizeimage);
    return 0;
}

/* Only a hint, which readers of the device see: it may refuse. */
static void set_rate(const struct loopback *loopback)
{
    struct v4l2_streamparm parameters = { .type = V4L2_BUF_TYPE_VIDEO_OUTPUT };

    parameters.parm.output.timeperframe =
        (struct v4l2_fract){ 1000, loopback->base.source.rate_millihz };
    if (loopback->base.source.rate_millihz > 0)
        retry_ioctl(loopback->fd, VIDIOC_S_PARM, &parameters);
}

/* The first event tells how many there are now. */
static int subscribe(const struct loopback *loopback)
{
    struct v4l2_event_subscription readers = { .type = EVENT_READERS,
                                               .flags = V4L2_EVENT_SUB_FL_SEND_INITIAL };

    retry_ioctl(loopback->fd, VIDIOC_UNSUBSCRIBE_EVENT, &readers);
    return retry_ioctl(loopback->fd, VIDIOC_SUBSCRIBE_EVENT, &readers);
}

static void set_unread(struct loopback *loopback, bool unread)
{
    const enum ar_display_state state =
        unread && loopback->written ? AR_DISPLAY_UNREAD : AR_DISPLAY_UP;
    const uint64_t period_us = state == AR_DISPLAY_UP ? 0 : WATCH_PERIOD_US;

    loopback->unread = unread;
    if (state == loopback->base.condition.state)
        return;
    loopback->base.condition.state = state;
    ar_loop_set_timer(loopback->watch, period_us > 0 ? ar_clock_now_us() + period_us : 0,
                      period_us);
    ar_display_emit(&loopback->base, AR_DISPLAY_CHANGED);
}

static void on_readers(void *user, uint32_t events)
{
    struct loopback *loopback = user;
    struct v4l2_event event = { .type = 0 };
    uint32_t n_readers;

    if (retry_ioctl(loopback->fd, VIDIOC_DQEVENT, &event) < 0) {
        ar_loop_remove(&loopback->events); /* otherwise it would be called without end */
        set_unread(loopback, false);
        return;
    }
    if (event.type != EVENT_READERS)
        return;
    memcpy(&n_readers, event.u.data, sizeof(n_readers));
    set_unread(loopback, n_readers == 0);
}

static void on_watch(void *user, uint64_t n_expired)
{
    subscribe(user);
}

/* A device that does not tell counts as read. */
static int watch_readers(struct loopback *loopback, struct ar_reason *reason)
{
    struct ar_loop *loop = loopback->base.loop;
    int ret;

    if (subscribe(loopback) < 0)
        return 0;
    ret = ar_loop_add_timer(loop, on_watch, loopback, &loopback->watch);
    if (ret == 0)
        ret = ar_loop_add_fd(loop, loopback->fd, POLLPRI, on_readers, loopback,
                             &loopback->events);
    return ret < 0 ? ar_reason_set_err(reason, ret, "%s: cannot wait for its events",
                                       loopback->device)
                   : 0;
}

static void close_device(struct loopback *loopback)
{
    ar_loop_remove(&loopback->events);
    ar_loop_remove(&loopback->watch);
    free(loopback->packed);
    loopback->packed = NULL;
    if (loopback->fd >= 0)
        close(loopback->fd);
    loopback->fd = -1;
}

static int make_packed(struct loopback *loopback, struct ar_reason *reason)
{
    struct ar_frame_shape shape = loopback->base.shape;
    uint32_t frame_stride_b = (uint32_t)(ar_frame_size_b(&shape) / shape.height_px);

    if (loopback->stride_b == frame_stride_b)
        return 0;
    loopback->packed = calloc(shape.height_px, loopback->stride_b);
    return loopback->packed ? 0 : ar_reason_set_err(reason, -ENOMEM, "%s", loopback->device);
}

static int start(struct ar_display *base, struct ar_reason *reason)
{
    struct loopback *loopback = from_base(base);
    char card[32];
    int ret;

    base->shape = (struct ar_frame_shape){ .width_px = base->source.width_px,
                                           .height_px = base->source.height_px,
                                           .format = AR_FRAME_YUYV,
                                           .range = AR_FRAME_LIMITED };
    loopback->failed = false;
    loopback->unread = false;
    loopback->written = false;
    loopback->n_refused = 0;
    ret = open_device(loopback, reason);
    if (ret == 0)
        ret = check_device(loopback, card, reason);
    if (ret == 0)
        ret = set_format(loopback, reason);
    if (ret == 0)
        ret = make_packed(loopback, reason);
    if (ret == 0)
        ret = watch_readers(loopback, reason);
    if (ret < 0) {
        close_device(loopback);
        return ret;
    }
    set_rate(loopback);
    snprintf(base->describe, sizeof(base->describe), "v4l2 output %.80s (%s) YUYV %ux%u",
             loopback->device, card, base->shape.width_px, base->shape.height_px);
    return 0;
}

static int stop(struct ar_display *base, struct ar_reason *reason)
{
    struct loopback *loopback = from_base(base);

    if (loopback->n_refused > 0)
        ar_log(AR_LOG_DEBUG, TAG, "%s: had no room for %" PRIu64 " pictures", loopback->device,
               loopback->n_refused);
    close_device(loopback);
    return 0;
}

static const uint8_t *pack(struct loopback *loopback, const struct ar_frame *frame)
{
    const struct ar_frame_plane *plane = &frame->planes[0];
    size_t width_b = ar_frame_plane_width_b(&frame->shape, 0);

    if (!loopback->packed)
        return plane->data;
    for (uint32_t y = 0; y < frame->shape.height_px; y++)
        memcpy(loopback->packed + (size_t)y * loopback->stride_b,
               plane->data + (size_t)y * plane->stride_b, width_b);
    return loopback->packed;
}

/*
 * -EAGAIN when the device has no room for another picture. Once it took a part, it must get
 * the rest: otherwise all that follow are torn.
 */
static int write_picture(int fd, const uint8_t *data, size_t size_b)
{
    size_t done_b = 0;

    while (done_b < size_b) {
        ssize_t n_written = write(fd, data + done_b, size_b - done_b);
        struct pollfd room = { .fd = fd, .events = POLLOUT };

        if (n_written > 0)
            done_b += (size_t)n_written;
        else if (n_written == 0)
            return -EIO;
        else if (errno == EAGAIN && done_b == 0)
            return -EAGAIN;
        else if (errno == EAGAIN && poll(&room, 1, REST_WAIT_MS) == 0)
            return -ETIMEDOUT;
        else if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return 0;
}

static void fail(struct loopback *loopback, int ret)
{
    struct ar_reason reason;

    loopback->failed = true;
    if (ret == -EINVAL)
        ar_reason_set(&reason, ret, "%s: refuses pictures by write(); v4l2loopback takes them",
                      loopback->device);
    else
        ar_reason_set_err(&reason, ret, "%s: takes no more pictures", loopback->device);
    ar_display_emit_failed(&loopback->base, &reason);
}

static void show(struct ar_display *base, struct ar_frame **frame)
{
    struct loopback *loopback = from_base(base);
    size_t size_b = (size_t)loopback->stride_b * base->shape.height_px;
    int ret = loopback->failed ? -ECANCELED
                               : write_picture(loopback->fd, pack(loopback, *frame), size_b);

    if (ret == 0) {
        loopback->written = true;
        ar_display_emit_shown(base, *frame, ar_clock_now_us());
        set_unread(loopback, loopback->unread);
    } else if (ret == -EAGAIN) {
        loopback->n_refused++;
    } else if (!loopback->failed) {
        fail(loopback, ret);
    }
    ar_frame_unref(frame);
}

const struct ar_display_backend ar_display_v4l2 = {
    .name = "v4l2",
    .size_b = sizeof(struct loopback),
    .configure = configure,
    .start = start,
    .stop = stop,
    .show = show,
};
