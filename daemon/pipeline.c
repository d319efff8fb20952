/* SPDX-License-Identifier: MIT */
#include "daemon/pipeline.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "daemon/explain.h"
#include "daemon/priv.h"
#include "daemon/state_folder.h"
#include "nn/cpu.h"

#define TAG "pipeline"

static void set_end(struct ar_pipeline_end *end, enum ar_pipeline_part part, int result,
                    const struct ar_reason *reason)
{
    *end = (struct ar_pipeline_end){ .result = result, .part = part, .reason = *reason };
}

static uint32_t usable_cpus(void)
{
    cpu_set_t cpus;

    return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (uint32_t)CPU_COUNT(&cpus) : 1;
}

/* On more than two cores one is left to camera, screen and kernel. */
uint32_t ar_pipeline_usable_threads(uint32_t asked)
{
    uint32_t count = usable_cpus();

    if (asked > 0)
        return asked;
    if (count > 2)
        count--;
    return ar_min_u32(count, AR_WORKERS_MAX);
}

static void init_shared(struct ar_pipeline *pipeline, const struct ar_pipeline_params *params)
{
    pipeline->settings = *params->settings;
    pipeline->styles = params->styles;
    pipeline->control_loop = params->control_loop;
    pipeline->demo = params->demo;
    pipeline->n_frames = params->settings->daemon.frames;
    pipeline->live_budget = params->settings->budget;
    pipeline->live_decoder = params->settings->decoder;
    pipeline->live_blend = params->settings->network.blend;
    if (ar_state_folder(pipeline->state_folder, sizeof(pipeline->state_folder)) < 0)
        pipeline->state_folder[0] = '\0';
    pthread_mutex_init(&pipeline->loops_lock, NULL);
    pthread_mutex_init(&pipeline->live_lock, NULL);
    pthread_mutex_init(&pipeline->stats_lock, NULL);
    pthread_mutex_init(&pipeline->phase_lock, NULL);
    atomic_store(&pipeline->heat_cap, UINT32_MAX);
    atomic_store(&pipeline->overlay, params->settings->display.overlay);
    pipeline->stats.phase_us = -1;
    pipeline->notify = params->notify;
    ar_cpu_clock_open(&pipeline->cpu_clock, "/sys");
    ar_latch_init(&pipeline->source_open);
    ar_latch_init(&pipeline->displays_open);
    ar_latch_init(&pipeline->go);
    ar_latch_init(&pipeline->compute_done);
    ar_taps_init(&pipeline->taps);
    ar_budget_ledger_init(&pipeline->stats.ledger);
    pipeline->stats.n_threads = ar_pipeline_usable_threads(params->settings->network.threads);
    pipeline->stats.frames_wanted = pipeline->n_frames;
    pipeline->stats.budget_us = params->settings->budget.frame_us;
}

static int choose_kernels(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    uint32_t flags;
    int ret = ar_cpu_flags(&flags, reason);

    if (ret < 0)
        return ret;
    ar_kernels_init(&pipeline->kernels, flags);
    pipeline->stats.tier = pipeline->kernels.tier;
    return 0;
}

int ar_pipeline_check_pin(const struct ar_network_params *network, uint32_t n_threads,
                          struct ar_reason *reason)
{
    const uint32_t n_cpus = usable_cpus();

    if (!network->pin || n_threads <= n_cpus)
        return 0;
    return ar_reason_set(
        reason, -EINVAL,
        "network.pin: %u threads that paint cannot have a processor each, only "
        "%u may be used; right would be network.threads=%u or less",
        n_threads, n_cpus, n_cpus);
}

int ar_pipeline_open_style(const struct ar_pipeline *pipeline, const char *name,
                           struct ar_model **model, struct ar_reason *reason)
{
    const struct ar_style *style = ar_styles_get(pipeline->styles, name);
    char path[512];
    int ret = ar_styles_resolve(pipeline->styles, name, path, sizeof(path), reason);

    if (ret == 0)
        ret = ar_model_open(model, path, reason);
    /* A style of the list goes by its file's name, whatever is in the file: that is what can be asked for. */
    if (ret == 0 && style)
        memcpy((*model)->info.style, style->name, sizeof(style->name));
    return ret;
}

int ar_pipeline_make_outputs(struct ar_pipeline *pipeline,
                             const struct ar_display_params *params,
                             struct ar_output outputs[AR_DISPLAY_MAX], uint32_t *n_outputs,
                             struct ar_reason *reason)
{
    struct ar_display_params list[AR_DISPLAY_MAX];
    const int n = ar_display_split(params, list, reason);
    int ret = n < 0 ? n : 0;

