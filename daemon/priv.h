/* SPDX-License-Identifier: MIT */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/mailbox.h"
#include "base/pool.h"
#include "base/workers.h"
#include "budget/governor.h"
#include "budget/phase.h"
#include "daemon/calibration.h"
#include "daemon/cpu_clock.h"
#include "daemon/latch.h"
#include "daemon/notify.h"
#include "daemon/painter.h"
#include "daemon/pipeline.h"
#include "daemon/sheet.h"
#include "daemon/trace.h"

/*
 * The pipeline's inside, shared by its three stages. Who writes what:
 *   capture thread   capture, capture_loop (until its latch is given), box_in
 *   compute thread   painter, temporal, governor, box_out, sheet
 *   display thread   display, display_loop (likewise)
 * `stats` is the one struct that all write, each for a few hundred nanoseconds under stats_lock.
 */

struct ar_pipeline {
    struct ar_settings settings; /* as asked for; live changes come through `live` */
    const struct ar_styles *styles;
    struct ar_loop *control_loop;
    bool demo;
    struct ar_notify notify; /* its functions are called by display and capture thread */

    struct ar_kernels kernels;
    struct ar_workers *workers;

    struct ar_capture *capture;
    struct ar_display *display;
    struct ar_loop *capture_loop; /* each made, used and destroyed by its own thread */
    struct ar_loop *display_loop;
    pthread_mutex_t loops_lock; /* for stop(), which may meet a loop that is just being made */
    struct ar_mailbox *box_in;
    struct ar_mailbox *box_out;
    struct ar_latch source_open;
    struct ar_latch display_open;
    struct ar_latch go; /* calibrated, screen open: frames may come */
    struct ar_latch
        compute_done; /* no frame of the source is in use any more; a stop does not give it */

    pthread_t threads[3];
    uint32_t n_threads;
    atomic_uint n_running;
    atomic_bool stopping;

    struct ar_model *
        first_model; /* checked before any device is touched; the painter's once there is one */
    struct ar_painter *painter;                /* compute thread's */
    _Atomic(struct ar_painter *) next_painter; /* control to compute */
    _Atomic(struct ar_painter *) old_painter;  /* compute to control */
    struct ar_decoder_temporal *temporal;      /* compute thread's; painters point to it */
    struct ar_governor governor;
    struct ar_cost next_cost; /* of a style that is switched to: too large for a stack */
    struct ar_cpu_clock cpu_clock;
    /* Written by the compute thread under stats_lock. */
    struct ar_calibration calibration;
    char state_folder[512];         /* empty: nowhere to keep calibrations */
    struct ar_work calibrated_work; /* model NULL before the first */
    atomic_bool calibration_wanted;
    atomic_uint heat_cap; /* the widest rung that heat allows; control's */
    pthread_mutex_t phase_lock;
    struct ar_phase phase; /* of the screen; the display thread's, read by compute */
    struct ar_trace *trace;
    struct ar_sheet *sheet; /* NULL: none wanted */
    struct ar_pool *pool_out;
    uint32_t n_frames;      /* to paint; 0: no end */
    atomic_int style_steps; /* asked for by keys */

    pthread_mutex_t live_lock; /* never held for more than a copy */
    struct ar_budget_params live_budget;
    struct ar_decoder_params live_decoder;
    atomic_bool live_changed;

    pthread_mutex_t stats_lock;
    struct ar_pipeline_status stats;
    struct ar_pipeline_end end;
};

/* Records the first thing that went wrong and stops everything. */
void ar_pipeline_fail(struct ar_pipeline *pipeline, enum ar_pipeline_part part, int result,
                      const struct ar_reason *reason);
void ar_pipeline_set_state(struct ar_pipeline *pipeline, enum ar_pipeline_state state);

/* Makes a loop for the calling thread and publishes it in *slot for stop(); withdraw undoes that. */
int ar_pipeline_publish_loop(struct ar_pipeline *pipeline, struct ar_loop **slot);
void ar_pipeline_withdraw_loop(struct ar_pipeline *pipeline, struct ar_loop **slot);

/* A frame was overtaken, or there was no buffer for it. */
void ar_pipeline_count_dropped(struct ar_pipeline *pipeline);

/* No more frames are wanted. */
void ar_pipeline_stop_source(struct ar_pipeline *pipeline);
/* Something is in box_out, or it was closed. */
void ar_pipeline_wake_display(struct ar_pipeline *pipeline);

/* The three threads' bodies; each returns when its stage is over. */
void ar_pipeline_capture_stage(struct ar_pipeline *pipeline);
void ar_pipeline_compute_stage(struct ar_pipeline *pipeline);
void ar_pipeline_display_stage(struct ar_pipeline *pipeline);
