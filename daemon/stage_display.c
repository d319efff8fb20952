/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/recode.h"
#include "daemon/priv.h"

#define TAG "display"

static bool leads(const struct ar_output *output)
{
    return atomic_load(&output->pipeline->leader) == output->index;
}

static struct ar_pipeline_output *stats_of(const struct ar_output *output)
{
    return &output->pipeline->stats.outputs[output->index];
}

/* A screen to follow the refreshes of. */
static void follow(struct ar_pipeline *pipeline, uint32_t refresh_millihz)
{
    pthread_mutex_lock(&pipeline->phase_lock);
    ar_phase_init(&pipeline->phase, refresh_millihz);
    pthread_mutex_unlock(&pipeline->phase_lock);
}

static void lead(struct ar_output *output, const struct ar_display_shown *shown)
{
    struct ar_pipeline *pipeline = output->pipeline;
    struct ar_budget_ledger *ledger = &pipeline->stats.ledger;
    double period_us;

    pthread_mutex_lock(&pipeline->phase_lock);
    ar_phase_flip(&pipeline->phase, shown->shown_us);
    period_us = ar_phase_is_locked(&pipeline->phase) ? pipeline->phase.period_us : 0.0;
    pthread_mutex_unlock(&pipeline->phase_lock);
    ar_trace_shown(pipeline->trace, shown->capture_us, shown->shown_us);

    pthread_mutex_lock(&pipeline->stats_lock);
    ar_budget_ledger_add(ledger, AR_BUDGET_PRESENT, shown->shown_us - shown->painted_us);
    ar_budget_ledger_add(ledger, AR_BUDGET_LATENCY, shown->shown_us - shown->capture_us);
    pipeline->stats.refresh_millihz = period_us > 0.0 ? (uint32_t)(1e9 / period_us + 0.5) : 0;
    pthread_mutex_unlock(&pipeline->stats_lock);
    ar_notify_ready(pipeline->notify, ar_display_describe(output->display));
    ar_notify_alive(pipeline->notify, ar_clock_now_us());
}

static void on_shown(struct ar_output *output, const struct ar_display_shown *shown)
{
    struct ar_pipeline *pipeline = output->pipeline;

    pthread_mutex_lock(&pipeline->stats_lock);
    stats_of(output)->n_shown++;
    ar_histogram_add(&stats_of(output)->latency, shown->shown_us - shown->capture_us);
    pthread_mutex_unlock(&pipeline->stats_lock);
    if (leads(output))
        lead(output, shown);
}

/* Whether an output that works has somebody in front of it. Under stats_lock. */
static bool is_seen(const struct ar_pipeline_status *stats)
{
    for (uint32_t i = 0; i < stats->n_outputs; i++)
        if (stats->outputs[i].state != AR_PIPELINE_OUTPUT_FAILED &&
            stats->outputs[i].screen.state == AR_DISPLAY_UP)
            return true;
    return false;
}

static void publish_display(const struct ar_output *output)
{
    struct ar_pipeline *pipeline = output->pipeline;
    struct ar_pipeline_output *stats = stats_of(output);
    bool seen;

    pthread_mutex_lock(&pipeline->stats_lock);
    stats->state = AR_PIPELINE_OUTPUT_OPEN;
    snprintf(stats->describe, sizeof(stats->describe), "%s",
             ar_display_describe(output->display));
    stats->refresh_millihz = ar_display_refresh_millihz(output->display);
    stats->screen = *ar_display_condition(output->display);
    stats->screen_state = ar_display_state_name(stats->screen.state);
    stats->screen_words = ar_display_state_words(stats->screen.state);
    pipeline->stats.frames_wanted = pipeline->n_frames;
    seen = is_seen(&pipeline->stats);
    pthread_mutex_unlock(&pipeline->stats_lock);
    ar_pipeline_set_seen(pipeline, seen);
    if (leads(output))
        follow(pipeline, ar_display_refresh_millihz(output->display));
}

/* The first output that has not failed; n_outputs: all have. Under stats_lock. */
static uint32_t find_leader(const struct ar_pipeline_status *stats)
{
    uint32_t i = 0;

    while (i < stats->n_outputs && stats->outputs[i].state == AR_PIPELINE_OUTPUT_FAILED)
        i++;
    return i;
}

