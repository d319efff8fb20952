/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/reason.h"
#include "budget/histogram.h"
#include "budget/ledger.h"
#include "daemon/notify.h"
#include "daemon/settings.h"
#include "daemon/styles.h"
#include "daemon/tap.h"

/*
 * The pipeline: a capture thread, a compute thread with its row workers, and a thread for each display, joined
 * by mailboxes of one frame each.
 *
 * Everything here is called by the control thread, whose loop is woken when the pipeline ends. The
 * picture never waits for the control thread.
 */

struct ar_pipeline;

struct ar_pipeline_params {
    const struct ar_settings *settings; /* copied */
    struct ar_styles *styles;           /* borrowed */
    struct ar_loop *control_loop;       /* woken by events below; borrowed */
    struct ar_notify *notify;           /* told of pictures that are shown; borrowed */
    bool
        demo; /* where `auto` finds no screen: the demo clip with its contact sheet; otherwise it waits for one */
};

#define AR_PIPELINE_DEMO_SECONDS 10
#ifdef AR_HAVE_LIBAV
#    define AR_PIPELINE_DEMO_CLIP "ar-daemon-demo.mp4"
#else
#    define AR_PIPELINE_DEMO_CLIP "ar-daemon-demo.y4m"
#endif
#define AR_PIPELINE_DEMO_SHEET "ar-daemon-demo.jpg"

/* Which part of the pipeline an error came from: it decides the exit code. */
enum ar_pipeline_part {
    AR_PIPELINE_NOTHING,
    AR_PIPELINE_STYLE,
    AR_PIPELINE_SOURCE,
    AR_PIPELINE_DISPLAY,
    AR_PIPELINE_SYSTEM,
};

struct ar_pipeline_end {
    int result; /* 0: the clip ended, the asked-for frames are painted, or a stop was asked for */
    enum ar_pipeline_part part;
    struct ar_reason reason;
};

/* Opens nothing; checks what can be checked without: source, output, style file. */
int ar_pipeline_create(struct ar_pipeline **out, const struct ar_pipeline_params *params,
                       struct ar_pipeline_end *why);

/* Starts the threads. What goes wrong from here on is told by ar_pipeline_ended(). */
int ar_pipeline_start(struct ar_pipeline *pipeline, struct ar_pipeline_end *why);

/* Asks all threads to finish; returns at once. Idempotent. */
void ar_pipeline_stop(struct ar_pipeline *pipeline);

/* True once every thread is done, with the first thing that went wrong. */
bool ar_pipeline_ended(const struct ar_pipeline *pipeline, struct ar_pipeline_end *end);

/* Joins and frees. Only when ended, or before start. Accepts NULL. */
void ar_pipeline_destroy(struct ar_pipeline *pipeline);

/* Live changes. The style is loaded here and swapped in at the next frame; on error the old one stays. */
int ar_pipeline_set_style(struct ar_pipeline *pipeline, const char *name,
                          struct ar_reason *reason);
void ar_pipeline_set_budget(struct ar_pipeline *pipeline,
                            const struct ar_budget_params *budget);
void ar_pipeline_set_decoder(struct ar_pipeline *pipeline,
                             const struct ar_decoder_params *decoder);
void ar_pipeline_set_blend(struct ar_pipeline *pipeline,
                           const struct ar_decoder_blend_params *blend);
void ar_pipeline_set_overlay(struct ar_pipeline *pipeline, bool wanted);

/*
 * The camera is closed and nothing is painted until resume; the last picture stays. From the next frame on; what is set meanwhile
 * counts from the first picture after it.
 */
void ar_pipeline_pause(struct ar_pipeline *pipeline);
void ar_pipeline_resume(struct ar_pipeline *pipeline);

/* A set of stages. */
#define AR_PIPELINE_CAPTURE 1u
#define AR_PIPELINE_COMPUTE 2u
#define AR_PIPELINE_SHOW    4u /* the display */

/*
 * Starts these stages anew with other settings; the last picture stays up meanwhile where its display can. The compute
 * stage always is one of them, the others go on. What can be checked without opening a device is checked at once, with
 * nothing changed after an error; -EBUSY while that is impossible. The rest happens in ar_pipeline_serve(), and where it
 * fails the settings before are taken back: see ar_pipeline_restarted().
 */
int ar_pipeline_restart(struct ar_pipeline *pipeline, uint32_t stages,
                        const struct ar_settings *settings, struct ar_reason *reason);

/* True once after each restart. result: 0, or why the settings before are back (a negative errno, and the reason). */
bool ar_pipeline_restarted(struct ar_pipeline *pipeline, int *result, struct ar_reason *reason);

/* Measures the network's times again at the next frame; the picture stands still for two seconds at most. */
void ar_pipeline_calibrate(struct ar_pipeline *pipeline);
/* What each layer costs at each width (daemon/explain.h). NULL with the reason before that is known. */
json_t *ar_pipeline_explain(struct ar_pipeline *pipeline, struct ar_reason *reason);

