/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "daemon/control.h"
#include "daemon/pipeline.h"

/*
 * What happens, for the clients that listen: `tell` passes on at once what the control thread does itself; what the
 * pipeline's threads do is found by looking ten times a second, and only while somebody listens. doc/PROTOCOL.md
 * lists the events. The control thread's.
 */

/* The pipeline as it was when it was last looked at. */
struct ar_events_seen {
    enum ar_pipeline_state state;
    bool is_ready; /* a picture has been shown */
    bool is_capped;
    const char *source_state;
    const char *source_words;
    struct ar_events_display {
        enum ar_pipeline_output_state state;
        char describe[192];
    } displays[AR_DISPLAY_MAX];
    char style[AR_MODEL_NAME_MAX];
    uint64_t n_calibrations;
    uint64_t n_painted;
    uint64_t n_missed;
    uint64_t n_degraded;
};

struct ar_events {
    struct ar_control *control;   /* NULL: nobody can listen */
    struct ar_pipeline *pipeline; /* borrowed */
    struct ar_loop_source *timer;
    struct ar_events_seen seen;
    struct ar_events_seen counted; /* where the counters stood when misses were last told */
    uint64_t counted_us;
};

/* control may be NULL; both are borrowed. */
int ar_events_start(struct ar_events *events, struct ar_loop *loop, struct ar_control *control,
                    struct ar_pipeline *pipeline);
/* Accepts what was zeroed only. */
void ar_events_stop(struct ar_events *events);

/* Somebody listens from now on. */
void ar_events_listen(struct ar_events *events);

/* event: an object with at least the text "event"; the time is added. Steals the reference. */
void ar_events_tell(struct ar_events *events, json_t *event);
