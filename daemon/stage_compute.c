/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/notice.h"
#include "daemon/priv.h"

#define TAG "compute"

/*
 * One with the painter, the newest in the mailboxes; and two with a display that has not shown them yet. That no display keeps
 * more than one for long leaves one for the picture that a fade began with.
 */
#define N_FRAMES_OUT       2
#define N_FRAMES_AN_OUTPUT 2

/* As the first output wants them. */
static const struct ar_frame_shape *painted_shape(const struct ar_pipeline *pipeline)
{
    return ar_display_shape(pipeline->outputs[0].display);
}

static void publish_style(struct ar_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->stats_lock);
    snprintf(pipeline->stats.style, sizeof(pipeline->stats.style), "%s",
             pipeline->painter->model->info.style);
    pipeline->stats.precision = ar_painter_precision_name(pipeline->painter);
    pthread_mutex_unlock(&pipeline->stats_lock);
}

static void set_blend(struct ar_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->live_lock);
    ar_decoder_blend_set_params(pipeline->blend, &pipeline->live_blend);
    pthread_mutex_unlock(&pipeline->live_lock);
}

/* The network alone, then what may come after it. */
static int sweep(struct ar_pipeline *pipeline, struct ar_calibration *calibration,
                 const struct ar_frame *in, struct ar_frame *out, struct ar_frame *before)
{
    const struct ar_decoder_blend_params none = { .strength = 1.0 };
    int ret;

    ar_decoder_blend_forget(pipeline->blend);
    ar_decoder_blend_set_params(pipeline->blend, &none);
    ret = ar_calibration_measure(calibration, pipeline->painter, in, out, &pipeline->stopping);
    ar_calibration_measure_after(calibration, pipeline->blend, pipeline->workers, in, out,
                                 before);
    set_blend(pipeline);
    return ret;
}

/* A sweep over a grey picture. */
static int measure(struct ar_pipeline *pipeline, struct ar_calibration *calibration,
                   struct ar_frame *out, struct ar_frame *before)
{
    struct ar_pool *pool = NULL;
    struct ar_frame *in;
    int ret = ar_pool_create(&pool, &pipeline->shape_in, 1);

    if (ret < 0)
        return ret;
    in = ar_pool_take(pool);
    ar_frame_fill(in, (const uint8_t[3]){ 128, 128, 128 });
    ret = sweep(pipeline, calibration, in, out, before);
    calibration->clock_khz = ar_cpu_clock_now_khz(&pipeline->cpu_clock);
    ar_decoder_temporal_forget(pipeline->temporal);
    ar_frame_unref(&in);
    ar_pool_destroy(pool);
    return ret;
}

static void make_key(const struct ar_pipeline *pipeline, struct ar_calibration_key *key)
{
    char cpu[128];

    ar_cpu_clock_part(cpu, sizeof(cpu), "/proc/cpuinfo");
    ar_calibration_key_make(key, pipeline->painter, &pipeline->shape_in,
                            painted_shape(pipeline), pipeline->kernels.tier,
                            ar_workers_count(pipeline->workers), cpu,
                            pipeline->cpu_clock.max_khz);
}

static void log_dominated(const struct ar_calibration *calibration, const char *style)
{
    const struct ar_cost *cost = &calibration->cost;

    for (uint32_t rung = 0; rung < cost->n_rungs; rung++)
        if (cost->dominated[rung])
            ar_log(AR_LOG_INFO, TAG, "%s: width %g is left out: a wider one takes no longer",
                   style, cost->widths[rung]);
}

static void log_calibration(const struct ar_calibration *calibration, const char *style)
{
    const struct ar_cost *cost = &calibration->cost;
    char how[48] = "kept from an earlier start";

    if (!calibration->kept)
        snprintf(how, sizeof(how), "calibrated in %u ms",
                 (unsigned)(calibration->took_us / 1000));
    ar_log(AR_LOG_INFO, TAG, "%s: times of %u widths %s: %.1f ms at %g, %.1f ms at %g", style,
           cost->n_rungs, how, ar_cost_frame_us(cost, 0) / 1e3, cost->widths[0],
           ar_cost_frame_us(cost, cost->n_rungs - 1) / 1e3, cost->widths[cost->n_rungs - 1]);
    log_dominated(calibration, style);
}

