/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "display/backend.h"
#include "display/kms_atomic.h"
#include "display/kms_buffer.h"
#include "display/kms_card.h"
#include "display/kms_hotplug.h"
#include "display/scale.h"

#define TAG "kms"

#define WATCH_PERIOD_US 1000000
#define FLIP_TIMEOUT_US 5000000 /* vc4 is known to stall for seconds when a monitor goes off */
#define STOP_WAIT_MS    100     /* for the last flip: some frames of any screen */

/*
 * A screen without a desktop. Two buffers: one is on the screen, the other is drawn, then flipped to by
 * an atomic commit. While the flip is under way neither is touched, and we are not ready.
 */
struct kms {
    struct ar_display base;
    const char *connector; /* asked for; NULL: any */
    struct ar_kms_card card;
    struct ar_kms_pipe pipe;
    drmModeCrtc *before; /* what the CRTC showed before us */
    struct ar_kms_buffer buffers[2];
    uint32_t front; /* index of the buffer on the screen */
    struct ar_scale_rect rect;
    struct ar_scaler scaler;
    struct ar_kms_hotplug hotplug;
    struct ar_loop_source *plugs;
    bool plugged; /* or unplugged since the last look at the screen */
    bool away;    /* no screen there: pictures go nowhere */
    struct ar_loop_source *events;
    struct ar_loop_source *watch;
    bool flying;               /* a flip is under way */
    uint64_t waiting_since_us; /* the oldest picture that has not reached the screen; 0: none */
    uint64_t n_refused;        /* pictures that came too early for the driver */
    struct ar_display_shown shown; /* of the frame that flies */
    bool failed;
};

static_assert(offsetof(struct kms, base) == 0, "from_base() casts");

static struct kms *from_base(struct ar_display *base)
{
    return (struct kms *)base;
}

static int configure(struct ar_display *base, const char *argument, struct ar_reason *reason)
{
    struct kms *kms = from_base(base);

    kms->card.fd = -1;
    kms->hotplug.fd = -1;
    kms->connector = argument;
    if (argument && argument[0] == '\0')
        return ar_reason_set(
            reason, -EINVAL,
            "display.output \"%s\": name the connector, as in kms:HDMI-A-1, or "
            "write kms",
            base->params.output);
    return 0;
}

static int explain(const struct kms *kms, int ret, const char *what, struct ar_reason *reason)
{
    if (ret == -EACCES || ret == -EPERM)
        return ar_reason_set(reason, ret,
                             "%s (%s): %s: another program has taken the screen; run on a "
                             "terminal that is free",
                             kms->card.path, kms->card.connector_name, what);
    return ar_reason_set_err(reason, ret, "%s (%s): %s", kms->card.path,
                             kms->card.connector_name, what);
}

static void fail(struct kms *kms, int ret, const char *what)
{
    struct ar_reason reason;

    if (kms->failed)
        return;
    kms->failed = true;
    explain(kms, ret, what, &reason);
    ar_display_emit_failed(&kms->base, &reason);
}

static void look_at_screen(struct kms *kms);

/* A driver without vertical blanks may make times up: none is before the picture was drawn. */
static uint64_t flip_time_us(const struct kms *kms, unsigned s, unsigned us)
{
    uint64_t event_us = (uint64_t)s * 1000000 + us;

    return kms->card.monotonic && event_us >= kms->waiting_since_us ? event_us
                                                                    : ar_clock_now_us();
}

static void on_flip(int fd, unsigned sequence, unsigned s, unsigned us, unsigned crtc,
                    void *user)
{
    struct kms *kms = user;

    if (!kms->flying)
        return;
    kms->shown.shown_us = flip_time_us(kms, s, us);
    kms->flying = false;
    kms->waiting_since_us = 0;
    kms->front = 1 - kms->front;
    kms->base.on_event(kms->base.user, AR_DISPLAY_SHOWN, &kms->shown, NULL);
    look_at_screen(kms);
    ar_display_emit(&kms->base, AR_DISPLAY_IDLE);
}

static void read_events(struct kms *kms)
{
    drmEventContext context = { .version = 3, .page_flip_handler2 = on_flip };

    drmHandleEvent(kms->card.fd, &context);
}

static void on_card(void *user, uint32_t events)
{
    struct kms *kms = user;

    if (events & POLLIN)
        read_events(kms);
    if (events & (POLLERR | POLLHUP | POLLNVAL)) {
        ar_loop_remove(&kms->events);
        fail(kms, -ENODEV, "the card is gone");
    }
}

