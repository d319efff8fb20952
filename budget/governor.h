/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "budget/cost.h"
#include "budget/energy.h"

/*
 * Governor: picks the width of each frame, and again of each segment inside it, so that the frame lands inside
 * its budget with as much of the network computed as the moment allows.
 *
 * How slow the machine is now against calibration is one number, the level (a logarithm: what slows a machine
 * down, multiplies). Each frame moves it; inside a frame, each segment that has run says more. At each decision
 * point a margin is kept free, a quantile of how wrong the predictions made at that point have been: the later, the
 * smaller, and what an early one kept free a later one spends.
 *
 *   time of what is left = clock * exp(level + margin) * calibrated time
 *
 * The encoder goes narrower at once, wider only after a row of frames that would all have fitted. Pure: no clock, no thread, no I/O.
 * One thread calls. Times that stand still, run backward or jump are not errors: they teach it little or nothing.
 */

enum ar_budget_deadline {
    AR_BUDGET_ARRIVAL, /* frame_us after the frame arrived */
    AR_BUDGET_CAPTURE, /* frame_us after the camera's time stamp: transfer and decoding count */
    AR_BUDGET_VBLANK,  /* the last refresh of the screen before that */
};

struct ar_budget_params {
    uint64_t frame_us;  /* until painted; deadlines are the caller's */
    double width;       /* 0: automatic; otherwise pins the nearest rung */
    uint32_t deadline;  /* enum ar_budget_deadline */
    double temperature; /* degrees Celsius to stay under; 0: whatever it gets to */
    struct ar_energy_params energy;
};

extern const struct ar_option ar_budget_options[];

/* Why a segment runs at the rung it does. */
enum ar_governor_cause {
    AR_GOVERNOR_FITS,   /* the widest that fits, or the widest there is */
    AR_GOVERNOR_HELD,   /* a wider one would fit, but not for long enough yet */
    AR_GOVERNOR_CAPPED, /* a wider one would fit, but heat or energy forbids */
    AR_GOVERNOR_PINNED, /* by the user, or no deadline */
    AR_GOVERNOR_TIGHT,  /* not even the narrowest fits: it runs all the same */
    AR_GOVERNOR_BAILED, /* not even the narrowest fits: the frame is given up */
    AR_GOVERNOR_N_CAUSES,
};

const char *ar_governor_cause_name(enum ar_governor_cause cause);

/* In place of a rung: give the frame up, show the picture before. */
#define AR_GOVERNOR_BAIL UINT32_MAX

#define AR_GOVERNOR_N_RECENT 8

/* The frame under way, or the last one. */
struct ar_governor_frame {
    uint64_t start_us;
    uint64_t deadline_us; /* 0: none */
    double clock;       /* time at the clock it started at over time at the calibrated clock */
    uint32_t n_decided; /* segments whose rung is decided */
    uint32_t rungs[AR_COST_MAX_SEGMENTS];
    enum ar_governor_cause causes[AR_COST_MAX_SEGMENTS];
    uint64_t decided_us[AR_COST_MAX_SEGMENTS]; /* when: the segment's start */
    double levels[AR_COST_MAX_SEGMENTS];       /* what was believed then */
    double predicted_us[AR_COST_MAX_SEGMENTS]; /* from there to the end, margin included */
};

/* Plain data to copy and read; written by the functions below only. */
struct ar_governor {
    struct ar_budget_params params;
    struct ar_cost cost;
    double level;
    double clock;
    uint32_t cap;  /* the widest rung allowed */
    bool may_bail; /* a frame may be given up: a live picture, not a file where all count */
    bool fresh;    /* the ladder is new: the next plan may go up at once */
    bool bailed;   /* the last frame was given up: the next is not */
    uint32_t rung; /* the encoder's, of the last frame that was not pinned */
    uint32_t fits_in_a_row; /* frames since a wider one would have fitted */
    uint32_t fits_rung;     /* the widest that fitted in all of those */
    uint32_t n_unlearnt;    /* first frames, whose times say little */
    uint32_t wait;          /* frames that must have fitted before going up */
    uint32_t since_up; /* frames since the last move up, and since the wait was last changed */
    uint32_t since_wait;
    uint32_t misses_in_a_row;
    uint32_t n_spikes_in_a_row;
    double recent[AR_GOVERNOR_N_RECENT]; /* residuals of the last frames, a ring */
    uint32_t n_recent;
    double margins[AR_COST_MAX_SEGMENTS]; /* of each decision; logarithms */
    double biases[AR_COST_MAX_SEGMENTS];  /* of each segment, beside the level; logarithms */
    struct ar_governor_frame frame;
    uint64_t n_infeasible; /* frames for which even the narrowest did not fit */
    uint64_t n_bailed;
};

/* cost is copied; it has at least one rung and one segment. */
void ar_governor_init(struct ar_governor *governor, const struct ar_budget_params *params,
                      const struct ar_cost *cost);
/* Live changes; the next plan uses them. */
void ar_governor_set_params(struct ar_governor *governor,
                            const struct ar_budget_params *params);
/* A new style or size, between frames: costs change, what was learned about the machine stays. */
void ar_governor_set_cost(struct ar_governor *governor, const struct ar_cost *cost);
/* What is laid over the next pictures (struct ar_cost): strength, a fade. */
void ar_governor_set_after(struct ar_governor *governor, double after_us);
/* Time at the clock of now over time at the clock of calibration; what is not a sane number counts as 1. */
void ar_governor_set_clock(struct ar_governor *governor, double ratio);
/* The widest rung that heat and energy allow; beyond the ladder: all. */
void ar_governor_set_cap(struct ar_governor *governor, uint32_t rung);

/*
 * At frame start: the rung for the encoder, and tentatively for the rest. deadline_us 0: no deadline, the widest.
 * AR_GOVERNOR_BAIL: the frame is not worth starting.
 */
uint32_t ar_governor_plan(struct ar_governor *governor, uint64_t now_us, uint64_t deadline_us);

/* Before segment `segment` (>= 1, in order): the rung that it and, tentatively, the rest go on with; or BAIL. */
uint32_t ar_governor_replan(struct ar_governor *governor, uint32_t segment, uint64_t now_us);

/* The frame is painted: learns from what it took. Not after BAIL. */
void ar_governor_finish(struct ar_governor *governor, uint64_t now_us);

/* exp(level) * clock: how many times slower the machine is than when it was calibrated. */
double ar_governor_slowdown(const struct ar_governor *governor);
