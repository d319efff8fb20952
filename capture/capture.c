/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "capture/backend.h"
#include "capture/devices.h"
#include "capture/v4l2_controls.h"

#define TAG "capture"

/* How often a lossless source looks whether a frame came back. */
#define POOL_RETRY_US 1000

#define MEASURE_US 1000000

/*
 * The scene that stands in for a camera. A camera that comes is opened within a second: a node has its permissions some
 * milliseconds after it is there, and the camera behind it may want a moment longer.
 */
#define SEARCH_PERIOD_US 250000
#define SEARCH_TRIES     4

static const char *const pace_names[] = { "real", "fast", NULL };
static const char *const rotations[] = { "0", "90", "180", "270", NULL };
static const char *const flips[] = { "none", "horizontal", "vertical", NULL };

const struct ar_option ar_capture_options[] = {
    { .key = "source",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_capture_params, source),
      .fallback = "auto",
      .apply = AR_OPTION_STAGE,
      .help = "where pictures come from: auto, v4l2[:DEV], file:CLIP, pattern[:WxH[@FPS]]" },
    { .key = "size",
      .type = AR_OPTION_SIZE,
      .offset = offsetof(struct ar_capture_params, size),
      .fallback = "auto",
      .min = AR_FRAME_MIN_PX,
      .max = AR_FRAME_MAX_W_PX,
      .zero_word = "auto",
      .apply = AR_OPTION_STAGE,
      .help = "size asked of a camera or the scene; a clip is scaled to fit inside" },
    { .key = "rate",
      .type = AR_OPTION_RATE,
      .offset = offsetof(struct ar_capture_params, rate_millihz),
      .fallback = "auto",
      .min = 1000,
      .max = 120000,
      .zero_word = "auto",
      .apply = AR_OPTION_STAGE,
      .help = "frames per second asked of a camera or the scene; a clip has its own" },
    { .key = "pace",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_capture_params, pace),
      .fallback = "real",
      .choices = pace_names,
      .apply = AR_OPTION_STAGE,
      .help = "a clip at its own rate, or as fast as it goes with no frame skipped" },
    { .key = "loop",
      .type = AR_OPTION_BOOL,
      .offset = offsetof(struct ar_capture_params, loop),
      .fallback = "no",
      .apply = AR_OPTION_STAGE,
      .help = "start a clip again at its end" },
    { .key = "rotate",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_capture_params, rotate),
      .fallback = "0",
      .choices = rotations,
      .apply = AR_OPTION_STAGE,
      .help = "degrees to turn the picture by, clockwise, where the camera hangs otherwise" },
    { .key = "flip",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_capture_params, flip),
      .fallback = "none",
      .choices = flips,
      .apply = AR_OPTION_STAGE,
      .help = "change left and right, as in a mirror, or top and bottom; after rotate" },
    { .key = NULL },
};

static const struct ar_capture_backend *const backends[] = {
    &ar_capture_v4l2,
    &ar_capture_file,
    &ar_capture_pattern,
};

/* The backend that `source` names, and the text behind its colon (NULL: none). */
static const struct ar_capture_backend *find_backend(const char *source, const char **argument)
{
    const char *colon = strchr(source, ':');
    const size_t name_len = colon ? (size_t)(colon - source) : strlen(source);

    *argument = colon ? colon + 1 : NULL;
    for (size_t i = 0; i < AR_ARRAY_LEN(backends); i++) {
        const char *name = backends[i]->name;

        if (strlen(name) == name_len && memcmp(name, source, name_len) == 0)
            return backends[i];
    }
    return NULL;
}

static size_t largest_backend_b(void)
{
    size_t size_b = sizeof(struct ar_capture);

    for (size_t i = 0; i < AR_ARRAY_LEN(backends); i++)
        size_b = backends[i]->size_b > size_b ? backends[i]->size_b : size_b;
    return size_b;
}

static int check_size(const struct ar_option_size *size, struct ar_reason *reason)
{
    const struct ar_frame_shape shape = { .width_px = size->width_px,
                                          .height_px = size->height_px,
                                          .format = AR_FRAME_I420 };

    if (size->width_px == 0 && size->height_px == 0)
        return 0;
    return ar_frame_shape_check(&shape, "capture.size", reason);
}

/* Gives the memory behind struct ar_capture to another backend. */
static int use_backend(struct ar_capture *capture, const struct ar_capture_backend *backend,
                       const char *argument, struct ar_reason *reason)
{
    memset((char *)capture + sizeof(*capture), 0, backend->size_b - sizeof(*capture));
    capture->backend = backend;
    return backend->configure(capture, argument, reason);
}

