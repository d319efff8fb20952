/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/priv.h"

#define TAG "compute"

/* One with the painter, one in the mailbox, two with a screen that flips between buffers. */
#define N_FRAMES_OUT 4

static void publish_style(struct ar_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->stats_lock);
    snprintf(pipeline->stats.style, sizeof(pipeline->stats.style), "%s",
             pipeline->painter->model->info.style);
    pipeline->stats.precision = ar_painter_precision_name(pipeline->painter);
    pthread_mutex_unlock(&pipeline->stats_lock);
}

static int calibrate(struct ar_pipeline *pipeline, struct ar_frame *out, struct ar_cost *cost)
{
    struct ar_frame_shape shape = out->shape;
    struct ar_pool *pool = NULL;
    struct ar_frame *in;
    int ret;

    shape.format = ar_capture_shape(pipeline->capture)->format;
    ret = ar_pool_create(&pool, &shape, 1);
    if (ret < 0)
        return ret;
    in = ar_pool_take(pool);
    ar_frame_fill(in, (const uint8_t[3]){ 128, 128, 128 });
    ret = ar_painter_calibrate(pipeline->painter, in, out, &pipeline->stopping, cost);
    ar_decoder_temporal_forget(pipeline->temporal);
    ar_frame_unref(&in);
    ar_pool_destroy(pool);
    return ret;
}

static int calibrate_and_log(struct ar_pipeline *pipeline, struct ar_cost *cost)
{
    uint64_t start_us = ar_clock_now_us();
    struct ar_frame *out = ar_pool_take(pipeline->pool_out);
    int ret;

    if (!out)
        return -ENOBUFS;
    ret = calibrate(pipeline, out, cost);
    ar_frame_unref(&out);
    if (ret == 0)
        ar_log(AR_LOG_INFO, TAG,
               "%s: %u widths calibrated in %u ms: %.1f ms at %g, %.1f ms at %g",
               pipeline->painter->model->info.style, cost->n_rungs,
               (unsigned)((ar_clock_now_us() - start_us) / 1000),
               (double)ar_cost_frame_us(cost, 0) / 1e3, cost->widths[0],
               (double)ar_cost_frame_us(cost, cost->n_rungs - 1) / 1e3,
               cost->widths[cost->n_rungs - 1]);
    return ret;
}

/*
 * The style that the control thread has ready, if any. The picture does not wait for a sweep: a network of
 * another shape starts from an estimate by what the one before it took.
 */
static void take_style(struct ar_pipeline *pipeline)
{
    struct ar_painter *old = pipeline->painter;
    struct ar_painter *next = NULL;
    struct ar_cost cost;

    if (!atomic_load(&pipeline->old_painter)) /* the one before has been freed */
        next = atomic_exchange(&pipeline->next_painter, NULL);
    if (!next)
        return;
    pipeline->painter = next;
    ar_decoder_temporal_forget(pipeline->temporal);
    if (!ar_painter_same_cost(old, next)) {
        ar_painter_macs(next, ar_capture_shape(pipeline->capture), &cost);
        ar_cost_estimate(&cost, &pipeline->governor.cost);
        ar_governor_set_cost(&pipeline->governor, &cost);
    }
    publish_style(pipeline);
    atomic_store(&pipeline->old_painter, old);
    ar_loop_wake(pipeline->control_loop);
}

static void take_live_changes(struct ar_pipeline *pipeline)
{
    if (!atomic_load(&pipeline->live_changed) ||
        pthread_mutex_trylock(&pipeline->live_lock) != 0)
        return;
    atomic_store(&pipeline->live_changed, false);
    ar_governor_set_params(&pipeline->governor, &pipeline->live_budget);
    ar_decoder_temporal_set_params(pipeline->temporal, &pipeline->live_decoder);
    pthread_mutex_unlock(&pipeline->live_lock);
}

