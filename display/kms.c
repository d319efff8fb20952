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
#include "display/kms_console.h"
#include "display/kms_hotplug.h"
#include "display/kms_screen.h"

#define TAG "kms"

#define WATCH_PERIOD_US 250000  /* and how often a screen that is not ours is tried */
#define FLIP_TIMEOUT_US 1000000 /* vc4 is known to lose flips when a monitor goes off */
#define STOP_WAIT_MS    100     /* for the last flip: some frames of any screen */

/*
 * A screen without a desktop. Once it was ours, or belongs to another program at the start, its loss ends nothing:
 * pictures go nowhere, and it is tried again until it is back.
 */
struct kms {
    struct ar_display base;
    const char *connector; /* asked for; NULL: any */
    struct ar_kms_screen screen;
    struct ar_kms_console console;
    struct ar_kms_hotplug hotplug;
    struct ar_loop_source *events; /* of the card */
    struct ar_loop_source *switches;
    struct ar_loop_source *plugs;
    struct ar_loop_source *watch;
    int trouble;               /* why the last try to open the screen failed */
    bool plugged;              /* or unplugged since the last look at the screen */
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

    kms->screen.card.fd = -1;
    kms->console.fd = -1;
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

static void fail(struct kms *kms, const struct ar_reason *reason)
{
    if (kms->failed)
        return;
    kms->failed = true;
    ar_display_emit_failed(&kms->base, reason);
}

static bool is_up(const struct kms *kms)
{
    return kms->base.condition.state == AR_DISPLAY_UP;
}

static void describe(struct kms *kms)
{
    const struct ar_kms_card *card = &kms->screen.card;
    const uint32_t rate_millihz = ar_kms_mode_rate_millihz(&card->mode);
    char *text = kms->base.describe;
    const size_t text_b = sizeof(kms->base.describe);
    const char *state = ar_display_state_name(kms->base.condition.state);
    const char *words = ar_kms_screen_words(&kms->screen);

    kms->base.refresh_millihz = is_up(kms) ? rate_millihz : 0;
    if (is_up(kms))
        snprintf(text, text_b, "kms %s %ux%u at %g Hz%s%s (%s, %s)", card->connector_name,
                 card->mode.hdisplay, card->mode.vdisplay, rate_millihz / 1000.0,
                 words[0] != '\0' ? ", " : "", words, card->path, card->driver);
    else if (card->connector_name[0] != '\0')
        snprintf(text, text_b, "kms %s %s (%s, %s)", card->connector_name, state, card->path,
                 card->driver);
    else
        snprintf(text, text_b, "kms %.64s%s%s", kms->connector ? kms->connector : "",
                 kms->connector ? " " : "", state);
}

static void set_state(struct kms *kms, enum ar_display_state state)
{
    const bool was_up = is_up(kms);

    kms->base.condition.state = state;
    kms->base.condition.n_resumed += state == AR_DISPLAY_UP && !was_up;
    describe(kms);
    if (state == AR_DISPLAY_UP)
        ar_log(AR_LOG_INFO, TAG, "%s", kms->base.describe);
    ar_display_emit(&kms->base, AR_DISPLAY_CHANGED);
}

/* No picture can be shown for now. */
static void lose(struct kms *kms, enum ar_display_state state)
{
    ar_log(AR_LOG_WARN, TAG, "%s (%s): %s; waiting for it to come back", kms->screen.card.path,
           kms->screen.card.connector_name, ar_display_state_words(state));
    kms->waiting_since_us = 0;
    set_state(kms, state);
}

/* Likewise, and others may have the screen. */
static void let_go(struct kms *kms, enum ar_display_state state)
{
    ar_loop_remove(&kms->events);
    ar_kms_screen_close(&kms->screen);
    kms->flying = false;
    lose(kms, state);
}

static void look_at_screen(struct kms *kms);

/* A driver without vertical blanks may make times up: none is before the picture was drawn. */
static uint64_t flip_time_us(const struct kms *kms, unsigned s, unsigned us)
{
    uint64_t event_us = (uint64_t)s * 1000000 + us;

    return kms->screen.card.monotonic && event_us >= kms->waiting_since_us ? event_us
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
    ar_kms_screen_flipped(&kms->screen);
    kms->base.on_event(kms->base.user, AR_DISPLAY_SHOWN, &kms->shown, NULL);
    look_at_screen(kms);
    ar_display_emit(&kms->base, AR_DISPLAY_IDLE);
}

static void read_events(struct kms *kms)
{
    drmEventContext context = { .version = 3, .page_flip_handler2 = on_flip };

    drmHandleEvent(kms->screen.card.fd, &context);
}

static void on_card(void *user, uint32_t events)
{
    struct kms *kms = user;

    if (events & (POLLERR | POLLHUP | POLLNVAL))
        let_go(kms, AR_DISPLAY_GONE);
    else if (events & POLLIN)
        read_events(kms);
}

static int open_screen(struct kms *kms, struct ar_reason *reason)
{
    const struct ar_display_params *params = &kms->base.params;
    const struct ar_kms_wish wish = { .width_px = params->size.width_px,
                                      .height_px = params->size.height_px,
                                      .rate_millihz = params->rate_millihz };
    int ret = ar_kms_screen_open(&kms->screen, kms->connector, &wish, reason);

    if (ret < 0)
        return ret;
    kms->flying = false;
    kms->plugged = false;
    kms->waiting_since_us = 0;
    ret =
        ar_loop_add_fd(kms->base.loop, kms->screen.card.fd, POLLIN, on_card, kms, &kms->events);
    if (ret < 0) {
        ar_kms_screen_explain(&kms->screen, ret, "cannot wait for its events", reason);
        ar_kms_screen_close(&kms->screen);
    }
    return ret;
}

/* The screen is not to be had; whatever else goes wrong will not get right by itself. */
static bool is_patient(int ret)
{
    return ret == -EBUSY || ret == -ENOTCONN || ret == -ENODEV || ret == -EACCES ||
           ret == -EPERM;
}

/* What a failed try says of the screen. While its device node is being made we may not open it: nothing new. */
static enum ar_display_state state_after(enum ar_display_state state, int ret)
{
    if (ret == -EBUSY)
        return AR_DISPLAY_TAKEN;
    if (ret == -ENOTCONN || (ret == -ENODEV && state != AR_DISPLAY_GONE))
        return AR_DISPLAY_UNPLUGGED;
    return state;
}

/* A reason is told once, not at each try. */
static void try_again(struct kms *kms)
{
    const enum ar_display_state state = kms->base.condition.state;
    struct ar_reason reason = { .text = "" };
    int ret;

    ret = open_screen(kms, &reason);
    if (is_patient(ret) && ret != kms->trouble)
        ar_log(AR_LOG_WARN, TAG, "%s; trying again until it is back", reason.text);
    kms->trouble = ret;
    if (ret == 0)
        set_state(kms, AR_DISPLAY_UP);
    else if (!is_patient(ret))
        fail(kms, &reason);
    else if (state_after(state, ret) != state)
        set_state(kms, state_after(state, ret));
}

/* The console that was in front at the start is where the pictures belong. */
static void look_at_console(struct kms *kms)
{
    const bool is_home = ar_kms_console_is_home(&kms->console);

    if (!is_home && kms->base.condition.state != AR_DISPLAY_BEHIND)
        let_go(kms, AR_DISPLAY_BEHIND);
    else if (is_home && kms->screen.card.fd < 0)
        try_again(kms);
}

static void on_switch(void *user, uint32_t events)
{
    look_at_console(user);
}

static void set_mode(struct kms *kms, const drmModeModeInfo *mode)
{
    struct ar_reason reason;
    int ret = ar_kms_screen_set_mode(&kms->screen, mode, &reason);

    if (ret == -EBUSY)
        let_go(kms, AR_DISPLAY_TAKEN);
    else if (ret == -ENODEV)
        let_go(kms, AR_DISPLAY_GONE);
    else if (ret < 0)
        fail(kms, &reason);
    else
        set_state(kms, AR_DISPLAY_UP);
}

/* The flip will not come any more. Its buffers go with it. */
static void start_anew(struct kms *kms)
{
    const drmModeModeInfo mode = kms->screen.card.mode;

    ar_log(AR_LOG_WARN, TAG, "%s (%s): no refresh for %.1f s; setting the mode again",
           kms->screen.card.path, kms->screen.card.connector_name,
           (double)(ar_clock_now_us() - kms->waiting_since_us) / 1e6);
    kms->base.condition.n_stalled++;
    kms->flying = false;
    kms->waiting_since_us = 0;
    set_mode(kms, &mode);
}

static void on_watch(void *user, uint64_t n_expired)
{
    struct kms *kms = user;

    if (kms->failed)
        return;
    look_at_console(kms);
    if (kms->waiting_since_us > 0 &&
        ar_clock_now_us() > kms->waiting_since_us + FLIP_TIMEOUT_US)
        start_anew(kms);
}

/* Someone has plugged or unplugged a screen: ours? Where no connector was asked for, another will do. Not while a flip needs what there is. */
static void look_at_screen(struct kms *kms)
{
    drmModeModeInfo mode;
    int ret;

    if (!kms->plugged || kms->flying || kms->failed || kms->screen.card.fd < 0)
        return;
    kms->plugged = false;
    ret = ar_kms_card_probe(&kms->screen.card, &mode);
    if (ret == -ENODEV && !kms->connector && ar_kms_card_has_another(&kms->screen.card)) {
        let_go(kms, AR_DISPLAY_UNPLUGGED);
        try_again(kms);
        return;
    }
    if (ret < 0 && is_up(kms))
        lose(kms, AR_DISPLAY_UNPLUGGED);
    if (ret == 0 && (!is_up(kms) || memcmp(&mode, &kms->screen.card.mode, sizeof(mode)) != 0))
        set_mode(kms, &mode);
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
    int ret = ar_loop_add_timer(loop, on_watch, kms, &kms->watch);

    ar_kms_hotplug_open(&kms->hotplug);
    if (ret == 0 && kms->hotplug.fd >= 0)
        ret = ar_loop_add_fd(loop, kms->hotplug.fd, POLLIN, on_plug, kms, &kms->plugs);
    if (ret == 0 && kms->console.fd >= 0)
        ret = ar_loop_add_fd(loop, kms->console.fd, POLLPRI, on_switch, kms, &kms->switches);
    if (ret == 0)
        ret =
            ar_loop_set_timer(kms->watch, ar_clock_now_us() + WATCH_PERIOD_US, WATCH_PERIOD_US);
    return ret < 0 ? ar_reason_set_err(reason, ret, "%s: cannot wait for the screen's events",
                                       kms->base.params.output)
                   : 0;
}

static void close_all(struct kms *kms)
{
    ar_loop_remove(&kms->plugs);
    ar_loop_remove(&kms->switches);
    ar_loop_remove(&kms->events);
    ar_loop_remove(&kms->watch);
    ar_kms_hotplug_close(&kms->hotplug);
    ar_kms_console_close(&kms->console);
    ar_kms_screen_close(&kms->screen);
}

/* Whoever asks for a screen gets it when it is there and free; an impatient `auto` looks for another. */
static int open_or_wait(struct kms *kms, struct ar_reason *reason)
{
    const struct ar_display_params *params = &kms->base.params;
    const bool waits = params->patient || strcmp(params->output, "auto") != 0;
    struct ar_reason why = { .text = "" };
    int ret = open_screen(kms, &why);

    if (waits && (ret == -EBUSY || ret == -ENOTCONN)) {
        ar_log(AR_LOG_WARN, TAG, "%s; waiting for the screen", why.text);
        kms->trouble = ret;
        kms->base.condition.state = state_after(AR_DISPLAY_UP, ret);
        ret = 0;
    }
    if (ret < 0)
        return ar_reason_set(reason, ret, "%s", why.text);
    describe(kms);
    return 0;
}

static int start(struct ar_display *base, struct ar_reason *reason)
{
    struct kms *kms = from_base(base);
    enum ar_frame_format format;
    int ret;

    kms->n_refused = 0;
    kms->failed = false;
    kms->trouble = 0;
    ar_kms_screen_init(&kms->screen, base->source.width_px, base->source.height_px);
    ar_kms_console_open(&kms->console);
    ret = open_or_wait(kms, reason);
    if (ret == 0)
        ret = add_to_loop(kms, reason);
    if (ret < 0) {
        close_all(kms);
        return ret;
    }
    format = ar_kms_screen_give_format(&kms->screen);
    base->shape = (struct ar_frame_shape){
        .width_px = base->source.width_px,
        .height_px = base->source.height_px,
        .format = format,
        .range = format == AR_FRAME_XRGB ? AR_FRAME_FULL : AR_FRAME_LIMITED,
    };
    return 0;
}

static int resize(struct ar_display *base, struct ar_reason *reason)
{
    struct kms *kms = from_base(base);
    const int ret =
        ar_kms_screen_resize(&kms->screen, base->source.width_px, base->source.height_px);

    if (ret < 0)
        return ar_kms_screen_explain(&kms->screen, ret, "cannot show pictures of this size",
                                     reason);
    describe(kms);
    return 0;
}

static int stop(struct ar_display *base, struct ar_reason *reason)
{
    struct kms *kms = from_base(base);
    const struct ar_kms_card *card = &kms->screen.card;
    struct pollfd events = { .fd = card->fd, .events = POLLIN };

    if (kms->flying && poll(&events, 1, STOP_WAIT_MS) > 0 && events.revents & POLLIN)
        read_events(kms);
    if (kms->n_refused > 0)
        ar_log(AR_LOG_DEBUG, TAG, "%s (%s): refused %" PRIu64 " pictures as too early",
               card->path, card->connector_name, kms->n_refused);
    close_all(kms);
    return 0;
}

static bool ready(const struct ar_display *base)
{
    return !((const struct kms *)base)->flying;
}

static void show_picture(struct kms *kms, const struct ar_frame *frame)
{
    struct ar_reason reason;
    int ret;

    if (kms->waiting_since_us == 0)
        kms->waiting_since_us = ar_clock_now_us();
    ret = ar_kms_screen_show(&kms->screen, frame, kms);
    kms->flying = ret == 0;
    kms->shown = (struct ar_display_shown){ .sequence = frame->sequence,
                                            .capture_us = frame->capture_us,
                                            .painted_us = frame->painted_us };
    /* Some drivers send the event a moment before they are free: the next picture will do. */
    if (ret == -EBUSY)
        kms->n_refused++;
    else if (ret == -EACCES || ret == -EPERM)
        let_go(kms, AR_DISPLAY_TAKEN);
    else if (ret == -ENODEV)
        let_go(kms, AR_DISPLAY_GONE);
    else if (ret < 0) {
        ar_kms_screen_explain(&kms->screen, ret, "cannot show a picture", &reason);
        fail(kms, &reason);
    }
}

static void show(struct ar_display *base, struct ar_frame **frame)
{
    struct kms *kms = from_base(base);

    if (!is_up(kms))
        ar_display_emit(base, AR_DISPLAY_UNSEEN);
    else if (!kms->failed)
        show_picture(kms, *frame);
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
    .resize = resize,
    .ready = ready,
    .show = show,
};