/* For control, which reads it under the lock. */
static void publish_calibration(struct ar_pipeline *pipeline,
                                const struct ar_calibration *calibration)
{
    pthread_mutex_lock(&pipeline->stats_lock);
    pipeline->calibration = *calibration;
    pipeline->cost = calibration->cost;
    pipeline->is_estimated = false;
    pipeline->stats.n_calibrations++;
    pipeline->stats.n_rungs = calibration->cost.n_rungs;
    pthread_mutex_unlock(&pipeline->stats_lock);
}

/* A busy machine's times serve until the next start. */
static void keep(const struct ar_calibration *calibration, const char *folder,
                 const struct ar_calibration_key *key)
{
    struct ar_reason reason;

    if (ar_sweep_is_disturbed(&calibration->sweep))
        ar_log(AR_LOG_INFO, TAG,
               "the machine was busy while times were measured: they are not kept; "
               "`ar-ctl calibrate` measures again");
    else if (ar_calibration_save(calibration, folder, key, &reason) < 0)
        ar_log(AR_LOG_WARN, TAG, "%s: the next start measures again", reason.text);
}

/* Takes the times that were kept for this set-up, if there are any. */
static bool recall(struct ar_pipeline *pipeline)
{
    const struct ar_work work = ar_painter_work(pipeline->painter);
    struct ar_calibration *calibration = calloc(1, sizeof(*calibration));
    struct ar_calibration_key key;
    struct ar_reason reason;
    bool found = false;

    make_key(pipeline, &key);
    if (calibration && pipeline->state_folder[0] != '\0')
        found =
            ar_calibration_load(calibration, pipeline->state_folder, &key, &work, &reason) == 0;
    if (found) {
        log_calibration(calibration, pipeline->painter->model->info.style);
        publish_calibration(pipeline, calibration);
    }
    free(calibration);
    return found;
}

/* Kept times where there are some for this set-up and no new ones are asked for; a sweep otherwise. */
static int find_times(struct ar_pipeline *pipeline, struct ar_calibration *calibration,
                      bool afresh)
{
    const struct ar_work work = ar_painter_work(pipeline->painter);
    const char *folder = pipeline->state_folder;
    struct ar_calibration_key key;
    struct ar_reason reason;
    struct ar_frame *before;
    struct ar_frame *out;
    int ret = -ENOENT;

    make_key(pipeline, &key);
    if (folder[0] != '\0' && !afresh)
        ret = ar_calibration_load(calibration, folder, &key, &work, &reason);
    if (ret == 0)
        return 0;
    if (ret != -ENOENT)
        ar_log(AR_LOG_WARN, TAG, "%s: measuring again", reason.text);
    out = ar_pool_take(pipeline->pool_out);
    before = ar_pool_take(pipeline->pool_out);
    ret = out && before ? measure(pipeline, calibration, out, before) : -ENOBUFS;
    ar_frame_unref(&before);
    ar_frame_unref(&out);
    if (ret == 0 && folder[0] != '\0')
        keep(calibration, folder, &key);
    return ret;
}

static int calibrate(struct ar_pipeline *pipeline, bool afresh)
{
    struct ar_calibration *calibration = calloc(1, sizeof(*calibration));
    int ret = calibration ? find_times(pipeline, calibration, afresh) : -ENOMEM;

    if (ret == 0) {
        log_calibration(calibration, pipeline->painter->model->info.style);
        publish_calibration(pipeline, calibration);
    }
    free(calibration);
    return ret;
}