/* What somebody may have meant who has left the kind out. */
static int refuse_source(const char *source, struct ar_reason *reason)
{
    const char *kind = NULL;

    if (strncmp(source, "/dev/", strlen("/dev/")) == 0)
        kind = "v4l2";
    else if (strchr(source, '.'))
        kind = "file";
    if (kind)
        return ar_reason_set(reason, -EINVAL, "source \"%s\": unknown, did you mean %s:%s?",
                             source, kind, source);
    return ar_reason_set(reason, -EINVAL,
                         "source \"%s\": unknown; right would be auto, v4l2[:DEV], "
                         "file:CLIP or pattern[:WxH[@FPS]]",
                         source);
}

int ar_capture_create(struct ar_capture **out, const struct ar_capture_params *params,
                      struct ar_reason *reason)
{
    const bool automatic = strcmp(params->source, "auto") == 0;
    const char *argument;
    const struct ar_capture_backend *backend = find_backend(params->source, &argument);
    struct ar_capture *capture;
    int ret;

    *out = NULL;
    if (!automatic && !backend)
        return refuse_source(params->source, reason);
    ret = check_size(&params->size, reason);
    if (ret < 0)
        return ret;
    capture = calloc(1, automatic ? largest_backend_b() : backend->size_b);
    if (!capture)
        return ar_reason_set_err(reason, -ENOMEM, "source \"%s\"", params->source);
    capture->params = *params;
    capture->controls = params->controls;
    pthread_mutex_init(&capture->controls_lock, NULL);
    capture->automatic = automatic;
    if (!automatic) {
        ret = use_backend(capture, backend, argument, reason);
        if (ret < 0) {
            ar_capture_destroy(capture);
            return ret;
        }
    }
    *out = capture;
    return 0;
}

void ar_capture_destroy(struct ar_capture *capture)
{
    if (!capture)
        return;
    ar_capture_stop(capture);
    pthread_mutex_destroy(&capture->controls_lock);
    free(capture);
}

/* The scene, because there was no camera. */
static bool stands_in(const struct ar_capture *capture)
{
    return capture->automatic && capture->backend == &ar_capture_pattern;
}

/* The machine's cameras; some may not be for us to open. */
struct cameras {
    struct ar_device list[AR_DEVICES_MAX];
    uint32_t n;
    bool any_open; /* one at least could be opened */
};

static void find_cameras(struct cameras *cameras)
{
    const int n_devices = ar_devices_list(cameras->list, AR_DEVICES_MAX);

    cameras->n = 0;
    cameras->any_open = false;
    for (int i = 0; i < n_devices; i++)
        if (cameras->list[i].capture && !cameras->list[i].output) {
            cameras->any_open |= cameras->list[i].card[0] != '\0';
            cameras->list[cameras->n++] = cameras->list[i];
        }
}

/* The first one that starts. A camera that refuses is worth a line of its own. -ENODEV: none does. */
static int start_camera(struct ar_capture *capture, const struct cameras *cameras)
{
    for (uint32_t i = 0; i < cameras->n; i++) {
        struct ar_reason why = { .text = "" };
        int ret = use_backend(capture, &ar_capture_v4l2, cameras->list[i].path, &why);

        if (ret == 0)
            ret = capture->backend->start(capture, &why);
        if (ret == 0)
            return 0;
        ar_log(AR_LOG_WARN, TAG, "auto: %s", why.text);
    }
    return -ENODEV;
}

static int start_scene(struct ar_capture *capture, struct ar_reason *reason)
{
    const int ret = use_backend(capture, &ar_capture_pattern, NULL, reason);

    return ret < 0 ? ret : capture->backend->start(capture, reason);
}

static int start_automatic(struct ar_capture *capture, struct ar_reason *reason)
{
    struct cameras cameras;

    capture->search = (struct ar_capture_search){ .fingerprint = ar_devices_fingerprint() };
    find_cameras(&cameras);
    return start_camera(capture, &cameras) == 0 ? 0 : start_scene(capture, reason);
}

/* Whether nodes changed lately, and it is time to look at them. */
static bool is_search_due(struct ar_capture_search *search)
{
    const uint64_t now_us = ar_clock_now_us();
    uint64_t fingerprint;

    if (now_us < search->due_us)
        return false;
    search->due_us = now_us + SEARCH_PERIOD_US;
    fingerprint = ar_devices_fingerprint();
    if (fingerprint != search->fingerprint)
        search->n_tries = SEARCH_TRIES;
    search->fingerprint = fingerprint;
    if (search->n_tries == 0)
        return false;
    search->n_tries--;
    return true;
}