/*
 * {"header", "frames", "next"}: the frames from a number on, AR_PIPELINE_TRACE_FRAMES at most (daemon/trace.h), and the
 * number to go on with.
 */
#define AR_PIPELINE_TRACE_FRAMES 64
json_t *ar_pipeline_trace(struct ar_pipeline *pipeline, uint64_t from);

/* The widest rung that may run, UINT32_MAX: all. From the next frame on. */
void ar_pipeline_set_heat_cap(struct ar_pipeline *pipeline, uint32_t rung);

/* A control of the camera: as ar_capture_set_control(). */
int ar_pipeline_set_control(struct ar_pipeline *pipeline, const char *name, const char *text,
                            struct ar_reason *reason);

/* Of the pictures that go in and come out, which stay as they are. -EAGAIN before the first. */
int ar_pipeline_shapes(struct ar_pipeline *pipeline, struct ar_frame_shape *camera,
                       struct ar_frame_shape *painting);
/* Offers each painting from now on to the tap, borrowed; NULL ends that: as ar_taps_set(). Notices are no paintings. */
void ar_pipeline_set_tap(struct ar_pipeline *pipeline, enum ar_tap_place place,
                         struct ar_tap *tap);

/*
 * After each event of the control loop: frees styles that were swapped out, brings a restart on. How many styles the
 * window's keys ask to go on.
 */
int ar_pipeline_serve(struct ar_pipeline *pipeline);

enum ar_pipeline_state {
    AR_PIPELINE_STARTING,
    AR_PIPELINE_CALIBRATING,
    AR_PIPELINE_RESTARTING, /* a stage; the picture stands still */
    AR_PIPELINE_RUNNING,
    AR_PIPELINE_PAUSED,
    AR_PIPELINE_IDLE, /* nobody sees the pictures */
    AR_PIPELINE_ENDED,
    AR_PIPELINE_N_STATES,
};

enum ar_pipeline_output_state {
    AR_PIPELINE_OUTPUT_CLOSED, /* not opened yet */
    AR_PIPELINE_OUTPUT_OPEN,
    AR_PIPELINE_OUTPUT_FAILED, /* for good; the others go on */
    AR_PIPELINE_OUTPUT_N_STATES,
};

/* Of one display. */
struct ar_pipeline_output {
    enum ar_pipeline_output_state state;
    char describe[192]; /* empty until open */
    char why[192];      /* when failed */
    struct ar_display_condition screen;
    const char *screen_state; /* "up", "taken", ...; NULL until open */
    const char *screen_words; /* why nothing is seen; empty while it is up, NULL until open */
    uint32_t refresh_millihz;
    uint64_t n_shown;
    uint64_t n_overtaken;        /* pictures that a newer one took the place of */
    struct ar_histogram latency; /* from capture to the screen */
};

struct ar_pipeline_status {
    enum ar_pipeline_state state;
    char source[192];         /* empty until open */
    const char *source_state; /* "flowing", "lost", ... */
    const char *source_words; /* why there are no pictures; empty while it flows */
    struct ar_pipeline_output outputs[AR_DISPLAY_MAX]; /* in the order of display.output */
    uint32_t n_outputs;
    uint32_t leader; /* the first that works: the ledger's latency is its own */
    char style[AR_MODEL_NAME_MAX];
    char loop[16]; /* "io_uring" or "poll" */
    const char *tier;
    const char *precision; /* "f32" or "int8"; NULL before the style is ready */
    uint32_t width_px;
    uint32_t height_px;
    uint32_t rate_millihz;     /* that the source promised */
    uint32_t measured_millihz; /* of pictures that came; 0 in the first second */
    uint32_t refresh_millihz;  /* of the leader, found from its flips; 0: not known */
    uint32_t n_threads;
    uint32_t frames_wanted; /* 0: no end */
    uint64_t budget_us;
    double pinned_width; /* 0: automatic */
    double width;        /* of the last frame */
    double slowdown;
    uint64_t started_us; /* of the first frame; 0 before */
    uint64_t n_calibrations;
    uint32_t n_rungs;  /* 0: not known yet */
    double cap_width;  /* the widest that heat and energy allow; 0: all */
    double energy_j;   /* of all frames painted while the watts were known */
    uint64_t n_energy; /* those frames */
    int64_t
        phase_us; /* of the newest frame's arrival after the screen's last refresh; -1: unknown */
    uint64_t n_captured; /* all that came: painted, dropped, degraded, and the few under way */
    uint64_t n_dropped;  /* overtaken, or no buffer free */
    uint64_t n_lost;
    uint64_t n_corrupt;
    uint64_t n_guessed; /* pictures whose time stamp could not be */
    uint64_t n_resumed; /* times that the camera came back */
    uint64_t n_notices; /* words in place of a picture, given to the displays */
    struct ar_budget_ledger ledger;
};

void ar_pipeline_status(struct ar_pipeline *pipeline, struct ar_pipeline_status *status);