    *n_outputs = 0;
    for (int i = 0; i < n && ret == 0; i++) {
        struct ar_output *output = &outputs[i];

        *output =
            (struct ar_output){ .pipeline = pipeline, .index = (uint32_t)i, .params = list[i] };
        output->params.patient = !pipeline->demo || n > 1;
        (*n_outputs)++;
        ret = ar_mailbox_create(&output->box);
        if (ret < 0)
            ar_reason_set_err(reason, ret, "%s", output->params.output);
        else
            ret = ar_display_create(&output->display, &output->params, reason);
    }
    return ret;
}

void ar_pipeline_destroy_outputs(struct ar_output outputs[AR_DISPLAY_MAX], uint32_t *n_outputs)
{
    for (uint32_t i = 0; i < *n_outputs; i++) {
        ar_mailbox_destroy(outputs[i].box);
        ar_display_destroy(outputs[i].display);
    }
    *n_outputs = 0;
}

static int create_outputs(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    const int ret = ar_pipeline_make_outputs(pipeline, &pipeline->settings.display,
                                             pipeline->outputs, &pipeline->n_outputs, reason);

    pipeline->stats.n_outputs = pipeline->n_outputs;
    atomic_store(&pipeline->n_closed, pipeline->n_outputs);
    return ret;
}

void ar_pipeline_count_open(struct ar_pipeline *pipeline)
{
    if (atomic_fetch_sub(&pipeline->n_closed, 1) == 1)
        ar_latch_give(&pipeline->displays_open, 0);
}

int ar_pipeline_create(struct ar_pipeline **out, const struct ar_pipeline_params *params,
                       struct ar_pipeline_end *why)
{
    struct ar_pipeline *pipeline = calloc(1, sizeof(*pipeline));
    struct ar_reason reason = { "" };
    enum ar_pipeline_part part = AR_PIPELINE_SYSTEM;
    int ret;

    if (!pipeline) {
        ar_reason_set_err(&reason, -ENOMEM, "pipeline");
        set_end(why, part, -ENOMEM, &reason);
        return -ENOMEM;
    }
    init_shared(pipeline, params);
    ret = choose_kernels(pipeline, &reason);
    if (ret == 0)
        ret = ar_pipeline_check_pin(&pipeline->settings.network, pipeline->stats.n_threads,
                                    &reason);
    if (ret < 0)
        goto err;
    ret = ar_mailbox_create(&pipeline->box_in);
    pipeline->trace = ar_trace_create();
    if (ret == 0 && !pipeline->trace)
        ret = -ENOMEM;
    if (ret < 0) {
        ar_reason_set_err(&reason, ret, "pipeline");
        goto err;
    }
    ret = ar_workers_create(&pipeline->workers, pipeline->stats.n_threads);
    if (ret < 0) {
        ar_reason_set_err(&reason, ret, "%u threads that paint", pipeline->stats.n_threads);
        goto err;
    }
    part = AR_PIPELINE_STYLE;
    ret = ar_pipeline_open_style(pipeline, pipeline->settings.network.style,
                                 &pipeline->first_model, &reason);
    if (ret < 0)
        goto err;
    part = AR_PIPELINE_SOURCE;
    ret = ar_capture_create(&pipeline->capture, &pipeline->settings.capture, &reason);
    if (ret < 0)
        goto err;
    part = AR_PIPELINE_DISPLAY;
    ret = create_outputs(pipeline, &reason);
    if (ret < 0)
        goto err;
    *out = pipeline;
    return 0;

err:
    set_end(why, part, ret, &reason);
    ar_pipeline_destroy(pipeline);
    return ret;
}

int ar_pipeline_publish_loop(struct ar_pipeline *pipeline, struct ar_loop **slot)
{
    struct ar_loop *loop = NULL;
    int ret = ar_loop_create(&loop, (enum ar_loop_kind)pipeline->settings.daemon.loop);

    if (ret < 0)
        return ret;
    pthread_mutex_lock(&pipeline->loops_lock);
    *slot = loop;
    if (atomic_load(&pipeline->stopping))
        ar_loop_stop(loop);
    pthread_mutex_unlock(&pipeline->loops_lock);
    return 0;
}

void ar_pipeline_withdraw_loop(struct ar_pipeline *pipeline, struct ar_loop **slot)
{
    struct ar_loop *loop;

    pthread_mutex_lock(&pipeline->loops_lock);
    loop = *slot;
    *slot = NULL;
    pthread_mutex_unlock(&pipeline->loops_lock);
    ar_loop_destroy(loop);
}