static void on_watch(void *user, uint64_t n_expired)
{
    struct kms *kms = user;

    if (kms->waiting_since_us > 0 &&
        ar_clock_now_us() > kms->waiting_since_us + FLIP_TIMEOUT_US)
        fail(kms, -ETIMEDOUT, "the screen has stopped");
}

/* Everything of the pipe in one commit, which may change the mode and waits for it. */
static int set_mode(struct kms *kms, struct ar_reason *reason)
{
    const struct ar_kms_pipe *pipe = &kms->pipe;
    const drmModeModeInfo *mode = &kms->card.mode;
    struct ar_kms_atomic atomic = { 0 };
    uint32_t blob = 0;
    int ret = drmModeCreatePropertyBlob(kms->card.fd, mode, sizeof(*mode), &blob);

    if (ret < 0)
        return explain(kms, ret, "cannot hand over the mode", reason);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_CONNECTOR_CRTC_ID, kms->card.crtc);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_CRTC_ACTIVE, 1);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_CRTC_MODE_ID, blob);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_FB_ID, kms->buffers[kms->front].fb_id);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_CRTC_ID, kms->card.crtc);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_SRC_X, 0);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_SRC_Y, 0);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_SRC_W, (uint64_t)mode->hdisplay << 16);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_SRC_H, (uint64_t)mode->vdisplay << 16);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_CRTC_X, 0);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_CRTC_Y, 0);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_CRTC_W, mode->hdisplay);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_PLANE_CRTC_H, mode->vdisplay);
    ret = ar_kms_atomic_commit(&atomic, pipe, DRM_MODE_ATOMIC_ALLOW_MODESET, NULL);
    /* The CRTC keeps its own reference. */
    drmModeDestroyPropertyBlob(kms->card.fd, blob);
    return ret < 0 ? explain(kms, ret, "cannot set the mode", reason) : 0;
}

static int commit_flip(struct kms *kms, const struct ar_kms_buffer *buffer)
{
    struct ar_kms_atomic atomic = { 0 };

    ar_kms_atomic_add(&atomic, &kms->pipe, AR_KMS_PLANE_FB_ID, buffer->fb_id);
    return ar_kms_atomic_commit(&atomic, &kms->pipe,
                                DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT, kms);
}

static int prepare_pipe(struct kms *kms, struct ar_reason *reason)
{
    const char *missing;
    int ret = ar_kms_pipe_init(&kms->pipe, kms->card.fd, kms->card.connector, kms->card.crtc,
                               kms->card.plane, &missing);

    if (ret < 0)
        return ar_reason_set(reason, ret, "%s (%s): the driver %s has no property %s",
                             kms->card.path, kms->card.connector_name, kms->card.driver,
                             missing);
    kms->before = drmModeGetCrtc(kms->card.fd, kms->card.crtc);
    return 0;
}

static int prepare_pictures(struct kms *kms, struct ar_reason *reason)
{
    const struct ar_display_source *source = &kms->base.source;
    const drmModeModeInfo *mode = &kms->card.mode;
    int ret = 0;

    for (size_t i = 0; i < AR_ARRAY_LEN(kms->buffers) && ret == 0; i++)
        ret = ar_kms_buffer_create(&kms->buffers[i], kms->card.fd, mode->hdisplay,
                                   mode->vdisplay);
    if (ret < 0)
        return explain(kms, ret, "cannot make a frame buffer", reason);
    kms->rect =
        ar_scale_fit(source->width_px, source->height_px, mode->hdisplay, mode->vdisplay);
    ret = ar_scaler_init(&kms->scaler, source->width_px, source->height_px, kms->rect.width_px,
                         kms->rect.height_px);
    return ret < 0 ? explain(kms, ret, "cannot make the scaler", reason) : 0;
}

static void release_pictures(const struct kms *kms, struct ar_kms_buffer buffers[2])
{
    for (size_t i = 0; i < AR_ARRAY_LEN(kms->buffers); i++)
        ar_kms_buffer_destroy(&buffers[i], kms->card.fd);
}

static void describe(struct kms *kms)
{
    kms->base.refresh_millihz = ar_kms_mode_rate_millihz(&kms->card.mode);
    snprintf(kms->base.describe, sizeof(kms->base.describe), "kms %s %ux%u at %g Hz (%s, %s)",
             kms->card.connector_name, kms->card.mode.hdisplay, kms->card.mode.vdisplay,
             ar_kms_mode_rate_millihz(&kms->card.mode) / 1000.0, kms->card.path,
             kms->card.driver);
}

