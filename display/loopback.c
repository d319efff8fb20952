/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <linux/videodev2.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/notice.h"
#include "base/pool.h"
#include "display/backend.h"
#include "display/loopback_device.h"

#define TAG "v4l2 output"

#define DEVICE_EXAMPLE "v4l2:/dev/video10"

/* Who opens the camera gets a picture within this, though none is painted: while it starts, or its source is away. */
#define REPEAT_US 200000u

/* Of v4l2loopback since 0.13: how many programs stream from it. Not in the kernel's headers, as the module is not in the kernel. */
#define EVENT_READERS (V4L2_EVENT_PRIVATE_START + 0x08E00000 + 1)

/* An event may get lost: while nobody is known to read, the device is asked so often. */
#define WATCH_PERIOD_US 1000000

/*
 * A V4L2 output device: v4l2loopback, through which the painting becomes a camera for other
 * programs. These come and go, and nobody tells us: whatever was sent last is sent again when nothing new comes.
 */
struct loopback {
    struct ar_display base;
    const char *path;
    struct ar_loopback_device device;
    struct ar_pool *first;  /* of the picture before the first */
    struct ar_frame *frame; /* sent last */
    struct ar_loop_source *repeat;
    uint64_t sent_us;
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

    loopback->device.fd = -1;
    if (!argument || argument[0] != '/')
        return ar_reason_set(reason, -EINVAL,
                             "display.output \"%s\": name the device, as in " DEVICE_EXAMPLE,
                             base->params.output);
    loopback->path = argument;
    return 0;
}

static void fail(struct loopback *loopback, int ret)
{
    struct ar_reason reason;

    loopback->failed = true;
    ar_reason_set_err(&reason, ret, "%s: takes no more pictures", loopback->path);
    ar_display_emit_failed(&loopback->base, &reason);
}

/* True when the device has the picture. */
static bool send(struct loopback *loopback)
{
    int ret;

    if (loopback->failed)
        return false;
    loopback->sent_us = ar_clock_now_us();
    ret = ar_loopback_device_send(&loopback->device, loopback->frame);
    if (ret == -EAGAIN)
        loopback->n_refused++;
    else if (ret < 0)
        fail(loopback, ret);
    return ret == 0;
}

static void on_repeat(void *user, uint64_t n_expired)
{
    struct loopback *loopback = user;

    if (ar_clock_now_us() >= loopback->sent_us + REPEAT_US)
        send(loopback);
}

/* The first event tells how many there are now. */
static int subscribe(const struct loopback *loopback)
{
    struct v4l2_event_subscription readers = { .type = EVENT_READERS,
                                               .flags = V4L2_EVENT_SUB_FL_SEND_INITIAL };

    ar_loopback_ioctl(loopback->device.fd, VIDIOC_UNSUBSCRIBE_EVENT, &readers);
    return ar_loopback_ioctl(loopback->device.fd, VIDIOC_SUBSCRIBE_EVENT, &readers);
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

    if (ar_loopback_ioctl(loopback->device.fd, VIDIOC_DQEVENT, &event) < 0) {
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
        ret = ar_loop_add_fd(loop, loopback->device.fd, POLLPRI, on_readers, loopback,
                             &loopback->events);
    return ret < 0 ? ar_reason_set_err(reason, ret, "%s: cannot wait for its events",
                                       loopback->path)
                   : 0;
}

static int start_repeating(struct loopback *loopback, struct ar_reason *reason)
{
    struct ar_loop *loop = loopback->base.loop;
    int ret = ar_pool_create(&loopback->first, &loopback->base.shape, 1);

    if (ret == 0)
        ret = ar_loop_add_timer(loop, on_repeat, loopback, &loopback->repeat);
    if (ret == 0)
        ret = ar_loop_set_timer(loopback->repeat, ar_clock_now_us(), REPEAT_US);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "%s", loopback->path);
    loopback->frame = ar_pool_take(loopback->first);
    ar_notice_draw(loopback->frame, "starting");
    return 0;
}

static int stop(struct ar_display *base, struct ar_reason *reason)
{
    struct loopback *loopback = from_base(base);

    if (loopback->n_refused > 0)
        ar_log(AR_LOG_DEBUG, TAG, "%s: had no room for %" PRIu64 " pictures", loopback->path,
               loopback->n_refused);
    ar_loop_remove(&loopback->events);
    ar_loop_remove(&loopback->watch);
    ar_loop_remove(&loopback->repeat);
    ar_frame_unref(&loopback->frame);
    ar_pool_destroy(loopback->first);
    loopback->first = NULL;
    ar_loopback_device_close(&loopback->device);
    return 0;
}

static int start(struct ar_display *base, struct ar_reason *reason)
{
    struct loopback *loopback = from_base(base);
    const struct ar_loopback_device *device = &loopback->device;
    int ret =
        ar_loopback_device_open(&loopback->device, loopback->path, base->source.width_px,
                                base->source.height_px, base->source.rate_millihz, reason);

    if (ret < 0)
        return ret;
    loopback->failed = false;
    loopback->unread = false;
    loopback->written = false;
    loopback->sent_us = 0;
    loopback->n_refused = 0;
    base->shape = device->shape;
    ret = start_repeating(loopback, reason);
    if (ret == 0)
        ret = watch_readers(loopback, reason);
    if (ret < 0) {
        stop(base, NULL);
        return ret;
    }
    snprintf(base->describe, sizeof(base->describe), "v4l2 output %.80s (%s) %s %ux%u%s",
             loopback->path, device->card, device->format->name, base->shape.width_px,
             base->shape.height_px, device->picture ? " by write()" : "");
    return 0;
}

static void show(struct ar_display *base, struct ar_frame **frame)
{
    struct loopback *loopback = from_base(base);

    ar_frame_unref(&loopback->frame);
    loopback->frame = *frame;
    *frame = NULL;
    if (!send(loopback))
        return;
    loopback->written = true;
    ar_display_emit_shown(base, loopback->frame, ar_clock_now_us());
    set_unread(loopback, loopback->unread);
}

const struct ar_display_backend ar_display_v4l2 = {
    .name = "v4l2",
    .size_b = sizeof(struct loopback),
    .configure = configure,
    .start = start,
    .stop = stop,
    .show = show,
};
