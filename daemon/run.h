/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "base/loop.h"
#include "daemon/bulletin.h"
#include "daemon/control.h"
#include "daemon/events.h"
#include "daemon/heat.h"
#include "daemon/notify.h"
#include "daemon/pipeline.h"
#include "daemon/recorder.h"
#include "daemon/settings.h"
#include "daemon/styles.h"
#include "daemon/trace_file.h"

/* What the control thread owns. All of it is its own; actions/ work on it. */
struct ar_run {
    struct ar_settings settings; /* as they are now: live changes are in it */
    struct ar_styles styles;
    struct ar_loop *loop;
    struct ar_control *control;
    struct ar_pipeline *pipeline;
    struct ar_notify notify;
    struct ar_bulletin bulletin;
    struct ar_heat heat;
    struct ar_events events;
    struct ar_recorder recorder;
    struct ar_trace_file trace;
    struct ar_loop_source *signals;
    struct ar_loop_source *progress;
    struct ar_loop_source *grace;
    char socket[AR_OPTION_TEXT_MAX];
    bool stopping;
    bool abandoned; /* a stage did not end in its grace */
};

/*
 * The control thread's life: opens the control socket, starts the pipeline, serves signals, commands and the progress
 * line until the pipeline ends, prints the summary. Returns an exit code of sysexits.
 */
int ar_run(const struct ar_settings *settings);

/* Asks for the end; returns at once. Idempotent. */
void ar_run_stop(struct ar_run *run);