/* The old buffers go when the new ones are on the screen: taking away what is shown would switch it off. */
static int change_mode(struct kms *kms, const drmModeModeInfo *mode, struct ar_reason *reason)
{
    struct ar_kms_buffer old[AR_ARRAY_LEN(kms->buffers)];
    int ret;

    memcpy(old, kms->buffers, sizeof(old));
    memset(kms->buffers, 0, sizeof(kms->buffers));
    ar_scaler_finish(&kms->scaler);
    kms->card.mode = *mode;
    kms->front = 0;
    ret = prepare_pictures(kms, reason);
    if (ret == 0)
        ret = set_mode(kms, reason);
    release_pictures(kms, old);
    return ret;
}

static void screen_went(struct kms *kms)
{
    kms->away = true;
    kms->waiting_since_us = 0;
    snprintf(kms->base.describe, sizeof(kms->base.describe), "kms %s unplugged (%s, %s)",
             kms->card.connector_name, kms->card.path, kms->card.driver);
    ar_log(AR_LOG_WARN, TAG, "%s (%s): screen unplugged; painting on until it is back",
           kms->card.path, kms->card.connector_name);
    ar_display_emit(&kms->base, AR_DISPLAY_CHANGED);
}

static void screen_came(struct kms *kms, const drmModeModeInfo *mode)
{
    struct ar_reason reason;

    if (change_mode(kms, mode, &reason) < 0) {
        kms->failed = true;
        ar_display_emit_failed(&kms->base, &reason);
        return;
    }
    kms->away = false;
    describe(kms);
    ar_log(AR_LOG_INFO, TAG, "%s", kms->base.describe);
    ar_display_emit(&kms->base, AR_DISPLAY_CHANGED);
}

/* Someone has plugged or unplugged a screen: ours? Not while a flip needs what there is. */
static void look_at_screen(struct kms *kms)
{
    drmModeModeInfo mode;
    int ret;

    if (!kms->plugged || kms->flying || kms->failed)
        return;
    kms->plugged = false;
    ret = ar_kms_card_probe(&kms->card, &mode);
    if (ret < 0 && !kms->away)
        screen_went(kms);
    if (ret == 0 && (kms->away || memcmp(&mode, &kms->card.mode, sizeof(mode)) != 0))
        screen_came(kms, &mode);
}

static void on_plug(void *user, uint32_t events)
{
    struct kms *kms = user;

    kms->plugged = ar_kms_hotplug_read(&kms->hotplug) || kms->plugged;
    look_at_screen(kms);
}

static int add_to_loop(struct kms *kms, struct ar_reason *reason)
{
    struct ar_loop *loop = kms->base.loop;
    int ret = ar_loop_add_fd(loop, kms->card.fd, POLLIN, on_card, kms, &kms->events);

    ar_kms_hotplug_open(&kms->hotplug);
    if (ret == 0 && kms->hotplug.fd >= 0)
        ret = ar_loop_add_fd(loop, kms->hotplug.fd, POLLIN, on_plug, kms, &kms->plugs);
    if (ret == 0)
        ret = ar_loop_add_timer(loop, on_watch, kms, &kms->watch);
    if (ret == 0)
        ret =
            ar_loop_set_timer(kms->watch, ar_clock_now_us() + WATCH_PERIOD_US, WATCH_PERIOD_US);
    return ret < 0 ? explain(kms, ret, "cannot wait for its events", reason) : 0;
}

/*
 * Shows again what was there. Where that has gone with its owner, the kernel brings back the
 * console when the card is closed.
 */
static void restore(const struct kms *kms)
{
    drmModeCrtc *before = kms->before;
    uint32_t connector = kms->card.connector;
    bool was_on = before->mode_valid && before->buffer_id != 0;
    int ret = was_on ? drmModeSetCrtc(kms->card.fd, before->crtc_id, before->buffer_id,
                                      before->x, before->y, &connector, 1, &before->mode)
                     : drmModeSetCrtc(kms->card.fd, before->crtc_id, 0, 0, 0, NULL, 0, NULL);

    if (ret < 0)
        ar_log(AR_LOG_DEBUG, TAG, "%s (%s): what it showed before is gone", kms->card.path,
               kms->card.connector_name);
}

