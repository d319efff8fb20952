/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/priv.h"

#define TAG "capture"

/* One being turned, one in the mailbox, one with the painter, who gives it back before he takes the next. */
#define N_FRAMES_TURNED 3

/* Between two signs of life of a daemon that rests: some of them in any watchdog's period. */
#define REST_US 500000

/* A screen that is changed for another is away for less. */
#define PATIENCE_US 1000000

static void publish_source(struct ar_pipeline *pipeline)
{
    const struct ar_frame_shape *shape = &pipeline->shape_in;
    struct ar_pipeline_status *stats = &pipeline->stats;

    pthread_mutex_lock(&pipeline->stats_lock);
    snprintf(stats->source, sizeof(stats->source), "%s",
             ar_capture_describe(pipeline->capture));
    snprintf(stats->loop, sizeof(stats->loop), "%s", ar_loop_name(pipeline->capture_loop));
    stats->width_px = shape->width_px;
    stats->height_px = shape->height_px;
    stats->rate_millihz = ar_capture_rate_millihz(pipeline->capture);
    pthread_mutex_unlock(&pipeline->stats_lock);
}

/* What the camera gives as it shall be seen. */
static int prepare_turn(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    const struct ar_capture_params *params = &pipeline->settings.capture;
    int ret = 0;

    pipeline->orient = ar_orient_of(params->rotate, params->flip == AR_CAPTURE_FLIP_HORIZONTAL,
                                    params->flip == AR_CAPTURE_FLIP_VERTICAL);
    pipeline->shape_in = ar_orient_shape(pipeline->orient, ar_capture_shape(pipeline->capture));
    if (!ar_orient_is_plain(pipeline->orient))
        ret = ar_pool_create(&pipeline->pool_turned, &pipeline->shape_in, N_FRAMES_TURNED);
    return ret < 0 ? ar_reason_set_err(reason, ret, "frames") : 0;
}

/*
 * Turns a frame into one of ours, in this thread, while the painter paints the one before. -EAGAIN when there is none free,
 * which a source that must lose nothing never meets: see N_FRAMES_TURNED.
 */
static int turn(struct ar_pipeline *pipeline, struct ar_frame **frame)
{
    struct ar_frame *turned = ar_pool_take(pipeline->pool_turned);

    if (!turned)
        return -EAGAIN;
    if ((*frame)->notice[0] == '\0')
        ar_orient_frame(&pipeline->kernels, pipeline->orient, *frame, turned);
    memcpy(turned->notice, (*frame)->notice, sizeof(turned->notice));
    turned->sequence = (*frame)->sequence;
    turned->capture_us = (*frame)->capture_us;
    turned->arrival_us = (*frame)->arrival_us;
    ar_frame_unref(frame);
    *frame = turned;
    return 0;
}

/* Hands one frame on. Where nothing may be lost, the source waits for the painter. */
static int deliver(struct ar_pipeline *pipeline, struct ar_frame **frame)
{
    (*frame)->arrival_us = ar_clock_now_us();
    if (pipeline->pool_turned && turn(pipeline, frame) < 0) {
        ar_pipeline_count_dropped(pipeline);
        return 0;
    }
    if (ar_capture_lossless(pipeline->capture))
        return ar_mailbox_put_wait(pipeline->box_in, frame);
    if (ar_mailbox_put(pipeline->box_in, frame))
        ar_pipeline_count_dropped(pipeline);
    return 0;
}

/* A camera may come in the scene's place, or come back on another node, in another mode. Only this thread writes. */
static void publish_change(struct ar_pipeline *pipeline)
{
    if (strcmp(pipeline->stats.source, ar_capture_describe(pipeline->capture)) != 0)
        publish_source(pipeline);
}

static bool is_wanted(struct ar_pipeline *pipeline, uint64_t patience_us)
{
    const uint64_t unseen_us = atomic_load(&pipeline->unseen_us);

    return !atomic_load(&pipeline->paused) &&
           (unseen_us == 0 || atomic_load(&pipeline->tapped) ||
            ar_clock_now_us() < unseen_us + patience_us);
}

static enum ar_pipeline_state why_not(struct ar_pipeline *pipeline)
{
    return atomic_load(&pipeline->paused) ? AR_PIPELINE_PAUSED : AR_PIPELINE_IDLE;
}

