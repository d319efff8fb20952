/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "daemon/priv.h"

/*
 * Some stages started anew with other settings, in steps of the control thread that never wait: their threads are told
 * to end, are joined when they have, and new ones are started. A stage that cannot start with the new settings is started
 * with those before; only if that fails too does the pipeline end.
 */

#define TAG "pipeline"

static bool is_running(const struct ar_pipeline *pipeline, uint32_t id)
{
    return atomic_load(&pipeline->threads[id].running);
}

static bool is_showing(const struct ar_pipeline *pipeline, uint32_t output)
{
    return is_running(pipeline, AR_PIPELINE_DISPLAY_THREAD + output);
}

/* How many outputs there are still. */
static uint32_t count_showing(const struct ar_pipeline *pipeline)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < pipeline->n_outputs; i++)
        n += is_showing(pipeline, i);
    return n;
}

static bool is_among(const struct ar_pipeline *pipeline, uint32_t stage)
{
    return (pipeline->restart.stages & stage) != 0;
}

void ar_pipeline_refuse(struct ar_pipeline *pipeline, int result,
                        const struct ar_reason *reason)
{
    struct ar_restart *restart = &pipeline->restart;

    pthread_mutex_lock(&pipeline->stats_lock);
    if (restart->result == 0) {
        restart->result = result;
        restart->reason = *reason;
    }
    pthread_mutex_unlock(&pipeline->stats_lock);
    ar_pipeline_cancel_latches(pipeline);
    ar_loop_wake(pipeline->control_loop);
}

void ar_pipeline_finish_restart(struct ar_pipeline *pipeline)
{
    struct ar_restart *restart = &pipeline->restart;

    ar_capture_destroy(restart->capture);
    ar_pipeline_destroy_outputs(restart->outputs, &restart->n_outputs);
    ar_workers_destroy(restart->workers);
    ar_model_close(restart->model);
    restart->capture = NULL;
    restart->workers = NULL;
    restart->model = NULL;
}

static int make_workers(struct ar_pipeline *pipeline, const struct ar_network_params *network,
                        struct ar_reason *reason)
{
    const uint32_t n_threads = ar_pipeline_usable_threads(network->threads);
    int ret = ar_pipeline_check_pin(network, n_threads, reason);

    if (ret < 0 || (n_threads == ar_workers_count(pipeline->workers) &&
                    network->pin == pipeline->settings.network.pin))
        return ret;
    ret = ar_workers_create(&pipeline->restart.workers, n_threads);
    return ret < 0 ? ar_reason_set_err(reason, ret, "network.threads") : 0;
}

/* All that can be made before anything ends. */
static int make_parts(struct ar_pipeline *pipeline, const struct ar_settings *settings,
                      struct ar_reason *reason)
{
    struct ar_restart *restart = &pipeline->restart;
    int ret = make_workers(pipeline, &settings->network, reason);

    if (ret == 0)
        ret =
            ar_pipeline_open_style(pipeline, settings->network.style, &restart->model, reason);
    if (ret == 0 && is_among(pipeline, AR_PIPELINE_CAPTURE))
        ret = ar_capture_create(&restart->capture, &settings->capture, reason);
    if (ret == 0 && is_among(pipeline, AR_PIPELINE_SHOW))
        ret = ar_pipeline_make_outputs(pipeline, &settings->display, restart->outputs,
                                       &restart->n_outputs, reason);
    if (ret < 0)
        ar_pipeline_finish_restart(pipeline);
    return ret;
}

/* Tells the stages to end: the compute stage after its frame, the source at once, the display when it is told all. */
static void begin_ending(struct ar_pipeline *pipeline)
{
    pipeline->restart.phase = AR_RESTART_ENDING;
    ar_pipeline_set_state(pipeline, AR_PIPELINE_RESTARTING);
    atomic_store(&pipeline->leaving, true);
    ar_pipeline_cancel_latches(pipeline);
    ar_mailbox_interrupt(pipeline->box_in);
    if (is_among(pipeline, AR_PIPELINE_CAPTURE)) {
        atomic_store(&pipeline->source_is_open, false);
        ar_pipeline_stop_source(pipeline);
    }
}

int ar_pipeline_restart(struct ar_pipeline *pipeline, uint32_t stages,
                        const struct ar_settings *settings, struct ar_reason *reason)
{
    struct ar_restart *restart = &pipeline->restart;
    struct ar_pipeline_status status;
    int ret;

    ar_pipeline_status(pipeline, &status);
    if (status.state < AR_PIPELINE_RUNNING || status.state == AR_PIPELINE_ENDED ||
        restart->phase != AR_RESTART_NONE)
        return ar_reason_set(reason, -EBUSY, "ar-daemon is starting a stage; try again");
    if (pipeline->sheet)
        return ar_reason_set(reason, -EBUSY, "the demo clip is being painted");
    restart->stages = stages | AR_PIPELINE_COMPUTE;
    pipeline->demo = false; /* somebody is there, who may look */
    ret = make_parts(pipeline, settings, reason);
    if (ret < 0)
        return ret;
    restart->next = *settings;
    restart->before = pipeline->settings;
    restart->going_back = false;
    restart->has_outcome = false;
    restart->result = 0;
    begin_ending(pipeline);
    return 0;
}