/* The picture before stays up meanwhile: somebody asked for it. */
static void take_calibration_request(struct ar_pipeline *pipeline)
{
    int ret;

    if (!atomic_exchange(&pipeline->calibration_wanted, false))
        return;
    ar_pipeline_set_state(pipeline, AR_PIPELINE_CALIBRATING);
    ret = calibrate(pipeline, true);
    if (ret == 0)
        ar_governor_set_cost(&pipeline->governor, &pipeline->calibration.cost);
    else if (ret != -ECANCELED)
        ar_log_err(TAG, ret, "calibration");
    ar_pipeline_set_state(pipeline, AR_PIPELINE_RUNNING);
}

/*
 * Times for a network of another shape than the one before. The picture does not wait for a sweep: where these are not
 * the calibrated one's, they are estimated from it.
 */
static void change_times(struct ar_pipeline *pipeline, const struct ar_work *work)
{
    const struct ar_work known = ar_calibration_work(&pipeline->calibration);
    const bool is_known = ar_work_is_same(work, &known);
    struct ar_cost *cost = &pipeline->next_cost;

    if (is_known) {
        *cost = pipeline->calibration.cost;
    } else {
        ar_work_fill_cost(work, cost);
        ar_cost_estimate(cost, &pipeline->calibration.cost);
    }
    ar_governor_set_cost(&pipeline->governor, cost);
    pthread_mutex_lock(&pipeline->stats_lock);
    pipeline->cost = *cost;
    pipeline->is_estimated = !is_known;
    pipeline->stats.n_rungs = cost->n_rungs;
    pthread_mutex_unlock(&pipeline->stats_lock);
}

