/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/priv.h"

static void publish_source(struct ar_pipeline *pipeline)
{
    const struct ar_frame_shape *shape = ar_capture_shape(pipeline->capture);
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

/* Hands one frame on. Where nothing may be lost, the source waits for the painter. */
static int deliver(struct ar_pipeline *pipeline, struct ar_frame **frame)
{
    (*frame)->arrival_us = ar_clock_now_us();
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

static void stream(struct ar_pipeline *pipeline)
{
    struct ar_reason reason = { "" };
    struct ar_frame *frame;
    int ret;

    do {
        frame = NULL;
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
    if (ret < 0) {
        if (ret != -ECANCELED)
            ar_pipeline_fail(pipeline, AR_PIPELINE_SOURCE, ret, &reason);
    } else {
        publish_source(pipeline);
        ar_latch_give(&pipeline->source_open, 0);
        if (ar_latch_wait(&pipeline->go) == 0)
            stream(pipeline);
        call_frames_back(pipeline);
        ar_capture_stop(pipeline->capture);
    }
    ar_pipeline_withdraw_loop(pipeline, &pipeline->capture_loop);
}