/* A camera takes the scene's place, with the scene's frames, whose shape the whole pipeline knows. */
static int search_camera(struct ar_capture *capture, struct ar_reason *reason)
{
    struct cameras cameras;

    if (!is_search_due(&capture->search))
        return 0;
    find_cameras(&cameras);
    if (!cameras.any_open)
        return 0;
    capture->backend->stop(capture);
    if (start_camera(capture, &cameras) < 0)
        return start_scene(capture, reason);
    ar_log(AR_LOG_INFO, TAG, "%s, in place of the scene", capture->describe);
    return 0;
}

static int make_pool(struct ar_capture *capture, struct ar_reason *reason)
{
    const int ret = ar_pool_create(&capture->pool, &capture->shape, AR_CAPTURE_POOL_FRAMES);

    if (ret == 0)
        return 0;
    capture->backend->stop(capture);
    return ar_reason_set_err(reason, ret, "%s: no memory for frames", capture->describe);
}

int ar_capture_start(struct ar_capture *capture, struct ar_loop *loop, struct ar_reason *reason)
{
    int ret;

    assert(!capture->started);
    capture->loop = loop;
    if (capture->automatic)
        ret = start_automatic(capture, reason);
    else
        ret = capture->backend->start(capture, reason);
    if (ret == 0)
        ret = make_pool(capture, reason);
    if (ret < 0) {
        capture->loop = NULL;
        return ret;
    }
    capture->lossless = capture->backend->can_wait && capture->params.pace == AR_CAPTURE_FAST;
    capture->started = true;
    ar_log(AR_LOG_INFO, TAG, "%s%s", stands_in(capture) ? "no camera, so " : "",
           capture->describe);
    return 0;
}

void ar_capture_stop(struct ar_capture *capture)
{
    if (!capture->started)
        return;
    capture->backend->stop(capture);
    ar_pool_destroy(capture->pool);
    capture->pool = NULL;
    capture->started = false;
    capture->loop = NULL;
}

const struct ar_frame_shape *ar_capture_shape(const struct ar_capture *capture)
{
    return &capture->shape;
}

uint32_t ar_capture_rate_millihz(const struct ar_capture *capture)
{
    return capture->rate_millihz;
}

const char *ar_capture_describe(const struct ar_capture *capture)
{
    return capture->describe;
}

bool ar_capture_lossless(const struct ar_capture *capture)
{
    return capture->lossless;
}

static uint64_t load(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* What we dropped or could not read came as well. */
static void measure_rate(struct ar_capture *capture)
{
    const struct ar_capture_tally *tally = &capture->tally;
    const uint64_t n =
        load(&tally->n_frames) + load(&tally->n_dropped) + load(&tally->n_corrupt);
    const uint64_t now_us = ar_clock_now_us();
    struct ar_capture_window *window = &capture->window;
    const uint64_t elapsed_us = now_us - window->start_us;

    if (window->start_us > 0 && elapsed_us < MEASURE_US)
        return;
    if (window->start_us > 0)
        atomic_store_explicit(&capture->measured_millihz,
                              (uint32_t)((n - window->n_before) * 1000000000u / elapsed_us),
                              memory_order_relaxed);
    *window = (struct ar_capture_window){ .start_us = now_us, .n_before = n };
}

uint32_t ar_capture_measured_millihz(const struct ar_capture *capture)
{
    return (uint32_t)atomic_load_explicit(&capture->measured_millihz, memory_order_relaxed);
}

int ar_capture_next(struct ar_capture *capture, struct ar_frame **out, struct ar_reason *reason)
{
    int ret = 0;

    assert(capture->started);
    *out = NULL;
    if (stands_in(capture) && !capture->lossless)
        ret = search_camera(capture, reason);
    if (ret == 0)
        ret = capture->backend->next(capture, out, reason);
    if (ret == 0 && (*out)->notice[0] == '\0')
        ar_capture_count(&capture->tally.n_frames, 1);
    measure_rate(capture);
    return ret;
}

void ar_capture_suspend(struct ar_capture *capture)
{
    assert(capture->started);
    if (capture->backend->suspend)
        capture->backend->suspend(capture);
    capture->suspended_us = ar_clock_now_us();
    ar_capture_set_state(capture, AR_CAPTURE_SUSPENDED);
}

void ar_capture_resume(struct ar_capture *capture)
{
    ar_capture_set_state(capture, AR_CAPTURE_FLOWING);
    capture->window = (struct ar_capture_window){ .start_us = 0 };
    capture->backend->resume(capture, ar_clock_now_us() - capture->suspended_us);
}

int ar_capture_set_control(struct ar_capture *capture, const char *name, const char *text,
                           struct ar_reason *reason)
{
    char path[AR_OPTION_TEXT_MAX];
    struct ar_reason why;
    struct ar_v4l2_io io;
    int ret;

    pthread_mutex_lock(&capture->controls_lock);
    memcpy(path, capture->control_path, sizeof(path));
    pthread_mutex_unlock(&capture->controls_lock);
    if (path[0] == '\0')
        return ar_reason_set(reason, -ENOTSUP, "capture.controls.%.48s: no camera is open",
                             name);
    ret = ar_v4l2_io_open(&io, path);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "capture.controls.%.48s: %s", name, path);
    ret = ar_v4l2_controls_set(&io, name, text, &why);
    ar_v4l2_io_close(&io);
    if (ret < 0)
        return ar_reason_set(reason, ret, "capture.controls.%s", why.text);
    pthread_mutex_lock(&capture->controls_lock);
    ret = ar_entries_set(&capture->controls, name, text, reason);
    pthread_mutex_unlock(&capture->controls_lock);
    return ret;
}