/* The style that the control thread has ready, if any. */
static void take_style(struct ar_pipeline *pipeline)
{
    struct ar_painter *old = pipeline->painter;
    struct ar_painter *next = NULL;
    struct ar_work old_work;
    struct ar_work work;

    if (!atomic_load(&pipeline->old_painter)) /* the one before has been freed */
        next = atomic_exchange(&pipeline->next_painter, NULL);
    if (!next)
        return;
    pipeline->painter = next;
    ar_decoder_temporal_forget(pipeline->temporal);
    if (pipeline->shown)
        ar_decoder_blend_fade_from(pipeline->blend, pipeline->shown);
    old_work = ar_painter_work(old);
    work = ar_painter_work(next);
    if (!ar_work_is_same(&old_work, &work))
        change_times(pipeline, &work);
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
    ar_decoder_blend_set_params(pipeline->blend, &pipeline->live_blend);
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

/* A flip must be asked for so long before the refresh that it is for; found by experiment in other compositors. */
#define FLIP_LEAD_US 1500u

/* The screen's last refresh that is not later than a moment; 0: there is no grid. */
static uint64_t refresh_before(struct ar_pipeline *pipeline, uint64_t at_us)
{
    uint64_t refresh_us;

    pthread_mutex_lock(&pipeline->phase_lock);
    refresh_us = ar_phase_last_before(&pipeline->phase, at_us);
    pthread_mutex_unlock(&pipeline->phase_lock);
    return refresh_us;
}

/* What is painted then can still be on the screen at the last refresh before the limit; the limit without one. */
static uint64_t flip_deadline(struct ar_pipeline *pipeline, uint64_t now_us, uint64_t limit_us)
{
    const uint64_t refresh_us = refresh_before(pipeline, limit_us);

    return refresh_us > now_us + FLIP_LEAD_US ? refresh_us - FLIP_LEAD_US : limit_us;
}

/* Of a moment, after the refresh before it; -1: there is no grid. */
static int64_t phase_of(struct ar_pipeline *pipeline, uint64_t at_us)
{
    const uint64_t refresh_us = refresh_before(pipeline, at_us);

    return refresh_us > 0 ? (int64_t)(at_us - refresh_us) : -1;
}

/* A live frame's budget runs from its arrival; a clip that waits for us has all of it. */
static struct paint_times start_times(struct ar_pipeline *pipeline, const struct ar_frame *in)
{
    struct paint_times times = { .start_us = ar_clock_now_us() };

    if (ar_capture_lossless(pipeline->capture))
        times.released_us = times.start_us;
    else if (pipeline->governor.params.deadline == AR_BUDGET_CAPTURE)
        times.released_us = in->capture_us;
    else
        times.released_us = in->arrival_us;
    times.deadline_us = times.released_us + pipeline->governor.params.frame_us;
    if (pipeline->governor.params.deadline == AR_BUDGET_VBLANK)
        times.deadline_us = flip_deadline(pipeline, times.start_us, times.deadline_us);
    return times;
}

/* Time at the clock of now over time at the clock of calibration; 1 where either is unknown. */
static double clock_ratio(const struct ar_pipeline *pipeline)
{
    const uint32_t now_khz = ar_cpu_clock_now_khz(&pipeline->cpu_clock);
    const uint32_t then_khz = pipeline->calibration.clock_khz;

    return now_khz > 0 && then_khz > 0 ? (double)then_khz / now_khz : 1.0;
}

static uint64_t period_us(const struct ar_pipeline *pipeline)
{
    const uint32_t rate_millihz = ar_capture_rate_millihz(pipeline->capture);

    return rate_millihz > 0 ? 1000000000u / rate_millihz : 0;
}

/* The widest rung that heat and energy allow. */
static void set_cap(struct ar_pipeline *pipeline)
{
    struct ar_governor *governor = &pipeline->governor;
    const uint32_t heat_cap = atomic_load(&pipeline->heat_cap);
    const uint32_t energy_cap =
        ar_energy_cap(&governor->params.energy, &governor->cost, ar_governor_slowdown(governor),
                      period_us(pipeline));

    ar_governor_set_cap(governor, ar_min_u32(heat_cap, energy_cap));
}

/* What the next picture takes beyond its network. */
static double after_us(const struct ar_pipeline *pipeline)
{
    double us = 0.0;

    if (ar_decoder_blend_has_camera(pipeline->blend))
        us += (double)pipeline->calibration.after_us[AR_CALIBRATION_CAMERA];
    if (ar_decoder_blend_has_fade(pipeline->blend))
        us += (double)pipeline->calibration.after_us[AR_CALIBRATION_FADE];
    return us;
}

/* False when the governor gives the frame up: there is nothing to show. */
static bool paint(struct ar_pipeline *pipeline, const struct ar_frame *in, struct ar_frame *out,
                  struct paint_times *times)
{
    struct ar_governor *governor = &pipeline->governor;
    struct ar_decoder *decoder = pipeline->painter->decoder;
    const uint32_t n_segments = ar_decoder_n_segments(decoder);
    double width_sum = 0.0;
    uint64_t emit_us = 0;
    uint32_t rung;

    ar_governor_set_clock(governor, clock_ratio(pipeline));
    ar_governor_set_after(governor, after_us(pipeline));
    set_cap(pipeline);
    rung = ar_governor_plan(governor, times->start_us, times->deadline_us);
    if (rung == AR_GOVERNOR_BAIL)
        return false;
    if (ar_encoder_run(pipeline->painter->encoder, in, rung))
        ar_decoder_temporal_forget(pipeline->temporal);
    times->encoded_us = ar_clock_now_us();
    times->end_us = times->encoded_us;
    for (uint32_t segment = 0; segment < n_segments; segment++) {
        rung = ar_governor_replan(governor, segment + 1, times->end_us);
        if (rung == AR_GOVERNOR_BAIL)
            return false;
        if (segment + 1 < n_segments)
            ar_decoder_run(decoder, segment, rung);
        else
            emit_us = ar_decoder_paint(decoder, rung, in, out);
        width_sum += governor->cost.widths[rung];
        times->end_us = ar_clock_now_us();
    }
    times->decoded_us = times->end_us - emit_us;
    ar_governor_finish(governor, times->end_us);
    out->sequence = in->sequence;
    out->capture_us = in->capture_us;
    out->arrival_us = in->arrival_us;
    out->painted_us = times->end_us;
    out->width = (float)(width_sum / n_segments);
    return true;
}

static void account(struct ar_pipeline *pipeline, const struct paint_times *times, double width)
{
    struct ar_pipeline_status *stats = &pipeline->stats;
    const struct ar_governor *governor = &pipeline->governor;
    struct ar_budget_ledger *ledger = &stats->ledger;
    const int64_t phase_us = phase_of(pipeline, times->released_us);
    const double frame_j = ar_energy_frame_j(&governor->params.energy, period_us(pipeline),
                                             (double)(times->end_us - times->start_us));

    pthread_mutex_lock(&pipeline->stats_lock);
    stats->phase_us = phase_us;
    ar_budget_ledger_add(ledger, AR_BUDGET_WAIT, times->start_us - times->released_us);
    ar_budget_ledger_add(ledger, AR_BUDGET_ENCODE, times->encoded_us - times->start_us);
    ar_budget_ledger_add(ledger, AR_BUDGET_DECODE, times->decoded_us - times->encoded_us);
    ar_budget_ledger_add(ledger, AR_BUDGET_EMIT, times->end_us - times->decoded_us);
    ar_budget_ledger_add(ledger, AR_BUDGET_PAINT, times->end_us - times->released_us);
    ar_budget_ledger_painted(ledger, times->end_us, times->deadline_us,
                             pipeline->governor.frame.rungs[0], width);
    stats->width = width;
    stats->slowdown = ar_governor_slowdown(&pipeline->governor);
    stats->cap_width =
        governor->cap < governor->cost.n_rungs - 1 ? governor->cost.widths[governor->cap] : 0.0;
    stats->energy_j += frame_j;
    stats->n_energy += frame_j > 0.0;
    stats->budget_us = pipeline->governor.params.frame_us;
    stats->pinned_width = pipeline->governor.params.width;
    if (stats->started_us == 0)
        stats->started_us = times->start_us;
    pthread_mutex_unlock(&pipeline->stats_lock);
}

static void trace(struct ar_pipeline *pipeline, const struct ar_frame *in,
                  const struct paint_times *times)
{
    const struct ar_trace_frame frame = { .sequence = in->sequence,
                                          .capture_us = in->capture_us,
                                          .arrival_us = times->released_us,
                                          .end_us = times->end_us,
                                          .decided = pipeline->governor.frame };

    ar_trace_add(pipeline->trace, &frame);
}

static void count_degraded(struct ar_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->stats_lock);
    pipeline->stats.ledger.n_degraded++;
    pthread_mutex_unlock(&pipeline->stats_lock);
}