/*
 * Nobody wants pictures: the camera is closed, and this thread sleeps but for signs of life, as nothing is shown that
 * could be one. All else is ready: a screen that was off at the start is no reason to be started anew. -ECANCELED after a stop.
 */
static int rest(struct ar_pipeline *pipeline)
{
    enum ar_pipeline_state state = AR_PIPELINE_RUNNING;
    int ret = 0;

    ar_capture_suspend(pipeline->capture);
    ar_log(AR_LOG_INFO, TAG, "%s, so the source rests",
           why_not(pipeline) == AR_PIPELINE_PAUSED ? "paused" : "nobody sees the pictures");
    ar_notify_ready(pipeline->notify, "nobody sees the pictures");
    while (ret != -ECANCELED && !is_wanted(pipeline, 0)) {
        const enum ar_pipeline_state before = state;

        state = why_not(pipeline);
        if (state != before)
            ar_pipeline_set_state(pipeline, state);
        ar_notify_alive(pipeline->notify, ar_clock_now_us());
        ret = ar_loop_run_once(pipeline->capture_loop, REST_US);
    }
    ar_capture_resume(pipeline->capture);
    ar_pipeline_set_state(pipeline, AR_PIPELINE_RUNNING);
    ar_log(AR_LOG_INFO, TAG, "pictures are wanted again");
    return ret == -ECANCELED ? ret : 0;
}

static void stream(struct ar_pipeline *pipeline)
{
    struct ar_reason reason = { "" };
    struct ar_frame *frame;
    int ret;

    do {
        frame = NULL;
        ret = is_wanted(pipeline, PATIENCE_US) ? 0 : rest(pipeline);
        if (ret == 0)
            ret = ar_capture_next(pipeline->capture, &frame, &reason);
        if (ret == 0) {
            publish_change(pipeline);
            ret = deliver(pipeline, &frame);
        }
        ar_frame_unref(&frame);
    } while (ret == 0);
    if (ret != -ENODATA && ret != -ECANCELED)
        ar_pipeline_fail(pipeline, AR_PIPELINE_SOURCE, ret, &reason);
}

/* The source's frames go with it: none may be left with the painter or on the way. */
static void call_frames_back(struct ar_pipeline *pipeline)
{
    struct ar_frame *frame = NULL;

    ar_mailbox_close(pipeline->box_in);
    ar_latch_wait(&pipeline->compute_done);
    if (ar_mailbox_take(pipeline->box_in, &frame) == 0)
        ar_frame_unref(&frame);
}

/* Those that were open already wait for it. */
static void tell_outputs(struct ar_pipeline *pipeline)
{
    atomic_store(&pipeline->source_is_open, true);
    for (uint32_t i = 0; i < pipeline->n_outputs; i++)
        ar_pipeline_wake_output(&pipeline->outputs[i]);
}

void ar_pipeline_capture_stage(struct ar_pipeline *pipeline, uint32_t index)
{
    struct ar_reason reason = { "" };
    int ret = ar_pipeline_publish_loop(pipeline, &pipeline->capture_loop);

    if (ret < 0) {
        ar_reason_set_err(&reason, ret, "event loop");
        ar_pipeline_fail(pipeline, AR_PIPELINE_SYSTEM, ret, &reason);
        return;
    }
    ret = ar_capture_start(pipeline->capture, pipeline->capture_loop, &reason);
    if (ret == 0)
        ret = prepare_turn(pipeline, &reason);
    if (ret == 0) {
        publish_source(pipeline);
        ar_latch_give(&pipeline->source_open, 0);
        tell_outputs(pipeline);
        if (ar_latch_wait(&pipeline->go) == 0)
            stream(pipeline);
        call_frames_back(pipeline);
    } else if (ret != -ECANCELED) {
        ar_pipeline_fail(pipeline, AR_PIPELINE_SOURCE, ret, &reason);
    }
    ar_capture_stop(pipeline->capture);
    ar_pool_destroy(pipeline->pool_turned);
    pipeline->pool_turned = NULL;
    ar_pipeline_withdraw_loop(pipeline, &pipeline->capture_loop);
}
