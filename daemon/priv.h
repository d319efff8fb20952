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
#include "daemon/convert.h"
#include "daemon/cpu_clock.h"
#include "daemon/latch.h"
#include "daemon/meter.h"
#include "daemon/notify.h"
#include "daemon/painter.h"
#include "daemon/pipeline.h"
#include "daemon/sheet.h"
#include "daemon/tap.h"
#include "daemon/trace.h"
#include "nn/orient.h"

/*
 * The pipeline's inside, shared by its three stages. Who writes what:
 *   capture thread   capture, capture_loop (until its latch is given), box_in
 *   compute thread   painter, temporal, blend, governor, outputs' boxes, sheet
 *   display threads  each its own output; the one that leads also `phase`
 * `stats` is the one struct that all write, each for a few hundred nanoseconds under stats_lock.
 */

/* One output: a display with a thread, a loop and a mailbox of its own, so that none waits for another. */
struct ar_output {
    struct ar_pipeline *pipeline;
    uint32_t index;
    struct ar_display_params params;
    struct ar_display *display;
    struct ar_loop *loop;
    struct ar_mailbox *box;
    struct ar_convert *convert; /* NULL: it takes frames as they are painted */
    bool failed;
    bool keeps_all;          /* the painter waits for it; compute thread's */
    atomic_bool must_resize; /* the source is started anew, and may have another size */
};

enum ar_pipeline_thread_id {
    AR_PIPELINE_CAPTURE_THREAD,
    AR_PIPELINE_COMPUTE_THREAD,
    AR_PIPELINE_DISPLAY_THREAD, /* of the first output, and so on */
    AR_PIPELINE_MAX_THREADS = AR_PIPELINE_DISPLAY_THREAD + AR_DISPLAY_MAX,
};

/* A thread's body: it returns when its stage is over. `index` is the output's, of the others 0. */
typedef void ar_pipeline_stage_fn(struct ar_pipeline *pipeline, uint32_t index);

struct ar_pipeline_thread {
    struct ar_pipeline *pipeline;
    ar_pipeline_stage_fn *stage;
    uint32_t index; /* of its output */
    char name[16];
    pthread_t id;
    bool started; /* and not joined; control's */
    atomic_bool running;
};

enum ar_restart_phase {
    AR_RESTART_NONE,
    AR_RESTART_ENDING,   /* the stages' threads are to end */
    AR_RESTART_STARTING, /* new ones are under way to their first frame */
};

/* Stages that are started anew. Control's, but for what says otherwise. */
struct ar_restart {
    enum ar_restart_phase phase;
    uint32_t stages;
    bool going_back;
    struct ar_settings before; /* to go back to */
    /* Made in advance, so that what is wrong with the settings changes nothing. */
    struct ar_settings next;
    struct ar_capture *capture;
    struct ar_output outputs[AR_DISPLAY_MAX];
    uint32_t n_outputs;
    struct ar_workers *workers;
    struct ar_model *model;
    struct ar_capture_counters counted; /* by captures that are no more */
    bool has_outcome;
    int result; /* under stats_lock, as the reason: of what failed on the way */
    struct ar_reason reason;
};

struct ar_pipeline {
    struct ar_settings settings; /* as asked for; live changes come through `live` */
    struct ar_styles *styles;
    struct ar_loop *control_loop;
    bool demo;
    struct ar_notify *
        notify; /* its functions are called by the display thread, and by a capture thread that rests */

    struct ar_kernels kernels;
    struct ar_workers *workers;

    struct ar_capture *capture;
    struct ar_output
        outputs[AR_DISPLAY_MAX]; /* frames are painted as the first one wants them */
    uint32_t n_outputs;
    atomic_uint n_closed; /* outputs that have not opened yet */
    atomic_uint leader; /* the first output that works: times and signs of life come from it */
    struct ar_loop
        *capture_loop; /* made, used and destroyed by its own thread, as outputs' are */
    pthread_mutex_t loops_lock; /* for stop(), which may meet a loop that is just being made */
    struct ar_orient orient;    /* from the camera's frames to what is painted */
    struct ar_frame_shape shape_in; /* of these; valid once source_open is given */
    struct ar_pool *pool_turned;    /* the capture thread's; NULL: nothing to turn */
    struct ar_mailbox *box_in;
    struct ar_latch source_open;
    struct ar_latch displays_open;
    struct ar_latch go; /* calibrated, screens open: frames may come */
    struct ar_latch
        compute_done; /* no frame of the source is in use any more; a stop does not give it */

    struct ar_pipeline_thread threads[AR_PIPELINE_MAX_THREADS];
    atomic_bool paused;
    atomic_bool tapped;             /* a recording or a snapshot wants pictures */
    atomic_uint_fast64_t unseen_us; /* since when nobody sees the pictures; 0: somebody does */
    atomic_bool stopping;

    struct ar_restart restart;
    atomic_bool leaving;        /* the compute stage is to end, and nothing else with it */
    atomic_bool trying;         /* until the first frame: what fails then can be gone back on */
    atomic_bool is_up;          /* the new stages are under way: the painter has begun */
    atomic_bool source_is_open; /* again */
    atomic_uint n_looking;      /* outputs that look at it */
    atomic_bool must_reopen;    /* an output, for pictures of another size */

