/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/priv.h"

#define TAG "display"

static void on_shown(struct ar_pipeline *pipeline, const struct ar_display_shown *shown)
{
    struct ar_pipeline_status *stats = &pipeline->stats;

    pthread_mutex_lock(&pipeline->phase_lock);
    ar_phase_flip(&pipeline->phase, shown->shown_us);
    pthread_mutex_unlock(&pipeline->phase_lock);

    pthread_mutex_lock(&pipeline->stats_lock);
    stats->n_shown++;
    ar_budget_ledger_add(&stats->ledger, AR_BUDGET_PRESENT,
                         shown->shown_us - shown->painted_us);
    ar_budget_ledger_add(&stats->ledger, AR_BUDGET_LATENCY,
                         shown->shown_us - shown->capture_us);
    pthread_mutex_unlock(&pipeline->stats_lock);
    ar_notify_ready(&pipeline->notify, ar_display_describe(pipeline->display));
    ar_notify_alive(&pipeline->notify, ar_clock_now_us());
}

static void publish_display(struct ar_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->stats_lock);
    snprintf(pipeline->stats.display, sizeof(pipeline->stats.display), "%s",
             ar_display_describe(pipeline->display));
    pipeline->stats.frames_wanted = pipeline->n_frames;
    pthread_mutex_unlock(&pipeline->stats_lock);
    pthread_mutex_lock(&pipeline->phase_lock);
    ar_phase_init(&pipeline->phase, ar_display_refresh_millihz(pipeline->display));
    pthread_mutex_unlock(&pipeline->phase_lock);
}

static void on_event(void *user, enum ar_display_event event,
                     const struct ar_display_shown *shown, const char *text)
{
    struct ar_pipeline *pipeline = user;
    struct ar_reason reason = { "" };

    switch (event) {
    case AR_DISPLAY_IDLE: /* the stage's own loop looks at readiness after every event */
        break;
    case AR_DISPLAY_SHOWN:
        on_shown(pipeline, shown);
        break;
    case AR_DISPLAY_UNSEEN: /* no fault of ours, and no end of it by starting anew */
        ar_notify_alive(&pipeline->notify, ar_clock_now_us());
        break;
    case AR_DISPLAY_CHANGED:
        publish_display(pipeline);
        break;
    case AR_DISPLAY_QUIT:
        ar_pipeline_stop(pipeline);
        break;
    case AR_DISPLAY_NEXT_STYLE:
        atomic_fetch_add(&pipeline->style_steps, 1);
        ar_loop_wake(pipeline->control_loop);
        break;
    case AR_DISPLAY_FAILED:
        ar_reason_set(&reason, -EIO, "%s", text);
        ar_pipeline_fail(pipeline, AR_PIPELINE_DISPLAY, -EIO, &reason);
        break;
    }
}

static int start_output(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    const struct ar_frame_shape *shape = ar_capture_shape(pipeline->capture);
    struct ar_display_source source = {
        .width_px = shape->width_px,
        .height_px = shape->height_px,
        .rate_millihz = ar_capture_rate_millihz(pipeline->capture),
        .title = pipeline->settings.network.style,
    };

    return ar_display_start(pipeline->display, &source, pipeline->display_loop, on_event,
                            pipeline, reason);
}

/* No screen: a clip of a few seconds with its contact sheet, or nothing at all for a service. */
static int fall_back(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    const struct ar_frame_shape *shape = ar_capture_shape(pipeline->capture);
    uint64_t rate_millihz = ar_capture_rate_millihz(pipeline->capture);
    struct ar_display_params params = pipeline->settings.display;
    int ret;

    ar_log(AR_LOG_INFO, TAG, "%s; %s", reason->text,
           pipeline->demo ? "painting into " AR_PIPELINE_DEMO_CLIP : "painting for nobody");
    snprintf(params.output, sizeof(params.output), "%s",
             pipeline->demo ? "file:" AR_PIPELINE_DEMO_CLIP : "null");
    ar_display_destroy(pipeline->display);
    pipeline->display = NULL;
    ret = ar_display_create(&pipeline->display, &params, reason);
    if (ret < 0 || !pipeline->demo)
        return ret;
    if (pipeline->n_frames == 0)
        pipeline->n_frames = (uint32_t)(AR_PIPELINE_DEMO_SECONDS * rate_millihz / 1000);
    ret = ar_sheet_create(&pipeline->sheet, shape->width_px, shape->height_px,
                          pipeline->n_frames);
    return ret < 0 ? ar_reason_set_err(reason, ret, "contact sheet") : 0;
}

static int open_display(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    int ret = start_output(pipeline, reason);

    if (ret == -ENODEV && strcmp(pipeline->settings.display.output, "auto") == 0) {
        ret = fall_back(pipeline, reason);
        if (ret == 0)
            ret = start_output(pipeline, reason);
    }
    if (ret < 0)
        return ret;
    publish_display(pipeline);
    return 0;
}

/* Shows what comes until the painter closes its mailbox and the last picture is up. */
static void show_frames(struct ar_pipeline *pipeline)
{
    int ret = 0;

    while (ret != -ECANCELED) {
        struct ar_frame *frame = NULL;

        ret = -EAGAIN;
        if (ar_display_ready(pipeline->display))
            ret = ar_mailbox_take(pipeline->box_out, &frame);
        if (ret == 0)
            ar_display_show(pipeline->display, &frame);
        else if (ret == -EAGAIN)
            ret = ar_loop_run_once(pipeline->display_loop, AR_LOOP_FOREVER);
    }
}

static void close_display(struct ar_pipeline *pipeline)
{
    struct ar_reason reason = { "" };
    int ret = ar_display_stop(pipeline->display, &reason);

    if (ret == 0 && pipeline->sheet) {
        ret = ar_sheet_write(pipeline->sheet, AR_PIPELINE_DEMO_SHEET, &reason);
        if (ret == 0)
            ar_log(AR_LOG_INFO, TAG, "before and after side by side: " AR_PIPELINE_DEMO_SHEET);
        ret = ret == -ENODATA ? 0 : ret;
    }
    if (ret < 0)
        ar_pipeline_fail(pipeline, AR_PIPELINE_DISPLAY, ret, &reason);
}

void ar_pipeline_display_stage(struct ar_pipeline *pipeline)
{
    struct ar_reason reason = { "" };
    int ret = ar_pipeline_publish_loop(pipeline, &pipeline->display_loop);

    if (ret < 0) {
        ar_reason_set_err(&reason, ret, "event loop");
        ar_pipeline_fail(pipeline, AR_PIPELINE_SYSTEM, ret, &reason);
        return;
    }
    if (ar_latch_wait(&pipeline->source_open) == 0) {
        ret = open_display(pipeline, &reason);
        if (ret == 0) {
            ar_latch_give(&pipeline->display_open, 0);
            show_frames(pipeline);
            close_display(pipeline);
        } else {
            ar_pipeline_fail(pipeline, AR_PIPELINE_DISPLAY, ret, &reason);
        }
    }
    ar_mailbox_close(pipeline->box_out);
    ar_pipeline_withdraw_loop(pipeline, &pipeline->display_loop);
}