void ar_pipeline_stop_source(struct ar_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->loops_lock);
    if (pipeline->capture_loop)
        ar_loop_stop(pipeline->capture_loop);
    pthread_mutex_unlock(&pipeline->loops_lock);
    ar_mailbox_close(pipeline->box_in);
}

void ar_pipeline_wake_output(struct ar_output *output)
{
    pthread_mutex_lock(&output->pipeline->loops_lock);
    if (output->loop)
        ar_loop_wake(output->loop);
    pthread_mutex_unlock(&output->pipeline->loops_lock);
}

static void stop_output(struct ar_output *output)
{
    pthread_mutex_lock(&output->pipeline->loops_lock);
    if (output->loop)
        ar_loop_stop(output->loop);
    pthread_mutex_unlock(&output->pipeline->loops_lock);
    ar_mailbox_close(output->box);
}

void ar_pipeline_stop(struct ar_pipeline *pipeline)
{
    atomic_store(&pipeline->stopping, true);
    ar_pipeline_stop_source(pipeline);
    for (uint32_t i = 0; i < pipeline->n_outputs; i++)
        stop_output(&pipeline->outputs[i]);
    ar_pipeline_cancel_latches(pipeline);
}

void ar_pipeline_close_outputs(struct ar_pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->n_outputs; i++) {
        ar_mailbox_close(pipeline->outputs[i].box);
        ar_pipeline_wake_output(&pipeline->outputs[i]);
    }
}

void ar_pipeline_cancel_latches(struct ar_pipeline *pipeline)
{
    ar_latch_give(&pipeline->source_open, -ECANCELED);
    ar_latch_give(&pipeline->displays_open, -ECANCELED);
    ar_latch_give(&pipeline->go, -ECANCELED);
}

void ar_pipeline_note(struct ar_pipeline *pipeline, enum ar_pipeline_part part, int result,
                      const struct ar_reason *reason)
{
    pthread_mutex_lock(&pipeline->stats_lock);
    if (pipeline->end.part == AR_PIPELINE_NOTHING)
        set_end(&pipeline->end, part, result, reason);
    pthread_mutex_unlock(&pipeline->stats_lock);
}

static const uint32_t stages_of_parts[] = {
    [AR_PIPELINE_NOTHING] = 0,
    [AR_PIPELINE_STYLE] = AR_PIPELINE_COMPUTE,
    [AR_PIPELINE_SOURCE] = AR_PIPELINE_CAPTURE,
    [AR_PIPELINE_DISPLAY] = AR_PIPELINE_SHOW,
    [AR_PIPELINE_SYSTEM] = AR_PIPELINE_CAPTURE | AR_PIPELINE_COMPUTE | AR_PIPELINE_SHOW,
};

void ar_pipeline_fail(struct ar_pipeline *pipeline, enum ar_pipeline_part part, int result,
                      const struct ar_reason *reason)
{
    if (atomic_load(&pipeline->trying) &&
        (pipeline->restart.stages & stages_of_parts[part]) != 0) {
        ar_pipeline_refuse(pipeline, result, reason);
        return;
    }
    ar_pipeline_note(pipeline, part, result, reason);
    ar_pipeline_stop(pipeline);
}

void ar_pipeline_count_dropped(struct ar_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->stats_lock);
    pipeline->stats.n_dropped++;
    pthread_mutex_unlock(&pipeline->stats_lock);
}

void ar_pipeline_set_state(struct ar_pipeline *pipeline, enum ar_pipeline_state state)
{
    pthread_mutex_lock(&pipeline->stats_lock);
    pipeline->stats.state = state;
    pthread_mutex_unlock(&pipeline->stats_lock);
    ar_loop_wake(pipeline->control_loop);
}

static void *run_stage(void *argument)
{
    struct ar_pipeline_thread *thread = argument;

    pthread_setname_np(pthread_self(), thread->name);
    thread->stage(thread->pipeline, thread->index);
    atomic_store(&thread->running, false);
    ar_loop_wake(thread->pipeline->control_loop);
    return NULL;
}

static int start_thread(struct ar_pipeline_thread *thread)
{
    int ret;

    atomic_store(&thread->running, true);
    ret = -pthread_create(&thread->id, NULL, run_stage, thread);
    thread->started = ret == 0;
    if (ret < 0)
        atomic_store(&thread->running, false);
    return ret;
}