static void close_all(struct kms *kms)
{
    ar_loop_remove(&kms->plugs);
    ar_kms_hotplug_close(&kms->hotplug);
    ar_loop_remove(&kms->events);
    ar_loop_remove(&kms->watch);
    if (kms->before)
        restore(kms);
    drmModeFreeCrtc(kms->before);
    kms->before = NULL;
    ar_scaler_finish(&kms->scaler);
    release_pictures(kms, kms->buffers);
    ar_kms_card_close(&kms->card);
}

static int start(struct ar_display *base, struct ar_reason *reason)
{
    struct kms *kms = from_base(base);
    int ret = ar_kms_card_open(&kms->card, kms->connector, reason);

    if (ret < 0)
        return ret;
    kms->front = 0;
    kms->flying = false;
    kms->waiting_since_us = 0;
    kms->n_refused = 0;
    kms->failed = false;
    kms->plugged = false;
    kms->away = false;
    ret = prepare_pipe(kms, reason);
    if (ret == 0)
        ret = prepare_pictures(kms, reason);
    if (ret == 0)
        ret = set_mode(kms, reason);
    if (ret == 0)
        ret = add_to_loop(kms, reason);
    if (ret < 0) {
        close_all(kms);
        return ret;
    }
    base->shape = (struct ar_frame_shape){ .width_px = base->source.width_px,
                                           .height_px = base->source.height_px,
                                           .format = AR_FRAME_XRGB,
                                           .range = AR_FRAME_FULL };
    describe(kms);
    return 0;
}

static int stop(struct ar_display *base, struct ar_reason *reason)
{
    struct kms *kms = from_base(base);
    struct pollfd card = { .fd = kms->card.fd, .events = POLLIN };

    if (kms->flying && poll(&card, 1, STOP_WAIT_MS) > 0 && card.revents & POLLIN)
        read_events(kms);
    if (kms->n_refused > 0)
        ar_log(AR_LOG_DEBUG, TAG, "%s (%s): refused %" PRIu64 " pictures as too early",
               kms->card.path, kms->card.connector_name, kms->n_refused);
    close_all(kms);
    return 0;
}

static bool ready(const struct ar_display *base)
{
    return !((const struct kms *)base)->flying;
}

/* Each row is made in cached memory and copied out once, in address order: the buffer is write-combined. */
static void draw(struct kms *kms, const struct ar_kms_buffer *buffer,
                 const struct ar_frame *frame)
{
    uint8_t *out =
        buffer->pixels + (size_t)kms->rect.y_px * buffer->pitch_b + (size_t)kms->rect.x_px * 4;

    ar_scaler_begin(&kms->scaler, frame);
    for (uint32_t y = 0; y < kms->rect.height_px; y++, out += buffer->pitch_b)
        memcpy(out, ar_scaler_row(&kms->scaler, y), (size_t)kms->rect.width_px * 4);
}

static int show_picture(struct kms *kms, const struct ar_frame *frame)
{
    const struct ar_kms_buffer *back = &kms->buffers[1 - kms->front];
    int ret;

    draw(kms, back, frame);
    if (kms->waiting_since_us == 0)
        kms->waiting_since_us = ar_clock_now_us();
    ret = commit_flip(kms, back);
    kms->flying = ret == 0;
    kms->shown = (struct ar_display_shown){ .sequence = frame->sequence,
                                            .capture_us = frame->capture_us,
                                            .painted_us = frame->painted_us };
    return ret;
}

static void show(struct ar_display *base, struct ar_frame **frame)
{
    struct kms *kms = from_base(base);
    int ret = kms->failed || kms->away ? 0 : show_picture(kms, *frame);

    if (kms->away)
        ar_display_emit(base, AR_DISPLAY_UNSEEN);
    /* Some drivers send the event a moment before they are free: the next picture will do. */
    if (ret == -EBUSY)
        kms->n_refused++;
    else if (ret < 0)
        fail(kms, ret, "cannot show a picture");
    ar_frame_unref(frame);
}

const struct ar_display_backend ar_display_kms = {
    .name = "kms",
    .size_b = sizeof(struct kms),
    .only_one = true, /* a card has one master */
    .automatic = AR_DISPLAY_AUTO_BARE_TTY,
    .configure = configure,
    .start = start,
    .stop = stop,
    .ready = ready,
    .show = show,
};