static void count_notice(struct ar_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->stats_lock);
    pipeline->stats.n_notices++;
    pthread_mutex_unlock(&pipeline->stats_lock);
}

static void offer(struct ar_output *output, struct ar_frame *frame)
{
    struct ar_frame *reference = ar_frame_ref(frame);

    if (!ar_mailbox_put(output->box, &reference))
        return;
    pthread_mutex_lock(&output->pipeline->stats_lock);
    output->pipeline->stats.outputs[output->index].n_overtaken++;
    pthread_mutex_unlock(&output->pipeline->stats_lock);
}

/* A screen shows the newest; a file keeps all: what the painter has to wait for comes after the others. */
static void hand_on(struct ar_pipeline *pipeline, struct ar_frame *frame)
{
    for (uint32_t i = 0; i < pipeline->n_outputs; i++) {
        if (pipeline->outputs[i].keeps_all)
            continue;
        offer(&pipeline->outputs[i], frame);
        ar_pipeline_wake_output(&pipeline->outputs[i]);
    }
    for (uint32_t i = 0; i < pipeline->n_outputs; i++) {
        struct ar_frame *reference;

        if (!pipeline->outputs[i].keeps_all)
            continue;
        reference = ar_frame_ref(frame);
        ar_mailbox_put_wait(pipeline->outputs[i].box, &reference);
        ar_pipeline_wake_output(&pipeline->outputs[i]);
    }
}

/*
 * A file that comes first gets every picture. One that comes later gets those that it has time for, unless the source
 * waits for us anyway: it must not hold up the screen.
 */
static void choose_waits(struct ar_pipeline *pipeline)
{
    const bool patient = ar_capture_lossless(pipeline->capture) ||
                         ar_display_keeps_all(pipeline->outputs[0].display);

    for (uint32_t i = 0; i < pipeline->n_outputs; i++)
        pipeline->outputs[i].keeps_all =
            patient && ar_display_keeps_all(pipeline->outputs[i].display);
}