/* Leaves the others alone; when none is left everything ends. */
static void fail(struct ar_output *output, int ret, const struct ar_reason *reason)
{
    struct ar_pipeline *pipeline = output->pipeline;
    uint32_t refresh_millihz = 0;
    uint32_t leader;
    bool seen;

    output->failed = true;
    pthread_mutex_lock(&pipeline->stats_lock);
    stats_of(output)->state = AR_PIPELINE_OUTPUT_FAILED;
    snprintf(stats_of(output)->why, sizeof(stats_of(output)->why), "%.191s", reason->text);
    leader = find_leader(&pipeline->stats);
    if (leader < pipeline->n_outputs)
        refresh_millihz = pipeline->stats.outputs[leader].refresh_millihz;
    seen = is_seen(&pipeline->stats);
    pthread_mutex_unlock(&pipeline->stats_lock);
    ar_pipeline_set_seen(pipeline, seen);

    ar_mailbox_close(output->box);
    ar_loop_stop(output->loop);
    if (leader == pipeline->n_outputs) {
        ar_pipeline_fail(pipeline, AR_PIPELINE_DISPLAY, ret, reason);
        return;
    }
    ar_pipeline_note(pipeline, AR_PIPELINE_DISPLAY, ret, reason);
    ar_log(AR_LOG_WARN, TAG, "%s; the other displays go on", reason->text);
    if (atomic_exchange(&pipeline->leader, leader) != leader)
        follow(pipeline, refresh_millihz);
}

static void on_event(void *user, enum ar_display_event event,
                     const struct ar_display_shown *shown, const char *text)
{
    struct ar_output *output = user;
    struct ar_pipeline *pipeline = output->pipeline;
    struct ar_reason reason = { "" };

    switch (event) {
    case AR_DISPLAY_IDLE: /* the stage's own loop looks at readiness after every event */
        break;
    case AR_DISPLAY_SHOWN:
        on_shown(output, shown);
        break;
    case AR_DISPLAY_UNSEEN: /* no fault of ours, and no end of it by starting anew */
        if (leads(output))
            ar_notify_alive(pipeline->notify, ar_clock_now_us());
        break;
    case AR_DISPLAY_CHANGED:
        publish_display(output);
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
        fail(output, -EIO, &reason);
        break;
    }
}

static struct ar_display_source describe_source(const struct ar_pipeline *pipeline)
{
    const struct ar_frame_shape *shape = &pipeline->shape_in;

    return (struct ar_display_source){
        .width_px = shape->width_px,
        .height_px = shape->height_px,
        .rate_millihz = ar_capture_rate_millihz(pipeline->capture),
        .title = pipeline->settings.network.style,
    };
}

static int start_output(struct ar_output *output, struct ar_reason *reason)
{
    const struct ar_display_source source = describe_source(output->pipeline);

    return ar_display_start(output->display, &source, output->loop, on_event, output, reason);
}

/* No screen, and none to come: a clip of a few seconds with its contact sheet, or nothing at all for a service or beside other displays. */
static int fall_back(struct ar_output *output, struct ar_reason *reason)
{
    struct ar_pipeline *pipeline = output->pipeline;
    const struct ar_frame_shape *shape = &pipeline->shape_in;
    const uint64_t rate_millihz = ar_capture_rate_millihz(pipeline->capture);
    const bool demo = pipeline->demo && pipeline->n_outputs == 1;
    int ret;

    ar_log(AR_LOG_INFO, TAG, "%s; %s", reason->text,
           demo ? "painting into " AR_PIPELINE_DEMO_CLIP : "painting for nobody");
    snprintf(output->params.output, sizeof(output->params.output), "%s",
             demo ? "file:" AR_PIPELINE_DEMO_CLIP : "null");
    ar_display_destroy(output->display);
    output->display = NULL;
    ret = ar_display_create(&output->display, &output->params, reason);
    if (ret < 0 || !demo)
        return ret;
    if (pipeline->n_frames == 0)
        pipeline->n_frames = (uint32_t)(AR_PIPELINE_DEMO_SECONDS * rate_millihz / 1000);
    ret = ar_sheet_create(&pipeline->sheet, shape->width_px, shape->height_px,
                          pipeline->n_frames);
    return ret < 0 ? ar_reason_set_err(reason, ret, "contact sheet") : 0;
}

/* The last one to open lets the painter begin: a file has its first picture then. */
static int open_output(struct ar_output *output, struct ar_reason *reason)
{
    int ret = start_output(output, reason);

    if (ret == -ENODEV && strcmp(output->params.output, "auto") == 0) {
        ret = fall_back(output, reason);
        if (ret == 0)
            ret = start_output(output, reason);
    }
    if (ret < 0)
        return ret;
    publish_display(output);
    ar_pipeline_count_open(output->pipeline);
    return 0;
}

/* How it gets its pictures, once it is known how they are painted. -ECANCELED: not at all. */
static int prepare(struct ar_output *output, struct ar_reason *reason)
{
    struct ar_pipeline *pipeline = output->pipeline;
    const struct ar_frame_shape *wanted = ar_display_shape(output->display);
    int ret = ar_latch_wait(&pipeline->displays_open);

    if (ret < 0 || ar_recode_is_same(wanted, ar_display_shape(pipeline->outputs[0].display)))
        return ret;
    ret = ar_convert_create(&output->convert, wanted);
    return ret < 0 ? ar_reason_set_err(reason, ret, "%s", output->params.output) : 0;
}

/* Takes the frame. */
static void show(struct ar_output *output, struct ar_frame *frame)
{
    struct ar_frame *converted;

    if (!output->convert) {
        ar_display_show(output->display, &frame);
        return;
    }
    converted = ar_convert_run(output->convert, frame);
    ar_frame_unref(&frame);
    if (converted)
        ar_display_show(output->display, &converted);
}