/* Monotonic times of one frame's way through the painter. */
struct paint_times {
    uint64_t released_us; /* where its budget starts to run */
    uint64_t start_us;
    uint64_t encoded_us;
    uint64_t decoded_us;
    uint64_t end_us;
    uint64_t deadline_us;
};

/* A live frame's budget runs from its arrival; a clip that waits for us has all of it. */
static struct paint_times start_times(const struct ar_pipeline *pipeline,
                                      const struct ar_frame *in)
{
    struct paint_times times = { .start_us = ar_clock_now_us() };

    times.released_us =
        ar_capture_lossless(pipeline->capture) ? times.start_us : in->arrival_us;
    times.deadline_us = times.released_us + pipeline->governor.params.frame_us;
    return times;
}

/* Returns the rung that the frame ended at. */
static uint32_t paint(struct ar_pipeline *pipeline, const struct ar_frame *in,
                      struct ar_frame *out, struct paint_times *times)
{
    struct ar_governor *governor = &pipeline->governor;
    struct ar_decoder *decoder = pipeline->painter->decoder;
    uint32_t n_segments = ar_decoder_n_segments(decoder);
    uint32_t rung = ar_governor_plan(governor, times->start_us, times->deadline_us);
    double width_sum = 0.0;

    if (ar_encoder_run(pipeline->painter->encoder, in, rung))
        ar_decoder_temporal_forget(pipeline->temporal);
    times->encoded_us = ar_clock_now_us();
    times->decoded_us = times->encoded_us;
    for (uint32_t segment = 0; segment < n_segments; segment++) {
        rung = ar_governor_replan(governor, segment + 1, times->decoded_us, times->deadline_us);
        ar_decoder_run(decoder, segment, rung);
        width_sum += governor->cost.widths[rung];
        times->decoded_us = ar_clock_now_us();
    }
    ar_decoder_emit(decoder, in, out);
    times->end_us = ar_clock_now_us();
    ar_governor_finish(governor, times->start_us, times->end_us);
    out->sequence = in->sequence;
    out->capture_us = in->capture_us;
    out->arrival_us = in->arrival_us;
    out->painted_us = times->end_us;
    out->width = (float)(width_sum / n_segments);
    return rung;
}

static void account(struct ar_pipeline *pipeline, const struct paint_times *times,
                    uint32_t rung, double width)
{
    struct ar_pipeline_status *stats = &pipeline->stats;
    struct ar_budget_ledger *ledger = &stats->ledger;

    pthread_mutex_lock(&pipeline->stats_lock);
    ar_budget_ledger_add(ledger, AR_BUDGET_WAIT, times->start_us - times->released_us);
    ar_budget_ledger_add(ledger, AR_BUDGET_ENCODE, times->encoded_us - times->start_us);
    ar_budget_ledger_add(ledger, AR_BUDGET_DECODE, times->decoded_us - times->encoded_us);
    ar_budget_ledger_add(ledger, AR_BUDGET_EMIT, times->end_us - times->decoded_us);
    ar_budget_ledger_add(ledger, AR_BUDGET_PAINT, times->end_us - times->released_us);
    ar_budget_ledger_painted(ledger, times->end_us, times->deadline_us, rung, width);
    stats->width = width;
    stats->slowdown = pipeline->governor.slowdown;
    stats->budget_us = pipeline->governor.params.frame_us;
    stats->pinned_width = pipeline->governor.params.width;
    if (stats->started_us == 0)
        stats->started_us = times->start_us;
    pthread_mutex_unlock(&pipeline->stats_lock);
}

/* A screen shows the newest; a file keeps all. */
static int hand_on(struct ar_pipeline *pipeline, struct ar_frame **out)
{
    if (ar_display_keeps_all(pipeline->display))
        return ar_mailbox_put_wait(pipeline->box_out, out);
    ar_mailbox_put(pipeline->box_out, out);
    return 0;
}

/* Takes `out`. -ECANCELED when the display is gone. */
static int paint_one(struct ar_pipeline *pipeline, const struct ar_frame *in,
                     struct ar_frame *out)
{
    struct paint_times times;
    uint32_t rung;
    int ret;

