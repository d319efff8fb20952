/* SPDX-License-Identifier: MIT */
#include "display/display.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "display/backend.h"

#define TAG "display"

#define OUTPUTS "auto, kms[:CONNECTOR], sdl, v4l2:DEVICE, file:OUT, null"

/* Best first: the order of `auto`. */
static const struct ar_display_backend *const backends[] = {
    &ar_display_kms, &ar_display_sdl, &ar_display_v4l2, &ar_display_file, &ar_display_null,
};

const struct ar_option ar_display_options[] = {
    { .key = "output",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_display_params, output),
      .fallback = "auto",
      .apply = AR_OPTION_STAGE,
      .help =
          "where pictures go: auto, kms[:CONNECTOR], sdl, v4l2:DEVICE, file:OUT (.mp4, .mkv, "
          ".mov, .y4m; - for Y4M on standard output) or null; up to four with commas between" },
    { .key = "fullscreen",
      .type = AR_OPTION_BOOL,
      .offset = offsetof(struct ar_display_params, fullscreen),
      .fallback = "no",
      .apply = AR_OPTION_STAGE,
      .help = "the window fills the screen; the key f switches it" },
    { .key = "size",
      .type = AR_OPTION_SIZE,
      .offset = offsetof(struct ar_display_params, size),
      .fallback = "auto",
      .min = 16,
      .zero_word = "auto",
      .apply = AR_OPTION_STAGE,
      .help = "kms: the mode of the screen; auto is the one that it prefers" },
    { .key = "rate",
      .type = AR_OPTION_RATE,
      .offset = offsetof(struct ar_display_params, rate_millihz),
      .fallback = "auto",
      .min = 1000,
      .zero_word = "auto",
      .apply = AR_OPTION_STAGE,
      .help = "kms: the refreshes of the screen in a second" },
    { .key = "overlay",
      .type = AR_OPTION_BOOL,
      .offset = offsetof(struct ar_display_params, overlay),
      .fallback = "off",
      .apply = AR_OPTION_LIVE,
      .help = "tell frame rate, width and times in a corner of the picture, on all displays" },
    { .key = NULL },
};

static const struct ar_display_backend *find_backend(const char *name, size_t length)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(backends); i++)
        if (strlen(backends[i]->name) == length && memcmp(backends[i]->name, name, length) == 0)
            return backends[i];
    return NULL;
}

static const struct ar_display_backend *backend_of(const char *output)
{
    return find_backend(output, (size_t)(strchrnul(output, ':') - output));
}

/* `auto` becomes whichever backend starts, in place: its memory fits the largest. */
static size_t largest_size_b(void)
{
    size_t size_b = 0;

    for (size_t i = 0; i < AR_ARRAY_LEN(backends); i++)
        if (size_b < backends[i]->size_b)
            size_b = backends[i]->size_b;
    return size_b;
}

/* One more output of the list. */
static int check_next(const struct ar_display_params *list, int n, struct ar_reason *reason)
{
    const char *output = list[n].output;
    const struct ar_display_backend *backend = backend_of(output);

    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].output, output) == 0)
            return ar_reason_set(reason, -EINVAL, "display.output: \"%s\" is there twice",
                                 output);
        if (backend && backend->only_one && backend_of(list[i].output) == backend)
            return ar_reason_set(reason, -EINVAL,
                                 "display.output: \"%s\" beside \"%s\", there can be only "
                                 "one %s",
                                 output, list[i].output, backend->name);
    }
    return 0;
}

/* Without the spaces around it. */
static size_t trim(const char **text, size_t length)
{
    while (length > 0 && isspace((unsigned char)**text)) {
        (*text)++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)(*text)[length - 1]))
        length--;
    return length;
}

int ar_display_split(const struct ar_display_params *params,
                     struct ar_display_params list[AR_DISPLAY_MAX], struct ar_reason *reason)
{
    const char *rest = params->output;
    int n = 0;

    for (; rest; n++) {
        const char *item = rest;
        const char *comma = strchr(rest, ',');
        const size_t length = trim(&item, comma ? (size_t)(comma - rest) : strlen(rest));

        if (n == AR_DISPLAY_MAX || length == 0)
            return ar_reason_set(reason, -EINVAL,
                                 "display.output \"%s\": must be one to %d outputs with commas "
                                 "between; it takes " OUTPUTS,
                                 params->output, AR_DISPLAY_MAX);
        list[n] = *params;
        memcpy(list[n].output, item, length);
        list[n].output[length] = '\0';
        if (check_next(list, n, reason) < 0)
            return -EINVAL;
        rest = comma ? comma + 1 : NULL;
    }
    return n;
}