    struct ar_model *
        first_model; /* checked before any device is touched; the painter's once there is one */
    struct ar_painter *painter;                /* compute thread's */
    _Atomic(struct ar_painter *) next_painter; /* control to compute */
    _Atomic(struct ar_painter *) old_painter;  /* compute to control */
    struct ar_decoder_temporal
        *temporal; /* compute thread's, as the blend; painters point to them */
    struct ar_decoder_blend *blend;
    struct ar_frame
        *shown; /* compute thread's: the last picture that it handed on; NULL: none, or words */
    struct ar_governor governor;
    struct ar_cost next_cost; /* of a style that is switched to: too large for a stack */
    /* The governor's, for control, which reads it under stats_lock. */
    struct ar_cost cost;
    bool is_estimated; /* from the times of a network of another shape */
    struct ar_cpu_clock cpu_clock;
    /* Written by the compute thread under stats_lock. */
    struct ar_calibration calibration;
    char state_folder[512]; /* empty: nowhere to keep calibrations */
    atomic_bool calibration_wanted;
    atomic_uint heat_cap; /* the widest rung that heat allows; control's */
    pthread_mutex_t phase_lock;
    struct ar_phase phase; /* of the leader's screen; its thread's, read by compute */
    struct ar_trace *trace;
    struct ar_sheet *sheet; /* NULL: none wanted */
    struct ar_pool *pool_out;
    struct ar_taps taps;
    uint32_t n_frames;      /* to paint; 0: no end */
    uint32_t n_painted;     /* of them; compute thread's */
    atomic_int style_steps; /* asked for by keys */

    struct ar_meter meter; /* compute thread's */
    atomic_bool overlay;   /* wanted */

    pthread_mutex_t live_lock; /* never held for more than a copy */
    struct ar_budget_params live_budget;
    struct ar_decoder_params live_decoder;
    struct ar_decoder_blend_params live_blend;
    atomic_bool live_changed;

    pthread_mutex_t stats_lock;
    struct ar_pipeline_status stats;
    struct ar_pipeline_end end;
};

/* Records the first thing that went wrong, for the exit code. */
void ar_pipeline_note(struct ar_pipeline *pipeline, enum ar_pipeline_part part, int result,
                      const struct ar_reason *reason);
/* The same, and stops everything; a stage that is started anew is gone back on. */
void ar_pipeline_fail(struct ar_pipeline *pipeline, enum ar_pipeline_part part, int result,
                      const struct ar_reason *reason);
void ar_pipeline_set_state(struct ar_pipeline *pipeline, enum ar_pipeline_state state);

/* Starts the threads that do not run, and joins one that has ended. Control's. */
int ar_pipeline_start_threads(struct ar_pipeline *pipeline, struct ar_reason *reason);
void ar_pipeline_join(struct ar_pipeline *pipeline, uint32_t id);

/* A style of the list, or a file. On success *model is the caller's. */
int ar_pipeline_open_style(const struct ar_pipeline *pipeline, const char *name,
                           struct ar_model **model, struct ar_reason *reason);

/* Those that are listed, not started; destroy also takes what make left half done. */
int ar_pipeline_make_outputs(struct ar_pipeline *pipeline,
                             const struct ar_display_params *params,
                             struct ar_output outputs[AR_DISPLAY_MAX], uint32_t *n_outputs,
                             struct ar_reason *reason);
void ar_pipeline_destroy_outputs(struct ar_output outputs[AR_DISPLAY_MAX], uint32_t *n_outputs);

/* One more output is open; after the last the painter may begin. */
void ar_pipeline_count_open(struct ar_pipeline *pipeline);

/* Whether `n_threads` painters can be pinned, where they are to be. */
int ar_pipeline_check_pin(const struct ar_network_params *network, uint32_t n_threads,
                          struct ar_reason *reason);
uint32_t ar_pipeline_usable_threads(uint32_t asked);

/* Releases whoever waits for a stage that will not be there. */
void ar_pipeline_cancel_latches(struct ar_pipeline *pipeline);

/* A stage that is started anew cannot be: its first reason stays. */
void ar_pipeline_refuse(struct ar_pipeline *pipeline, int result,
                        const struct ar_reason *reason);

/* One step of a restart that is under way; what it had made is freed. Control's. */
void ar_pipeline_step_restart(struct ar_pipeline *pipeline);
void ar_pipeline_finish_restart(struct ar_pipeline *pipeline);

/* Makes a loop for the calling thread and publishes it in *slot for stop(); withdraw undoes that. */
int ar_pipeline_publish_loop(struct ar_pipeline *pipeline, struct ar_loop **slot);
void ar_pipeline_withdraw_loop(struct ar_pipeline *pipeline, struct ar_loop **slot);

/* Whether somebody sees the pictures: where nobody does for a second, the capture thread rests. */
void ar_pipeline_set_seen(struct ar_pipeline *pipeline, bool seen);

/* A frame was overtaken, or there was no buffer for it. */
void ar_pipeline_count_dropped(struct ar_pipeline *pipeline);

/* No more frames are wanted. */
void ar_pipeline_stop_source(struct ar_pipeline *pipeline);
/* Something is in the output's box, or it was closed. */
void ar_pipeline_wake_output(struct ar_output *output);
void ar_pipeline_close_outputs(struct ar_pipeline *pipeline);

/* The threads' bodies. */
ar_pipeline_stage_fn ar_pipeline_capture_stage;
ar_pipeline_stage_fn ar_pipeline_compute_stage;
ar_pipeline_stage_fn ar_pipeline_display_stage;