/* Capture, compute, and one for each output. */
static struct ar_pipeline_thread *nth_thread(struct ar_pipeline *pipeline, uint32_t id)
{
    struct ar_pipeline_thread *thread = &pipeline->threads[id];

    thread->pipeline = pipeline;
    if (id == AR_PIPELINE_CAPTURE_THREAD) {
        thread->stage = ar_pipeline_capture_stage;
        strcpy(thread->name, "ar-capture");
    } else if (id == AR_PIPELINE_COMPUTE_THREAD) {
        thread->stage = ar_pipeline_compute_stage;
        strcpy(thread->name, "ar-compute");
    } else {
        thread->stage = ar_pipeline_display_stage;
        thread->index = id - AR_PIPELINE_DISPLAY_THREAD;
        snprintf(thread->name, sizeof(thread->name),
                 thread->index == 0 ? "ar-display" : "ar-display-%u", thread->index + 1);
    }
    return thread;
}

int ar_pipeline_start_threads(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    const uint32_t n_threads = AR_PIPELINE_DISPLAY_THREAD + pipeline->n_outputs;

    for (uint32_t id = 0; id < n_threads; id++) {
        struct ar_pipeline_thread *thread = nth_thread(pipeline, id);
        int ret = thread->started ? 0 : start_thread(thread);

        if (ret < 0)
            return ar_reason_set_err(reason, ret, "thread %s", thread->name);
    }
    return 0;
}

void ar_pipeline_join(struct ar_pipeline *pipeline, uint32_t id)
{
    if (pipeline->threads[id].started)
        pthread_join(pipeline->threads[id].id, NULL);
    pipeline->threads[id].started = false;
}

int ar_pipeline_start(struct ar_pipeline *pipeline, struct ar_pipeline_end *why)
{
    struct ar_reason reason;
    int ret = ar_pipeline_start_threads(pipeline, &reason);

    if (ret == 0)
        return 0;
    set_end(why, AR_PIPELINE_SYSTEM, ret, &reason);
    ar_pipeline_fail(pipeline, AR_PIPELINE_SYSTEM, ret, &reason);
    ar_latch_give(&pipeline->compute_done, ret);
    return ret;
}

static bool is_running(const struct ar_pipeline *pipeline)
{
    for (uint32_t id = 0; id < AR_PIPELINE_MAX_THREADS; id++)
        if (atomic_load(&pipeline->threads[id].running))
            return true;
    return pipeline->restart.phase != AR_RESTART_NONE;
}

bool ar_pipeline_ended(const struct ar_pipeline *pipeline, struct ar_pipeline_end *end)
{
    if (is_running(pipeline))
        return false;
    *end = pipeline->end;
    return true;
}

void ar_pipeline_destroy(struct ar_pipeline *pipeline)
{
    if (!pipeline)
        return;
    for (uint32_t id = 0; id < AR_PIPELINE_MAX_THREADS; id++)
        ar_pipeline_join(pipeline, id);
    ar_pipeline_finish_restart(pipeline);
    ar_mailbox_destroy(pipeline->box_in);
    ar_pipeline_destroy_outputs(pipeline->outputs, &pipeline->n_outputs);
    ar_model_close(pipeline->first_model);
    ar_painter_destroy(pipeline->painter);
    ar_painter_destroy(atomic_load(&pipeline->next_painter));
    ar_painter_destroy(atomic_load(&pipeline->old_painter));
    ar_decoder_temporal_destroy(pipeline->temporal);
    ar_decoder_blend_destroy(pipeline->blend);
    ar_frame_unref(&pipeline->shown);
    ar_sheet_destroy(pipeline->sheet);
    ar_trace_destroy(pipeline->trace);
    ar_capture_destroy(pipeline->capture);
    ar_pool_destroy(pipeline->pool_out);
    ar_workers_destroy(pipeline->workers);
    ar_taps_finish(&pipeline->taps);
    ar_cpu_clock_close(&pipeline->cpu_clock);
    ar_latch_finish(&pipeline->compute_done);
    ar_latch_finish(&pipeline->go);
    ar_latch_finish(&pipeline->displays_open);
    ar_latch_finish(&pipeline->source_open);
    pthread_mutex_destroy(&pipeline->phase_lock);
    pthread_mutex_destroy(&pipeline->stats_lock);
    pthread_mutex_destroy(&pipeline->live_lock);
    pthread_mutex_destroy(&pipeline->loops_lock);
    free(pipeline);
}

