/* SPDX-License-Identifier: MIT */
#pragma once

#include <limits.h>

#include "base/frame.h"
#include "base/loop.h"
#include "base/reason.h"
#include "daemon/tap.h"

/*
 * A snapshot: the next painting as a JPEG file, alone or with the camera's picture that it was made of to its left. On a
 * thread of its own that gives way to the painter.
 *
 * The control thread calls everything here but the tap, which is offered paintings by the compute thread.
 */

struct ar_snapshot;

struct ar_snapshot_params {
    const char *path; /* nothing may be there; .jpg or .jpeg */
    struct ar_frame_shape painting;
    const struct ar_frame_shape *camera; /* NULL: the painting alone */
    struct ar_loop *control_loop;        /* woken when it has ended; borrowed */
};

int ar_snapshot_start(struct ar_snapshot **out, const struct ar_snapshot_params *params,
                      struct ar_reason *reason);

/* Valid until destroy. */
struct ar_tap *ar_snapshot_tap(struct ar_snapshot *snapshot);

enum ar_snapshot_state {
    AR_SNAPSHOT_WAITS, /* for a painting, or for the disk */
    AR_SNAPSHOT_DONE,
    AR_SNAPSHOT_FAILED,
};

struct ar_snapshot_status {
    enum ar_snapshot_state state;
    char path[PATH_MAX];
    struct ar_reason reason; /* of FAILED */
};

void ar_snapshot_status(struct ar_snapshot *snapshot, struct ar_snapshot_status *status);

/* Accepts NULL. Nobody offers any more. Waits for the end, which a disk that hangs can put off for ever. */
void ar_snapshot_destroy(struct ar_snapshot *snapshot);
