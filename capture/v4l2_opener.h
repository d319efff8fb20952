/* SPDX-License-Identifier: MIT */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/loop.h"
#include "capture/v4l2_find.h"
#include "capture/v4l2_stream.h"

/*
 * Finds, opens and closes a camera in a thread of its own, because one that hangs keeps whoever does that for many seconds.
 * One job at a time; until it is finished, what it was given is not to be touched. All is called by the thread of the
 * loop, which is woken when the job is done. Zero-initialised: no job.
 */

struct ar_v4l2_opener_job {
    struct ar_v4l2_stream *stream;
    struct ar_v4l2_known *known; /* NULL: to be closed; otherwise found again and opened */
    const struct ar_v4l2_wish *wish;
    const struct ar_entries *controls;
};

struct ar_v4l2_opener {
    struct ar_v4l2_opener_job job;
    struct ar_loop *loop;
    pthread_t thread;
    bool threaded; /* the thread is to be joined */
    atomic_bool done;
    int ret;
    struct ar_reason reason;
};

/* Everything in the job is borrowed until it is done. Without a thread to be had it is done at once. */
void ar_v4l2_opener_start(struct ar_v4l2_opener *opener, const struct ar_v4l2_opener_job *job,
                          struct ar_loop *loop);

/* False while the job is under way. ret: 0, or what opening said, with reason. */
bool ar_v4l2_opener_finish(struct ar_v4l2_opener *opener, int *ret, struct ar_reason *reason);

/* Waits for a job, if there is one, as long as the device does. A stream that it opened is open. */
void ar_v4l2_opener_wait(struct ar_v4l2_opener *opener);