/* The meter runs on while nobody looks: its numbers are ready when somebody does. */
static void draw_overlay(struct ar_pipeline *pipeline, const struct paint_times *times,
                         struct ar_frame *out)
{
    struct ar_overlay *shown = &pipeline->meter.shown;

    ar_meter_add(&pipeline->meter, times->end_us, (double)out->width,
                 &pipeline->stats.ledger.stages[AR_BUDGET_PAINT]);
    if (!atomic_load_explicit(&pipeline->overlay, memory_order_relaxed))
        return;
    shown->paint_us = times->end_us - times->released_us;
    shown->budget_us = pipeline->governor.params.frame_us;
    ar_overlay_draw(out, shown);
}

/* Words are for reading: they are shown as they are. What comes after them is another scene. Takes `out`. */
static void show_notice(struct ar_pipeline *pipeline, const struct ar_frame *in,
                        struct ar_frame *out)
{
    ar_notice_draw(out, in->notice);
    ar_decoder_temporal_forget(pipeline->temporal);
    ar_decoder_blend_forget(pipeline->blend);
    ar_frame_unref(&pipeline->shown);
    out->sequence = in->sequence;
    out->capture_us = in->capture_us;
    out->arrival_us = in->arrival_us;
    out->painted_us = ar_clock_now_us();
    count_notice(pipeline);
    hand_on(pipeline, out);
    ar_frame_unref(&out);
}

/* Takes `out`. Where the frame is given up, the picture before stays. */
static void paint_one(struct ar_pipeline *pipeline, const struct ar_frame *in,
                      struct ar_frame *out)
{
    struct paint_times times = start_times(pipeline, in);

    if (!paint(pipeline, in, out, &times)) {
        times.end_us = 0;
        trace(pipeline, in, &times);
        count_degraded(pipeline);
        ar_frame_unref(&out);
        return;
    }
    trace(pipeline, in, &times);
    account(pipeline, &times, (double)out->width);
    if (pipeline->sheet)
        ar_sheet_offer(pipeline->sheet, in, out);
    ar_frame_unref(&pipeline->shown);
    pipeline->shown = ar_frame_ref(out);
    draw_overlay(pipeline, &times, out);
    hand_on(pipeline, out);
    /* The picture is on its way: it does not wait for copies. */
    ar_taps_offer(&pipeline->taps, out, in);
    ar_frame_unref(&out);
}

static bool is_over(const struct ar_pipeline *pipeline)
{
    return atomic_load(&pipeline->leaving) ||
           (pipeline->n_frames > 0 && pipeline->n_painted >= pipeline->n_frames);
}

static void run_frames(struct ar_pipeline *pipeline)
{
    while (!is_over(pipeline)) {
        struct ar_frame *in = NULL;
        struct ar_frame *out;
        int ret = ar_mailbox_take_wait(pipeline->box_in, AR_LOOP_FOREVER, &in);

        if (ret == -EINTR)
            continue;
        if (ret < 0)
            return;
        take_live_changes(pipeline);
        take_style(pipeline);
        take_calibration_request(pipeline);
        out = ar_pool_take(pipeline->pool_out);
        if (!out) {
            ar_pipeline_count_dropped(pipeline);
        } else if (in->notice[0] != '\0') {
            show_notice(pipeline, in, out);
        } else {
            paint_one(pipeline, in, out);
            pipeline->n_painted++;
        }
        ar_frame_unref(&in);
    }
}

