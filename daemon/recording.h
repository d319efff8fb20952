/* SPDX-License-Identifier: MIT */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "base/frame.h"
#include "base/loop.h"
#include "base/reason.h"
#include "daemon/tap.h"

/*
 * A recording: paintings into one movie file, on a thread of its own that gives way to the painter. The file plays at any
 * time, also after a crash: up to a second before it. What disk or encoder cannot keep up with is dropped and counted.
 *
 * The control thread calls everything here but the tap, which is offered paintings by the compute thread.
 */

struct ar_recording;

struct ar_recording_params {
    const char *path;             /* nothing may be there; .mp4, .mov or .y4m */
    struct ar_frame_shape shape;  /* of the paintings */
    uint32_t rate_millihz;        /* that the source promised; 0: unknown */
    enum ar_loop_kind loop;       /* for the file */
    struct ar_loop *control_loop; /* woken when it has ended; borrowed */
};

/* Makes the file, and waits for the encoder to be ready: some 20 ms. */
int ar_recording_start(struct ar_recording **out, const struct ar_recording_params *params,
                       struct ar_reason *reason);

/* Valid until destroy. */
struct ar_tap *ar_recording_tap(struct ar_recording *recording);

/* Asks for its end: what was copied is written first. Nobody offers any more. Idempotent. */
void ar_recording_stop(struct ar_recording *recording);

enum ar_recording_state {
    AR_RECORDING_RUNS,
    AR_RECORDING_STOPS, /* the last pictures are being written */
    AR_RECORDING_DONE,
    AR_RECORDING_FAILED, /* by itself; the file is kept as far as it plays */
};

struct ar_recording_status {
    enum ar_recording_state state;
    char path[PATH_MAX];
    char encoder[48];
    uint64_t n_pictures; /* in the file */
    uint64_t n_dropped;
    uint64_t size_b;
    uint64_t duration_us;    /* from the first picture to the end of the last */
    struct ar_reason reason; /* of FAILED */
};

void ar_recording_status(struct ar_recording *recording, struct ar_recording_status *status);

/* Accepts NULL. Stops first, and waits for the end, which a disk that hangs can put off for ever. */
void ar_recording_destroy(struct ar_recording *recording);