/* What somebody may have meant who has left the kind out: a connector is called as HDMI-A-1. */
static int refuse_output(const char *output, struct ar_reason *reason)
{
    const char *dash = strrchr(output, '-');
    const char *kind = NULL;

    if (strncmp(output, "/dev/", strlen("/dev/")) == 0)
        kind = "v4l2";
    else if (!strchr(output, ':') && strchr(output, '.'))
        kind = "file";
    else if (!strchr(output, ':') && dash && isdigit((unsigned char)dash[1]))
        kind = "kms";
    if (kind)
        return ar_reason_set(reason, -EINVAL,
                             "display.output \"%s\": there is no such output, did you mean "
                             "%s:%s?",
                             output, kind, output);
    return ar_reason_set(reason, -EINVAL,
                         "display.output \"%s\": there is no such output; it takes " OUTPUTS,
                         output);
}

int ar_display_create(struct ar_display **out, const struct ar_display_params *params,
                      struct ar_reason *reason)
{
    const char *colon = strchrnul(params->output, ':');
    bool automatic = strcmp(params->output, "auto") == 0;
    const struct ar_display_backend *backend = backend_of(params->output);
    struct ar_display *base;
    int ret = 0;

    *out = NULL;
    if (!backend && !automatic)
        return refuse_output(params->output, reason);
    if (backend && backend->missing)
        return ar_reason_set(
            reason, -ENOTSUP,
            "display.output \"%s\": this build has no %s; there are auto, kms, "
            "v4l2, file and null",
            params->output, backend->missing);
    base = calloc(1, backend ? backend->size_b : largest_size_b());
    if (!base)
        return ar_reason_set_err(reason, -ENOMEM, "display.output \"%s\"", params->output);
    base->backend = backend;
    base->params = *params;
    if (backend)
        ret = backend->configure(base,
                                 *colon ? base->params.output + (colon + 1 - params->output)
                                        : NULL,
                                 reason);
    if (ret < 0) {
        free(base);
        return ret;
    }
    *out = base;
    return 0;
}

void ar_display_destroy(struct ar_display *display)
{
    if (!display)
        return;
    if (display->started)
        ar_display_stop(display, NULL);
    free(display);
}

