/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/loop.h"
#include "base/reason.h"
#include "daemon/events.h"
#include "daemon/pipeline.h"
#include "daemon/recording.h"
#include "daemon/snapshot.h"

/*
 * What is written of the paintings: a recording and a snapshot at a time, each as asked for by a command. The control
 * thread's.
 *
 * Files are named by absolute paths, which the daemon opens as the user that it runs as. It replaces nothing and follows no
 * symbolic link in the last part of the path.
 */

struct ar_recorder {
    struct ar_pipeline *pipeline; /* borrowed, as loop and events */
    struct ar_loop *loop;
    struct ar_events *events; /* are told of beginnings and ends */
    enum ar_loop_kind kind;
    struct ar_recording *recording; /* NULL: none */
    struct ar_snapshot *snapshot;
    struct ar_recording_status last_recording; /* path empty: there was none */
    struct ar_snapshot_status last_snapshot;
};

void ar_recorder_init(struct ar_recorder *recorder, struct ar_pipeline *pipeline,
                      struct ar_loop *loop, enum ar_loop_kind kind, struct ar_events *events);
/* Waits for both to end. Accepts one that is zeroed. */
void ar_recorder_finish(struct ar_recorder *recorder);

/* -EAGAIN before the first picture, -EBUSY while one is under way, -EINVAL for a path that is not absolute. */
int ar_recorder_start(struct ar_recorder *recorder, const char *path, struct ar_reason *reason);
int ar_recorder_snapshot(struct ar_recorder *recorder, const char *path, bool pair,
                         struct ar_reason *reason);

/* Asks for the recording's end: -ENOENT when there is none. */
int ar_recorder_stop(struct ar_recorder *recorder, struct ar_reason *reason);

/* Asks both for their end: no picture comes any more. Accepts one that is zeroed. Idempotent. */
void ar_recorder_stop_all(struct ar_recorder *recorder);

/* Looks after what has ended, and says so. Cheap: after every round of the loop. */
void ar_recorder_serve(struct ar_recorder *recorder);
/* True while something is being written. */
bool ar_recorder_is_busy(const struct ar_recorder *recorder);

/*
 * The recording and the snapshot under way, or the last ones; null for none:
 * {"file", "state": "recording"|"finishing"|"done"|"failed", "encoder", "pictures", "dropped", "bytes", "seconds", "error"}
 * {"file", "state": "waiting"|"done"|"failed", "error"}
 */
json_t *ar_recorder_recording_json(const struct ar_recorder *recorder);
json_t *ar_recorder_snapshot_json(const struct ar_recorder *recorder);