int ar_pipeline_set_style(struct ar_pipeline *pipeline, const char *name,
                          struct ar_reason *reason)
{
    struct ar_painter_params params = { .kernels = &pipeline->kernels,
                                        .workers = pipeline->workers,
                                        .precision = pipeline->settings.network.precision };
    struct ar_painter *painter = NULL;
    enum ar_pipeline_state state;
    int ret;

    pthread_mutex_lock(&pipeline->stats_lock);
    params.width_px = pipeline->stats.width_px;
    params.height_px = pipeline->stats.height_px;
    state = pipeline->stats.state;
    pthread_mutex_unlock(&pipeline->stats_lock);
    if (state < AR_PIPELINE_RUNNING || pipeline->restart.phase != AR_RESTART_NONE)
        return ar_reason_set(reason, -EAGAIN, "style \"%s\": not running yet; try again", name);
    params.temporal = pipeline->temporal;
    params.blend = pipeline->blend;
    ret = ar_pipeline_open_style(pipeline, name, &params.model, reason);
    if (ret < 0)
        return ret;
    ret = ar_painter_create(&painter, &params, reason);
    if (ret < 0)
        return ret;
    ar_log(AR_LOG_INFO, TAG, "style %s (%s, %s)", painter->model->info.style,
           painter->model->info.title, painter->model->info.artist);
    ar_painter_destroy(atomic_exchange(&pipeline->next_painter, painter));
    return 0;
}

void ar_pipeline_set_budget(struct ar_pipeline *pipeline, const struct ar_budget_params *budget)
{
    pthread_mutex_lock(&pipeline->live_lock);
    pipeline->live_budget = *budget;
    atomic_store(&pipeline->live_changed, true);
    pthread_mutex_unlock(&pipeline->live_lock);
}

void ar_pipeline_set_decoder(struct ar_pipeline *pipeline,
                             const struct ar_decoder_params *decoder)
{
    pthread_mutex_lock(&pipeline->live_lock);
    pipeline->live_decoder = *decoder;
    atomic_store(&pipeline->live_changed, true);
    pthread_mutex_unlock(&pipeline->live_lock);
}

void ar_pipeline_set_blend(struct ar_pipeline *pipeline,
                           const struct ar_decoder_blend_params *blend)
{
    pthread_mutex_lock(&pipeline->live_lock);
    pipeline->live_blend = *blend;
    atomic_store(&pipeline->live_changed, true);
    pthread_mutex_unlock(&pipeline->live_lock);
}

void ar_pipeline_set_overlay(struct ar_pipeline *pipeline, bool wanted)
{
    atomic_store(&pipeline->overlay, wanted);
}

static void wake_source(struct ar_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->loops_lock);
    if (pipeline->capture_loop)
        ar_loop_wake(pipeline->capture_loop);
    pthread_mutex_unlock(&pipeline->loops_lock);
}

void ar_pipeline_set_seen(struct ar_pipeline *pipeline, bool seen)
{
    if (seen)
        atomic_store(&pipeline->unseen_us, 0);
    else if (atomic_load(&pipeline->unseen_us) == 0)
        atomic_store(&pipeline->unseen_us, ar_clock_now_us());
    wake_source(pipeline);
}

static void set_paused(struct ar_pipeline *pipeline, bool paused)
{
    atomic_store(&pipeline->paused, paused);
    wake_source(pipeline);
}

void ar_pipeline_pause(struct ar_pipeline *pipeline)
{
    set_paused(pipeline, true);
}

void ar_pipeline_resume(struct ar_pipeline *pipeline)
{
    set_paused(pipeline, false);
}

void ar_pipeline_set_heat_cap(struct ar_pipeline *pipeline, uint32_t rung)
{
    atomic_store(&pipeline->heat_cap, rung);
}

void ar_pipeline_calibrate(struct ar_pipeline *pipeline)
{
    atomic_store(&pipeline->calibration_wanted, true);
}

/* What control answers with, copied under the lock. */
struct known_times {
    struct ar_calibration calibration;
    struct ar_cost cost; /* the governor's */
    bool is_estimated;
    char style[AR_MODEL_NAME_MAX];
};

/* To be freed; NULL without memory. */
static struct known_times *copy_times(struct ar_pipeline *pipeline)
{
    struct known_times *copy = malloc(sizeof(*copy));

    if (!copy)
        return NULL;
    pthread_mutex_lock(&pipeline->stats_lock);
    copy->calibration = pipeline->calibration;
    copy->cost = pipeline->cost;
    copy->is_estimated = pipeline->is_estimated;
    memcpy(copy->style, pipeline->stats.style, sizeof(copy->style));
    pthread_mutex_unlock(&pipeline->stats_lock);
    return copy;
}