void ar_capture_counters(const struct ar_capture *capture, struct ar_capture_counters *out)
{
    const struct ar_capture_tally *tally = &capture->tally;

    *out = (struct ar_capture_counters){
        .n_frames = load(&tally->n_frames),
        .n_dropped = load(&tally->n_dropped),
        .n_lost = load(&tally->n_lost),
        .n_corrupt = load(&tally->n_corrupt),
        .n_resumed = load(&tally->n_resumed),
        .n_guessed = load(&tally->n_guessed),
    };
}

static const struct {
    const char *name;
    const char *words;
} states[] = {
    [AR_CAPTURE_FLOWING] = { "flowing", "" },
    [AR_CAPTURE_LOST] = { "lost", "camera unplugged" },
    [AR_CAPTURE_SILENT] = { "silent", "no picture from the camera" },
    [AR_CAPTURE_DAMAGED] = { "damaged", "only damaged pictures" },
    [AR_CAPTURE_FAILING] = { "failing", "the camera fails" },
    [AR_CAPTURE_BUSY] = { "busy", "another program has the camera" },
    [AR_CAPTURE_DENIED] = { "denied", "no permission for the camera" },
    [AR_CAPTURE_CHANGING] = { "changing", "the input changes" },
    [AR_CAPTURE_SUSPENDED] = { "suspended", "" },
};

enum ar_capture_state ar_capture_state_of(const struct ar_capture *capture)
{
    return (enum ar_capture_state)atomic_load_explicit(&capture->state, memory_order_relaxed);
}

void ar_capture_set_state(struct ar_capture *base, enum ar_capture_state state)
{
    atomic_store_explicit(&base->state, state, memory_order_relaxed);
}

const char *ar_capture_state_name(enum ar_capture_state state)
{
    return states[state].name;
}

const char *ar_capture_state_words(enum ar_capture_state state)
{
    return states[state].words;
}

void ar_capture_describe_as(struct ar_capture *base, const char *format, ...)
{
    char words[sizeof(base->describe) - 40];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    snprintf(base->describe, sizeof(base->describe), "%s %ux%u at %.5g fps", words,
             base->shape.width_px, base->shape.height_px, base->rate_millihz / 1000.0);
}

int ar_capture_wait_until(struct ar_capture *base, uint64_t due_us)
{
    uint64_t now_us = ar_clock_now_us();

    do {
        const uint64_t timeout_us = due_us > now_us ? due_us - now_us : 0;
        const int ret = ar_loop_run_once(base->loop, timeout_us);

        if (ret < 0 && ret != -ETIMEDOUT)
            return ret;
        now_us = ar_clock_now_us();
    } while (now_us < due_us);
    return 0;
}

int ar_capture_take(struct ar_capture *base, struct ar_frame **out)
{
    *out = ar_pool_take(base->pool);
    while (!*out && base->lossless) {
        const int ret = ar_capture_wait_until(base, ar_clock_now_us() + POOL_RETRY_US);

        if (ret < 0)
            return ret;
        *out = ar_pool_take(base->pool);
    }
    return *out ? 0 : -EAGAIN;
}