    times = start_times(pipeline, in);
    rung = paint(pipeline, in, out, &times);
    account(pipeline, &times, rung, (double)out->width);
    if (pipeline->sheet)
        ar_sheet_offer(pipeline->sheet, in, out);
    ret = hand_on(pipeline, &out);
    ar_frame_unref(&out);
    ar_pipeline_wake_display(pipeline);
    return ret;
}

static void run_frames(struct ar_pipeline *pipeline)
{
    uint32_t n_painted = 0;
    int ret = 0;

    while (ret == 0 && (pipeline->n_frames == 0 || n_painted < pipeline->n_frames)) {
        struct ar_frame *in = NULL;
        struct ar_frame *out;

        ret = ar_mailbox_take_wait(pipeline->box_in, AR_LOOP_FOREVER, &in);
        if (ret < 0)
            return;
        take_live_changes(pipeline);
        take_style(pipeline);
        out = ar_pool_take(pipeline->pool_out);
        if (out) {
            ret = paint_one(pipeline, in, out);
            n_painted++;
        } else {
            ar_pipeline_count_dropped(pipeline);
        }
        ar_frame_unref(&in);
    }
}

static int prepare(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    const struct ar_frame_shape *shape = ar_capture_shape(pipeline->capture);
    struct ar_painter_params params = { .model = pipeline->first_model,
                                        .kernels = &pipeline->kernels,
                                        .workers = pipeline->workers,
                                        .width_px = shape->width_px,
                                        .height_px = shape->height_px,
                                        .precision = pipeline->settings.network.precision };
    struct ar_cost cost;
    int ret =
        ar_decoder_temporal_create(&pipeline->temporal, ar_display_shape(pipeline->display),
                                   &pipeline->kernels, pipeline->workers);

    if (ret < 0)
        return ar_reason_set_err(reason, ret, "frames");
    ar_decoder_temporal_set_params(pipeline->temporal, &pipeline->settings.decoder);
    params.temporal = pipeline->temporal;
    pipeline->first_model = NULL;
    ret = ar_painter_create(&pipeline->painter, &params, reason);
    if (ret < 0)
        return ret;
    publish_style(pipeline);
    ret =
        ar_pool_create(&pipeline->pool_out, ar_display_shape(pipeline->display), N_FRAMES_OUT);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "frames");
    ar_pipeline_set_state(pipeline, AR_PIPELINE_CALIBRATING);
    ret = calibrate_and_log(pipeline, &cost);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "calibration");
    ar_governor_init(&pipeline->governor, &pipeline->settings.budget, &cost);
    return 0;
}

static void pin_threads(struct ar_pipeline *pipeline)
{
    struct ar_reason reason;
    const int ret = ar_workers_pin(pipeline->workers);

    if (ret == 0)
        return;
    ar_reason_set_err(&reason, ret, "network.pin");
    ar_pipeline_fail(pipeline, AR_PIPELINE_SYSTEM, ret, &reason);
}

void ar_pipeline_compute_stage(struct ar_pipeline *pipeline)
{
    struct ar_reason reason = { "" };
    int ret;

    if (pipeline->settings.network.pin)
        pin_threads(pipeline);
    if (ar_latch_wait(&pipeline->source_open) == 0 &&
        ar_latch_wait(&pipeline->display_open) == 0) {
        ret = prepare(pipeline, &reason);
        if (ret == 0) {
            ar_pipeline_set_state(pipeline, AR_PIPELINE_RUNNING);
            ar_latch_give(&pipeline->go, 0);
            run_frames(pipeline);
        } else if (ret != -ECANCELED) {
            ar_pipeline_fail(pipeline, AR_PIPELINE_STYLE, ret, &reason);
        }
    }
    ar_pipeline_stop_source(pipeline);
    ar_latch_give(&pipeline->compute_done, 0);
    ar_mailbox_close(pipeline->box_out);
    ar_pipeline_wake_display(pipeline);
}