static bool is_set(const char *variable)
{
    /* Nothing here writes the environment. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *value = getenv(variable);

    return value && value[0] != '\0';
}

static int try_backend(struct ar_display *base, const struct ar_display_backend *backend,
                       struct ar_reason *reason)
{
    int ret;

    if (backend->missing)
        return ar_reason_set(reason, -ENOTSUP, "this build has no %s", backend->missing);
    memset(base + 1, 0, backend->size_b - sizeof(*base));
    base->backend = backend;
    ret = backend->configure(base, NULL, reason);
    if (ret == 0)
        ret = backend->start(base, reason);
    if (ret < 0)
        base->backend = NULL;
    return ret;
}

static int start_automatic(struct ar_display *base, struct ar_reason *reason)
{
    bool desktop = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    enum ar_display_auto when = desktop ? AR_DISPLAY_AUTO_DESKTOP : AR_DISPLAY_AUTO_BARE_TTY;
    struct ar_reason why = { .text = "" };

    for (size_t i = 0; i < AR_ARRAY_LEN(backends); i++)
        if (backends[i]->automatic == when && try_backend(base, backends[i], &why) == 0)
            return 0;
    return ar_reason_set(reason, -ENODEV, "no screen: %s", why.text);
}

int ar_display_start(struct ar_display *display, const struct ar_display_source *source,
                     struct ar_loop *loop, ar_display_event_fn *on_event, void *user,
                     struct ar_reason *reason)
{
    bool automatic = !display->backend;
    int ret;

    assert(!display->started);
    display->condition = (struct ar_display_condition){ .state = AR_DISPLAY_UP };
    display->source = *source;
    display->loop = loop;
    display->on_event = on_event;
    display->user = user;
    ret =
        automatic ? start_automatic(display, reason) : display->backend->start(display, reason);
    display->source.title = NULL;
    if (ret < 0)
        return ret;
    display->started = true;
    ar_log(AR_LOG_INFO, TAG, "%s%s", automatic ? "chosen: " : "", display->describe);
    return 0;
}

static bool is_same_source(const struct ar_display_source *a, const struct ar_display_source *b)
{
    return a->width_px == b->width_px && a->height_px == b->height_px &&
           a->rate_millihz == b->rate_millihz;
}

int ar_display_resize(struct ar_display *display, const struct ar_display_source *source,
                      struct ar_reason *reason)
{
    const struct ar_display_source before = display->source;
    const struct ar_frame_shape shape = display->shape;
    int ret;

    assert(display->started);
    if (!display->backend->resize && is_same_source(&before, source))
        return 0;
    if (!display->backend->resize)
        return ar_reason_set(reason, -ENOTSUP, "%s: takes no pictures of %ux%u at %.5g fps",
                             display->describe, source->width_px, source->height_px,
                             source->rate_millihz / 1000.0);
    display->source = *source;
    display->shape.width_px = source->width_px;
    display->shape.height_px = source->height_px;
    ret = display->backend->resize(display, reason);
    if (ret < 0) {
        display->source = before;
        display->shape = shape;
        return ret;
    }
    display->source.title = NULL;
    return 0;
}

int ar_display_stop(struct ar_display *display, struct ar_reason *reason)
{
    int ret;

    assert(display->started);
    ret = display->backend->stop(display, reason);
    display->started = false;
    if (strcmp(display->params.output, "auto") == 0)
        display->backend = NULL;
    return ret;
}

const struct ar_frame_shape *ar_display_shape(const struct ar_display *display)
{
    return &display->shape;
}

const char *ar_display_describe(const struct ar_display *display)
{
    return display->describe;
}

const struct ar_display_condition *ar_display_condition(const struct ar_display *display)
{
    return &display->condition;
}

static const struct {
    const char *name;
    const char *words;
} states[] = {
    [AR_DISPLAY_UP] = { "up", "" },
    [AR_DISPLAY_UNPLUGGED] = { "unplugged", "no screen is plugged in, or it is off" },
    [AR_DISPLAY_BEHIND] = { "behind", "another console is in front" },
    [AR_DISPLAY_TAKEN] = { "taken", "another program has the screen" },
    [AR_DISPLAY_GONE] = { "gone", "the graphics card is gone" },
    [AR_DISPLAY_HIDDEN] = { "hidden", "the window is minimised" },
    [AR_DISPLAY_UNREAD] = { "unread", "no program reads the virtual camera" },
};
static_assert(AR_ARRAY_LEN(states) == AR_DISPLAY_N_STATES, "words for each state");

const char *ar_display_state_name(enum ar_display_state state)
{
    return states[state].name;
}

const char *ar_display_state_words(enum ar_display_state state)
{
    return states[state].words;
}

uint32_t ar_display_refresh_millihz(const struct ar_display *display)
{
    return display->refresh_millihz;
}

bool ar_display_keeps_all(const struct ar_display *display)
{
    return display->backend && display->backend->keeps_all;
}

bool ar_display_ready(const struct ar_display *display)
{
    return !display->backend->ready || display->backend->ready(display);
}

void ar_display_show(struct ar_display *display, struct ar_frame **frame)
{
    assert(display->started && ar_display_ready(display));
    display->backend->show(display, frame);
    assert(!*frame);
}

void ar_display_emit(struct ar_display *base, enum ar_display_event event)
{
    base->on_event(base->user, event, NULL, NULL);
}

void ar_display_emit_shown(struct ar_display *base, const struct ar_frame *frame,
                           uint64_t shown_us)
{
    struct ar_display_shown shown = { .sequence = frame->sequence,
                                      .capture_us = frame->capture_us,
                                      .painted_us = frame->painted_us,
                                      .shown_us = shown_us };

    base->on_event(base->user, AR_DISPLAY_SHOWN, &shown, NULL);
}

void ar_display_emit_failed(struct ar_display *base, const struct ar_reason *reason)
{
    base->on_event(base->user, AR_DISPLAY_FAILED, NULL, reason->text);
}

int ar_display_configure_plain(struct ar_display *base, const char *argument,
                               struct ar_reason *reason)
{
    if (!argument)
        return 0;
    return ar_reason_set(reason, -EINVAL, "display.output \"%s\": nothing follows %s; write %s",
                         base->params.output, base->backend->name, base->backend->name);
}