json_t *ar_pipeline_explain(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    struct known_times *times = copy_times(pipeline);
    json_t *explained = NULL;
    struct ar_work work;

    if (!times) {
        ar_reason_set_err(reason, -ENOMEM, "budget");
        return NULL;
    }
    work = ar_calibration_work(&times->calibration);
    if (!work.model)
        ar_reason_set(reason, -EAGAIN, "budget: nothing has been measured yet; try again");
    else if (times->is_estimated)
        ar_reason_set(
            reason, -EAGAIN,
            "the times of this style are estimated; `ar-ctl calibrate` measures them");
    else
        explained = ar_explain_json(&times->calibration, &work, times->style);
    free(times);
    return explained;
}

json_t *ar_pipeline_trace(struct ar_pipeline *pipeline, uint64_t from)
{
    struct ar_trace_frame frames[AR_PIPELINE_TRACE_FRAMES];
    const uint32_t n = ar_trace_read(pipeline->trace, from, frames, AR_PIPELINE_TRACE_FRAMES);
    struct known_times *times = copy_times(pipeline);
    json_t *list = json_array();
    json_t *header = NULL;

    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(list, ar_trace_frame_json(&frames[i]));
    if (times)
        header = ar_trace_header_json(&times->cost, times->style);
    free(times);
    return json_pack("{s:o*, s:o, s:I}", "header", header, "frames", list, "next",
                     (json_int_t)(n > 0 ? frames[n - 1].number + 1 : from));
}

int ar_pipeline_shapes(struct ar_pipeline *pipeline, struct ar_frame_shape *camera,
                       struct ar_frame_shape *painting)
{
    enum ar_pipeline_state state;

    pthread_mutex_lock(&pipeline->stats_lock);
    state = pipeline->stats.state;
    pthread_mutex_unlock(&pipeline->stats_lock);
    if (state < AR_PIPELINE_RUNNING || pipeline->restart.phase != AR_RESTART_NONE)
        return -EAGAIN;
    *camera = pipeline->shape_in;
    *painting = *ar_pool_shape(pipeline->pool_out);
    return 0;
}

void ar_pipeline_set_tap(struct ar_pipeline *pipeline, enum ar_tap_place place,
                         struct ar_tap *tap)
{
    ar_taps_set(&pipeline->taps, place, tap);
    atomic_store(&pipeline->tapped, ar_taps_any(&pipeline->taps));
    wake_source(pipeline);
}

int ar_pipeline_set_control(struct ar_pipeline *pipeline, const char *name, const char *text,
                            struct ar_reason *reason)
{
    return ar_capture_set_control(pipeline->capture, name, text, reason);
}

int ar_pipeline_serve(struct ar_pipeline *pipeline)
{
    ar_painter_destroy(atomic_exchange(&pipeline->old_painter, NULL));
    ar_pipeline_step_restart(pipeline);
    return atomic_exchange(&pipeline->style_steps, 0);
}

void ar_pipeline_status(struct ar_pipeline *pipeline, struct ar_pipeline_status *status)
{
    const struct ar_capture_counters *before = &pipeline->restart.counted;
    struct ar_capture_counters counters;

    ar_capture_counters(pipeline->capture, &counters);
    pthread_mutex_lock(&pipeline->stats_lock);
    *status = pipeline->stats;
    pthread_mutex_unlock(&pipeline->stats_lock);
    if (pipeline->threads[AR_PIPELINE_CAPTURE_THREAD].started && !is_running(pipeline))
        status->state = AR_PIPELINE_ENDED;
    status->leader = atomic_load(&pipeline->leader);
    status->n_captured = before->n_frames + counters.n_frames;
    status->n_captured += before->n_dropped + counters.n_dropped;
    status->n_dropped += before->n_dropped + counters.n_dropped;
    status->n_lost = before->n_lost + counters.n_lost;
    status->n_corrupt = before->n_corrupt + counters.n_corrupt;
    status->n_resumed = before->n_resumed + counters.n_resumed;
    status->n_guessed = before->n_guessed + counters.n_guessed;
    status->measured_millihz = ar_capture_measured_millihz(pipeline->capture);
    status->source_state = ar_capture_state_name(ar_capture_state_of(pipeline->capture));
    status->source_words = ar_capture_state_words(ar_capture_state_of(pipeline->capture));
}