/* A painter for the pictures that the source gives now, in the style that control has opened. */
static int make_painter(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    const struct ar_frame_shape *shape = &pipeline->shape_in;
    struct ar_painter_params params = { .model = pipeline->first_model,
                                        .kernels = &pipeline->kernels,
                                        .workers = pipeline->workers,
                                        .width_px = shape->width_px,
                                        .height_px = shape->height_px,
                                        .precision = pipeline->settings.network.precision };
    int ret = ar_decoder_temporal_create(&pipeline->temporal, painted_shape(pipeline),
                                         &pipeline->kernels, pipeline->workers);

    if (ret < 0)
        return ar_reason_set_err(reason, ret, "frames");
    ret = ar_decoder_blend_create(&pipeline->blend, painted_shape(pipeline),
                                  ar_workers_count(pipeline->workers));
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "frames");
    ar_decoder_temporal_set_params(pipeline->temporal, &pipeline->settings.decoder);
    set_blend(pipeline);
    params.blend = pipeline->blend;
    params.temporal = pipeline->temporal;
    pipeline->first_model = NULL;
    ret = ar_painter_create(&pipeline->painter, &params, reason);
    if (ret == 0)
        publish_style(pipeline);
    return ret;
}

/* The outputs have given all frames back when they want others. */
static int make_pool(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    const struct ar_frame_shape *shape = painted_shape(pipeline);
    int ret;

    if (pipeline->pool_out && ar_frame_shape_equal(ar_pool_shape(pipeline->pool_out), shape))
        return 0;
    ar_pool_destroy(pipeline->pool_out);
    pipeline->pool_out = NULL;
    ret = ar_pool_create(&pipeline->pool_out, shape,
                         N_FRAMES_OUT + N_FRAMES_AN_OUTPUT * pipeline->n_outputs);
    return ret < 0 ? ar_reason_set_err(reason, ret, "frames") : 0;
}

/* Into next_cost. The very first start measures; after that the picture is not kept waiting: kept times, or an estimate by the last. */
static int find_cost(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    const bool is_first = pipeline->governor.cost.n_rungs == 0;
    int ret = 0;

    if (is_first) {
        ar_pipeline_set_state(pipeline, AR_PIPELINE_CALIBRATING);
        ret = calibrate(pipeline, false);
    } else if (!recall(pipeline)) {
        const struct ar_work work = ar_painter_work(pipeline->painter);

        change_times(pipeline, &work);
        return 0;
    }
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "calibration");
    pipeline->next_cost = pipeline->calibration.cost;
    return 0;
}

static int prepare(struct ar_pipeline *pipeline, struct ar_reason *reason)
{
    int ret = make_painter(pipeline, reason);

    if (ret == 0)
        ret = make_pool(pipeline, reason);
    if (ret == 0)
        ret = find_cost(pipeline, reason);
    if (ret < 0)
        return ret;
    ar_governor_init(&pipeline->governor, &pipeline->settings.budget, &pipeline->next_cost);
    choose_waits(pipeline);
    pipeline->governor.may_bail =
        !ar_capture_lossless(pipeline->capture) && !pipeline->outputs[0].keeps_all;
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

void ar_pipeline_compute_stage(struct ar_pipeline *pipeline, uint32_t index)
{
    struct ar_reason reason = { "" };
    int ret;

    if (pipeline->settings.network.pin)
        pin_threads(pipeline);
    if (ar_latch_wait(&pipeline->source_open) == 0 &&
        ar_latch_wait(&pipeline->displays_open) == 0) {
        ret = prepare(pipeline, &reason);
        if (ret == 0) {
            atomic_store(&pipeline->trying, false);
            atomic_store(&pipeline->is_up, true);
            ar_pipeline_set_state(pipeline, atomic_load(&pipeline->paused)
                                                ? AR_PIPELINE_PAUSED
                                                : AR_PIPELINE_RUNNING);
            ar_latch_give(&pipeline->go, 0);
            run_frames(pipeline);
        } else if (ret != -ECANCELED) {
            ar_pipeline_fail(pipeline, AR_PIPELINE_STYLE, ret, &reason);
        }
    }
    if (atomic_load(&pipeline->leaving) || atomic_load(&pipeline->trying)) {
        ar_latch_give(&pipeline->compute_done, 0);
        return;
    }
    ar_pipeline_stop_source(pipeline);
    ar_latch_give(&pipeline->compute_done, 0);
    ar_pipeline_close_outputs(pipeline);
}
