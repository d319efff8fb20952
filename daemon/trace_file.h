/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

#include "base/loop.h"
#include "daemon/pipeline.h"

/*
 * Writes every frame's trace (daemon/trace.h) to a file, as JSON lines, a few times a second. Lives on the control
 * thread's loop: a slow disk delays answers to ar-ctl, never a frame; frames that the ring has lost by then are missing
 * from the file.
 */

struct ar_trace_file {
    struct ar_pipeline *pipeline; /* borrowed */
    struct ar_loop_source *timer;
    FILE *file; /* NULL: nothing is written */
    uint64_t next;
};

/* Makes the file anew. A negative errno with the reason. */
int ar_trace_file_open(struct ar_trace_file *trace, struct ar_loop *loop,
                       struct ar_pipeline *pipeline, const char *path,
                       struct ar_reason *reason);
/* Writes what is left. Accepts what was zeroed only. */
void ar_trace_file_close(struct ar_trace_file *trace);
