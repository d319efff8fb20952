/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "capture/backend.h"
#include "capture/scene/scene.h"

/* The built-in scene as a source: paces it, and owns the frames. */

#define DEFAULT_WIDTH_PX     640
#define DEFAULT_HEIGHT_PX    360
#define DEFAULT_RATE_MILLIHZ 30000

struct pattern {
    struct ar_capture base;
    struct ar_scene *scene;
    uint64_t origin_us; /* when picture 0 was due: the first next(); 0 before */
    uint64_t number;    /* of the next picture */
};

static_assert(offsetof(struct pattern, base) == 0, "from_base() casts");

static struct pattern *from_base(struct ar_capture *base)
{
    return (struct pattern *)base;
}

/* Parses "WxH", "WxH@FPS" or "@FPS" into size and rate of params, by the rules of the option table. */
static int parse_argument(struct ar_capture_params *params, const char *argument,
                          struct ar_reason *reason)
{
    const struct ar_option *size = ar_option_find(ar_capture_options, "size");
    const struct ar_option *rate = ar_option_find(ar_capture_options, "rate");
    char text[64];
    char *at;
    int ret;

    if (snprintf(text, sizeof(text), "%s", argument) >= (int)sizeof(text))
        return -EINVAL;
    at = strchr(text, '@');
    if (at) {
        *at = '\0';
        ret = ar_option_parse(rate, params, at + 1, reason);
        if (ret < 0)
            return ret;
    }
    return text[0] == '\0' && at ? 0 : ar_option_parse(size, params, text, reason);
}

static int configure(struct ar_capture *base, const char *argument, struct ar_reason *reason)
{
    struct ar_capture_params params = base->params;

    if (argument) {
        struct ar_reason why;

        if (parse_argument(&params, argument, &why) < 0)
            return ar_reason_set(reason, -EINVAL,
                                 "source \"pattern:%s\": right would be pattern:WxH or "
                                 "pattern:WxH@FPS, such as pattern:640x360@30, from %dx%d to "
                                 "%dx%d",
                                 argument, AR_FRAME_MIN_PX, AR_FRAME_MIN_PX, AR_FRAME_MAX_W_PX,
                                 AR_FRAME_MAX_H_PX);
    }
    if (params.size.width_px == 0)
        params.size = (struct ar_option_size){ DEFAULT_WIDTH_PX, DEFAULT_HEIGHT_PX };
    if (base->pool)
        return 0;
    base->shape = (struct ar_frame_shape){ .width_px = params.size.width_px,
                                           .height_px = params.size.height_px,
                                           .format = AR_FRAME_I420,
                                           .range = AR_FRAME_FULL };
    base->rate_millihz = params.rate_millihz ? params.rate_millihz : DEFAULT_RATE_MILLIHZ;
    return ar_frame_shape_check(&base->shape, "pattern", reason);
}

static void stop(struct ar_capture *base)
{
    struct pattern *pattern = from_base(base);

    ar_scene_destroy(pattern->scene);
    pattern->scene = NULL;
}

static int start(struct ar_capture *base, struct ar_reason *reason)
{
    struct pattern *pattern = from_base(base);
    const int ret = ar_scene_create(&pattern->scene, base->shape.width_px,
                                    base->shape.height_px, base->rate_millihz);

    if (ret < 0)
        return ar_reason_set_err(reason, ret, "pattern");
    pattern->number = 0;
    pattern->origin_us = 0;
    ar_capture_describe_as(base, "pattern");
    return 0;
}

static uint64_t due_us(const struct pattern *pattern)
{
    return pattern->origin_us + pattern->number * 1000000000u / pattern->base.rate_millihz;
}

/* Waits for the next picture's time; when that is over already, the newest one that is due is taken. */
static int wait_for_turn(struct pattern *pattern)
{
    struct ar_capture *base = &pattern->base;
    const uint64_t now_us = ar_clock_now_us();

    if (pattern->origin_us == 0)
        pattern->origin_us = now_us;

    const uint64_t elapsed_us = now_us - pattern->origin_us;
    const uint64_t newest = elapsed_us * base->rate_millihz / 1000000000u;

    if (newest > pattern->number) {
        ar_capture_count(&base->tally.n_dropped, newest - pattern->number);
        pattern->number = newest;
    }
    return ar_capture_wait_until(base, due_us(pattern));
}

static int next(struct ar_capture *base, struct ar_frame **out, struct ar_reason *reason)
{
    struct pattern *pattern = from_base(base);
    struct ar_frame *frame = NULL;
    int ret;

    for (;;) {
        ret = base->lossless ? ar_capture_wait_until(base, 0) : wait_for_turn(pattern);
        if (ret < 0)
            return ret;
        ret = ar_capture_take(base, &frame);
        if (ret == 0)
            break;
        if (ret != -EAGAIN)
            return ret;
        ar_capture_count(&base->tally.n_dropped, 1);
        pattern->number++;
    }
    ar_scene_draw(pattern->scene, pattern->number, frame);
    frame->capture_us = base->lossless ? ar_clock_now_us() : due_us(pattern);
    frame->sequence = pattern->number++;
    *out = frame;
    return 0;
}

/* It goes on where it stood. */
static void resume(struct ar_capture *base, uint64_t away_us)
{
    from_base(base)->origin_us += away_us;
}

const struct ar_capture_backend ar_capture_pattern = {
    .name = "pattern",
    .size_b = sizeof(struct pattern),
    .can_wait = true,
    .configure = configure,
    .start = start,
    .stop = stop,
    .next = next,
    .resume = resume,
};
