/* SPDX-License-Identifier: MIT */
#include "daemon/events.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/macros.h"
#include "daemon/status.h"

#define PERIOD_US      100000u
#define MISS_PERIOD_US 1000000u /* misses are told in sums of so long */

static void look(const struct ar_events *events, struct ar_events_seen *seen)
{
    struct ar_pipeline_status status;

    ar_pipeline_status(events->pipeline, &status);
    *seen = (struct ar_events_seen){
        .state = status.state,
        .is_ready = status.outputs[status.leader].n_shown > 0,
        .is_capped = status.cap_width > 0.0,
        .source_state = status.source_state,
        .source_words = status.source_words,
        .n_calibrations = status.n_calibrations,
        .n_painted = status.ledger.n_painted,
        .n_missed = status.ledger.n_missed,
        .n_degraded = status.ledger.n_degraded,
    };
    for (uint32_t i = 0; i < status.n_outputs; i++) {
        seen->displays[i].state = status.outputs[i].state;
        memcpy(seen->displays[i].describe, status.outputs[i].describe,
               sizeof(seen->displays[i].describe));
    }
    memcpy(seen->style, status.style, sizeof(seen->style));
}

/* Each is given the pipeline before and now: an event, or NULL where nothing of its kind has happened. */
typedef json_t *difference_fn(const struct ar_events_seen *was,
                              const struct ar_events_seen *now);

static json_t *see_state(const struct ar_events_seen *was, const struct ar_events_seen *now)
{
    if (now->state == was->state)
        return NULL;
    return json_pack("{s:s, s:s}", "event", "state", "state", ar_status_state_name(now->state));
}

static json_t *see_ready(const struct ar_events_seen *was, const struct ar_events_seen *now)
{
    return now->is_ready && !was->is_ready ? json_pack("{s:s}", "event", "ready") : NULL;
}

static json_t *see_source(const struct ar_events_seen *was, const struct ar_events_seen *now)
{
    if (now->source_state == was->source_state)
        return NULL;
    return json_pack("{s:s, s:s, s:s}", "event", "source", "state", now->source_state, "words",
                     now->source_words);
}

static json_t *see_style(const struct ar_events_seen *was, const struct ar_events_seen *now)
{
    if (strcmp(now->style, was->style) == 0)
        return NULL;
    return json_pack("{s:s, s:s}", "event", "style", "style", now->style);
}

static json_t *see_cap(const struct ar_events_seen *was, const struct ar_events_seen *now)
{
    if (now->is_capped == was->is_capped)
        return NULL;
    return json_pack("{s:s, s:b}", "event", "capped", "capped", (int)now->is_capped);
}

static json_t *see_calibration(const struct ar_events_seen *was,
                               const struct ar_events_seen *now)
{
    return now->n_calibrations != was->n_calibrations
               ? json_pack("{s:s}", "event", "calibrated")
               : NULL;
}

static difference_fn *const differences[] = {
    see_state, see_ready, see_source, see_style, see_cap, see_calibration,
};

static void tell_displays(struct ar_events *events, const struct ar_events_seen *now)
{
    for (size_t i = 0; i < AR_DISPLAY_MAX; i++) {
        const struct ar_events_display *const was = &events->seen.displays[i];
        const struct ar_events_display *const is = &now->displays[i];

        if (is->state != was->state || strcmp(is->describe, was->describe) != 0)
            ar_events_tell(events, json_pack("{s:s, s:s, s:s}", "event", "display", "display",
                                             is->describe, "state",
                                             ar_status_output_state_name(is->state)));
    }
}

/* A burst is one event a second, not one a frame. */
static void tell_misses(struct ar_events *events, const struct ar_events_seen *now,
                        uint64_t now_us)
{
    const struct ar_events_seen *const was = &events->counted;
    const uint64_t n_missed = now->n_missed - was->n_missed;
    const uint64_t n_degraded = now->n_degraded - was->n_degraded;

    if (now_us < events->counted_us + MISS_PERIOD_US)
        return;
    if (n_missed > 0 || n_degraded > 0)
        ar_events_tell(events,
                       json_pack("{s:s, s:I, s:I, s:I}", "event", "misses", "missed",
                                 (json_int_t)n_missed, "given_up", (json_int_t)n_degraded,
                                 "painted", (json_int_t)(now->n_painted - was->n_painted)));
    events->counted = *now;
    events->counted_us = now_us;
}

static void on_time(void *user, uint64_t n_expired)
{
    struct ar_events *events = user;
    struct ar_events_seen now;

    (void)n_expired;
    if (!ar_control_has_listeners(events->control)) {
        ar_loop_set_timer(events->timer, 0, 0);
        return;
    }
    look(events, &now);
    for (size_t i = 0; i < AR_ARRAY_LEN(differences); i++) {
        json_t *event = differences[i](&events->seen, &now);

        if (event)
            ar_events_tell(events, event);
    }
    tell_displays(events, &now);
    tell_misses(events, &now, ar_clock_now_us());
    events->seen = now;
}

/* The first one starts the looking; what was before does not concern it. */
void ar_events_listen(struct ar_events *events)
{
    const uint64_t now_us = ar_clock_now_us();

    if (ar_control_has_listeners(events->control))
        return;
    look(events, &events->seen);
    events->counted = events->seen;
    events->counted_us = now_us;
    ar_loop_set_timer(events->timer, now_us + PERIOD_US, PERIOD_US);
}

/* Seconds of the calendar, to the millisecond. */
static double calendar_s(void)
{
    struct timespec now;
    int64_t ms;

    clock_gettime(CLOCK_REALTIME, &now);
    ms = now.tv_nsec / 1000000;
    return (double)now.tv_sec + (double)ms / 1e3;
}

void ar_events_tell(struct ar_events *events, json_t *event)
{
    if (!events->control || !ar_control_has_listeners(events->control)) {
        json_decref(event);
        return;
    }
    if (json_object_set_new(event, "time_s", json_real(calendar_s())) < 0) {
        json_decref(event);
        event = NULL;
    }
    ar_control_tell(events->control, event);
}

int ar_events_start(struct ar_events *events, struct ar_loop *loop, struct ar_control *control,
                    struct ar_pipeline *pipeline)
{
    *events = (struct ar_events){ .control = control, .pipeline = pipeline };
    return ar_loop_add_timer(loop, on_time, events, &events->timer);
}

void ar_events_stop(struct ar_events *events)
{
    ar_loop_remove(&events->timer);
    events->control = NULL;
}