bool ar_pipeline_restarted(struct ar_pipeline *pipeline, int *result, struct ar_reason *reason)
{
    struct ar_restart *restart = &pipeline->restart;

    if (!restart->has_outcome)
        return false;
    restart->has_outcome = false;
    *result = restart->result;
    *reason = restart->reason;
    return true;
}

/* False while a stage's thread has not ended yet. The display ends after the painter, which hands on to it. */
static bool have_ended(struct ar_pipeline *pipeline)
{
    if (is_running(pipeline, AR_PIPELINE_COMPUTE_THREAD) ||
        atomic_load(&pipeline->n_looking) > 0)
        return false;
    if (is_among(pipeline, AR_PIPELINE_SHOW))
        ar_pipeline_close_outputs(pipeline);
    return !(is_among(pipeline, AR_PIPELINE_SHOW) && count_showing(pipeline) > 0) &&
           !(is_among(pipeline, AR_PIPELINE_CAPTURE) &&
             is_running(pipeline, AR_PIPELINE_CAPTURE_THREAD));
}

static void add_counters(struct ar_capture_counters *sum, const struct ar_capture *capture)
{
    struct ar_capture_counters counters;

    ar_capture_counters(capture, &counters);
    sum->n_frames += counters.n_frames;
    sum->n_dropped += counters.n_dropped;
    sum->n_lost += counters.n_lost;
    sum->n_corrupt += counters.n_corrupt;
    sum->n_resumed += counters.n_resumed;
    sum->n_guessed += counters.n_guessed;
}

static void renew_source(struct ar_pipeline *pipeline)
{
    ar_pipeline_join(pipeline, AR_PIPELINE_CAPTURE_THREAD);
    add_counters(&pipeline->restart.counted, pipeline->capture);
    ar_capture_destroy(pipeline->capture);
    pipeline->capture = pipeline->restart.capture;
    pipeline->restart.capture = NULL;
    ar_latch_reset(&pipeline->source_open);
    ar_mailbox_reopen(pipeline->box_in);
}

/* With the frames that they had, and the pool of these. */
static void renew_outputs(struct ar_pipeline *pipeline)
{
    struct ar_restart *restart = &pipeline->restart;

    for (uint32_t i = 0; i < AR_DISPLAY_MAX; i++)
        ar_pipeline_join(pipeline, AR_PIPELINE_DISPLAY_THREAD + i);
    ar_pipeline_destroy_outputs(pipeline->outputs, &pipeline->n_outputs);
    ar_pool_destroy(pipeline->pool_out);
    pipeline->pool_out = NULL;
    memcpy(pipeline->outputs, restart->outputs, sizeof(pipeline->outputs));
    pipeline->n_outputs = restart->n_outputs;
    restart->n_outputs = 0;
    atomic_store(&pipeline->leader, 0);
    atomic_store(&pipeline->n_closed, pipeline->n_outputs);
    pthread_mutex_lock(&pipeline->stats_lock);
    memset(pipeline->stats.outputs, 0, sizeof(pipeline->stats.outputs));
    pipeline->stats.n_outputs = pipeline->n_outputs;
    pthread_mutex_unlock(&pipeline->stats_lock);
    ar_latch_reset(&pipeline->displays_open);
}

/* They go on, and each has to look at the new source. */
static void keep_outputs(struct ar_pipeline *pipeline)
{
    ar_latch_reset(&pipeline->displays_open);
    atomic_store(&pipeline->n_closed, pipeline->n_outputs);
    for (uint32_t i = 0; i < pipeline->n_outputs; i++)
        atomic_store(&pipeline->outputs[i].must_resize, true);
}

/* What has failed meanwhile, or before, has nothing to look at. */
static void settle_outputs(struct ar_pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->n_outputs; i++)
        if (!is_showing(pipeline, i) &&
            atomic_exchange(&pipeline->outputs[i].must_resize, false))
            ar_pipeline_count_open(pipeline);
}

