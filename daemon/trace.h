/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "budget/governor.h"

/*
 * What the governor decided and what came of it, for the last frames: a ring that the compute thread writes, the display
 * thread adds to and the control thread reads, under a lock that is held for a copy.
 *
 * As JSON a frame is
 *   {"frame": 17, "sequence": 421, "capture_us": .., "arrival_us": .., "start_us": .., "deadline_us": .., "end_us": ..,
 *    "shown_us": .., "clock": 1.0, "level": 0.02,
 *    "segments": [{"rung": 9, "cause": "fits", "at_us": .., "predicted_us": ..}, ...]}
 * with times of CLOCK_MONOTONIC; predicted_us is the time from there to the end, margin included; a frame that was given
 * up has fewer segments and no end_us, one that is not on the screen no shown_us. sequence counts at the source. level is the logarithm of the slow-down that was believed at the start.
 */

#define AR_TRACE_FRAMES 2048 /* a minute */

struct ar_trace_frame {
    uint64_t number; /* counts from 1 */
    uint64_t sequence;
    uint64_t capture_us;
    uint64_t arrival_us;
    uint64_t end_us;   /* 0: given up */
    uint64_t shown_us; /* 0: not yet, or never */
    struct ar_governor_frame decided;
};

struct ar_trace {
    pthread_mutex_t lock;
    uint64_t n_added;
    struct ar_trace_frame frames[AR_TRACE_FRAMES];
};

/* NULL without memory. */
struct ar_trace *ar_trace_create(void);
/* Accepts NULL. */
void ar_trace_destroy(struct ar_trace *trace);

/* frame->number is set here. The compute thread's; does not allocate. */
void ar_trace_add(struct ar_trace *trace, const struct ar_trace_frame *frame);

/* The frame that was captured then is on the screen; nothing when it is not in the ring. The display thread's. */
void ar_trace_shown(struct ar_trace *trace, uint64_t capture_us, uint64_t shown_us);

/*
 * Copies up to `capacity` frames, oldest first, beginning with number `from` or the oldest that is left; returns how many.
 */
uint32_t ar_trace_read(struct ar_trace *trace, uint64_t from, struct ar_trace_frame *frames,
                       uint32_t capacity);

json_t *ar_trace_frame_json(const struct ar_trace_frame *frame);

/* What the numbers mean, once: {"trace": 1, "style", "widths", "us", "macs"}, the last two [segment][before][rung]. */
json_t *ar_trace_header_json(const struct ar_cost *cost, const char *style);