/* Its pictures may have another size. What is left of the old ones is not shown any more: their pool is about to go. */
static int resize(struct ar_output *output, struct ar_reason *reason)
{
    struct ar_pipeline *pipeline = output->pipeline;
    const struct ar_display_source source = describe_source(pipeline);
    struct ar_frame *left = NULL;
    int ret;

    if (ar_mailbox_take(output->box, &left) == 0)
        ar_frame_unref(&left);
    ret = ar_display_resize(output->display, &source, reason);
    if (ret == -ENOTSUP && !ar_display_keeps_all(output->display))
        atomic_store(&pipeline->must_reopen, true);
    if (ret < 0)
        return ret;
    publish_display(output);
    ar_convert_destroy(output->convert);
    output->convert = NULL;
    ar_pipeline_count_open(pipeline);
    return 0;
}

/* Not while control takes the source away again: it waits for those that look at it. */
static int look_at_source(struct ar_output *output, struct ar_reason *reason)
{
    struct ar_pipeline *pipeline = output->pipeline;
    int ret = -EAGAIN;

    atomic_fetch_add(&pipeline->n_looking, 1);
    if (atomic_load(&pipeline->source_is_open) && atomic_exchange(&output->must_resize, false))
        ret = resize(output, reason);
    atomic_fetch_sub(&pipeline->n_looking, 1);
    ar_loop_wake(pipeline->control_loop);
    return ret;
}

/* Of a source that was started anew while this output goes on. */
static void take_source(struct ar_output *output)
{
    struct ar_pipeline *pipeline = output->pipeline;
    struct ar_reason reason;
    int ret;

    if (!atomic_load(&output->must_resize))
        return;
    ret = look_at_source(output, &reason);
    if (ret == 0)
        ret = prepare(output, &reason);
    if (ret == 0 || ret == -EAGAIN || ret == -ECANCELED)
        return; /* or it will be told again, or to end */
    if (atomic_load(&pipeline->trying))
        ar_pipeline_refuse(pipeline, ret, &reason);
    else
        ar_pipeline_fail(pipeline, AR_PIPELINE_DISPLAY, ret, &reason);
}

/*
 * Shows what comes until the painter closes the mailbox and the last picture is up. The loop has its turn between any two
 * pictures: a display that takes longer than the time between them has keys and timers too.
 */
static void show_frames(struct ar_output *output)
{
    int ret = 0;

    while (ret != -ECANCELED) {
        struct ar_frame *frame = NULL;

        ret = -EAGAIN;
        take_source(output);
        if (ar_display_ready(output->display))
            ret = ar_mailbox_take(output->box, &frame);
        if (ret == 0) {
            show(output, frame);
            ar_loop_run_once(output->loop, 0);
        } else if (ret == -EAGAIN) {
            ret = ar_loop_run_once(output->loop, AR_LOOP_FOREVER);
        }
    }
}

static void close_output(struct ar_output *output)
{
    struct ar_pipeline *pipeline = output->pipeline;
    struct ar_reason reason = { "" };
    int ret = ar_display_stop(output->display, &reason);

    ar_convert_destroy(output->convert);
    output->convert = NULL;
    if (ret == 0 && pipeline->sheet) {
        ret = ar_sheet_write(pipeline->sheet, AR_PIPELINE_DEMO_SHEET, &reason);
        if (ret == 0)
            ar_log(AR_LOG_INFO, TAG, "before and after side by side: " AR_PIPELINE_DEMO_SHEET);
        ret = ret == -ENODATA ? 0 : ret;
    }
    if (ret < 0 && !output->failed)
        fail(output, ret, &reason);
}

static void run_output(struct ar_output *output)
{
    struct ar_reason reason = { "" };
    int ret = open_output(output, &reason);

    if (ret < 0) { /* at the start it may be a typing error: nothing is painted then */
        ar_pipeline_fail(output->pipeline, AR_PIPELINE_DISPLAY, ret, &reason);
        return;
    }
    ret = prepare(output, &reason);
    if (ret == 0)
        show_frames(output);
    else if (ret != -ECANCELED)
        ar_pipeline_fail(output->pipeline, AR_PIPELINE_DISPLAY, ret, &reason);
    close_output(output);
}

void ar_pipeline_display_stage(struct ar_pipeline *pipeline, uint32_t index)
{
    struct ar_output *output = &pipeline->outputs[index];
    struct ar_reason reason = { "" };
    int ret = ar_pipeline_publish_loop(pipeline, &output->loop);

    if (ret < 0) {
        ar_reason_set_err(&reason, ret, "event loop");
        ar_pipeline_fail(pipeline, AR_PIPELINE_SYSTEM, ret, &reason);
        return;
    }
    if (ar_latch_wait(&pipeline->source_open) == 0)
        run_output(output);
    ar_mailbox_close(output->box);
    ar_pipeline_withdraw_loop(pipeline, &output->loop);
}
