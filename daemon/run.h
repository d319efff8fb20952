/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "base/loop.h"
#include "daemon/bulletin.h"
#include "daemon/change.h"
#include "daemon/control.h"
#include "daemon/events.h"
#include "daemon/heat.h"
#include "daemon/layers.h"
#include "daemon/notify.h"
#include "daemon/pipeline.h"
#include "daemon/recorder.h"
#include "daemon/settings.h"
#include "daemon/styles.h"
#include "daemon/trace_file.h"
#include "daemon/watch.h"

/* What the control thread owns. All of it is its own; actions/ work on it. */
struct ar_run {
    struct ar_settings settings; /* as they are now: live changes are in it */
    struct ar_layers layers;     /* where they come from */
    struct ar_change change;     /* that is under way */
    struct ar_watch watch;       /* over the configuration's files, where that is asked for */
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
    bool has_terminal; /* it was started from one */
    bool stopping;
    bool abandoned; /* a stage did not end in its grace */
};

/*
 * The control thread's life: opens the control socket, starts the pipeline, serves signals, commands and the progress
 * line until the pipeline ends, prints the summary. Returns an exit code of sysexits. Both are copied; the layers are read
 * again by a reload.
 */
int ar_run(const struct ar_settings *settings, const struct ar_layers *layers);

/* Asks for the end; returns at once. Idempotent. */
void ar_run_stop(struct ar_run *run);