static void renew_painter(struct ar_pipeline *pipeline)
{
    struct ar_restart *restart = &pipeline->restart;

    ar_pipeline_join(pipeline, AR_PIPELINE_COMPUTE_THREAD);
    pthread_mutex_lock(&pipeline->stats_lock);
    pipeline->stats.n_threads = ar_pipeline_usable_threads(pipeline->settings.network.threads);
    pthread_mutex_unlock(&pipeline->stats_lock);
    ar_painter_destroy(atomic_exchange(&pipeline->next_painter, NULL));
    ar_painter_destroy(atomic_exchange(&pipeline->old_painter, NULL));
    ar_painter_destroy(pipeline->painter);
    ar_decoder_temporal_destroy(pipeline->temporal);
    ar_decoder_blend_destroy(pipeline->blend);
    ar_frame_unref(&pipeline->shown);
    ar_model_close(pipeline->first_model);
    pipeline->painter = NULL;
    pipeline->temporal = NULL;
    pipeline->blend = NULL;
    pipeline->first_model = restart->model;
    restart->model = NULL;
    if (restart->workers) {
        ar_workers_destroy(pipeline->workers);
        pipeline->workers = restart->workers;
        restart->workers = NULL;
    }
    ar_latch_reset(&pipeline->compute_done);
    ar_latch_reset(&pipeline->go);
}

/* Everything has ended: the new parts take the old ones' places, and the threads start. */
static void begin_starting(struct ar_pipeline *pipeline)
{
    struct ar_restart *restart = &pipeline->restart;
    struct ar_reason reason;
    int ret;

    pipeline->settings = restart->going_back ? restart->before : restart->next;
    renew_painter(pipeline);
    if (is_among(pipeline, AR_PIPELINE_CAPTURE))
        renew_source(pipeline);
    if (is_among(pipeline, AR_PIPELINE_SHOW))
        renew_outputs(pipeline);
    else if (is_among(pipeline, AR_PIPELINE_CAPTURE))
        keep_outputs(pipeline);
    ar_pipeline_set_state(pipeline,
                          AR_PIPELINE_RESTARTING); /* the painter may have said otherwise */
    atomic_store(&pipeline->must_reopen, false);
    atomic_store(&pipeline->is_up, false);
    atomic_store(&pipeline->leaving, false);
    atomic_store(&pipeline->trying, !restart->going_back);
    restart->phase = AR_RESTART_STARTING;
    ret = ar_pipeline_start_threads(pipeline, &reason);
    if (ret < 0) {
        ar_pipeline_fail(pipeline, AR_PIPELINE_SYSTEM, ret, &reason);
        if (!is_running(pipeline, AR_PIPELINE_COMPUTE_THREAD))
            ar_latch_give(&pipeline->compute_done, ret);
    }
    if (atomic_load(&pipeline->stopping)) /* meanwhile: the latches are new */
        ar_pipeline_cancel_latches(pipeline);
}

/* A stage could not start with the new settings. */
static void go_back(struct ar_pipeline *pipeline)
{
    struct ar_restart *restart = &pipeline->restart;
    const bool must_reopen = atomic_load(&pipeline->must_reopen);
    struct ar_reason reason;
    int ret;

    /* All that are not there any more, too. */
    if (must_reopen || count_showing(pipeline) == 0)
        restart->stages |= AR_PIPELINE_SHOW;
    if (!is_running(pipeline, AR_PIPELINE_CAPTURE_THREAD))
        restart->stages |= AR_PIPELINE_CAPTURE;
    restart->going_back = !must_reopen;
    if (must_reopen)
        restart->result = 0;
    ret =
        make_parts(pipeline, restart->going_back ? &restart->before : &restart->next, &reason);
    if (ret < 0) {
        ar_pipeline_note(pipeline, AR_PIPELINE_SYSTEM, ret, &reason);
        ar_pipeline_stop(pipeline);
        return;
    }
    begin_ending(pipeline);
}

static void end_restart(struct ar_pipeline *pipeline)
{
    struct ar_restart *restart = &pipeline->restart;

    restart->phase = AR_RESTART_NONE;
    restart->has_outcome = true;
    atomic_store(&pipeline->trying, false);
    ar_pipeline_finish_restart(pipeline);
}

static void step_start(struct ar_pipeline *pipeline)
{
    settle_outputs(pipeline);
    if (atomic_load(&pipeline->is_up))
        end_restart(pipeline);
    else if (!is_running(pipeline, AR_PIPELINE_COMPUTE_THREAD))
        go_back(pipeline);
}

void ar_pipeline_step_restart(struct ar_pipeline *pipeline)
{
    struct ar_restart *restart = &pipeline->restart;

    if (restart->phase == AR_RESTART_NONE)
        return;
    if (atomic_load(&pipeline->stopping))
        end_restart(pipeline);
    else if (restart->phase == AR_RESTART_ENDING && have_ended(pipeline))
        begin_starting(pipeline);
    else if (restart->phase == AR_RESTART_STARTING)
        step_start(pipeline);
}
