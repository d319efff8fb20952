/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"
#include "budget/sweep.h"
#include "daemon/painter.h"

/*
 * What painting costs on this machine: measured by a sweep of at most two seconds, and kept in the state folder for the
 * next start. A kept one is used only where everything that it hangs on is as it was, and whatever is wrong with the
 * file means that the sweep is made again.
 */

struct ar_calibration {
    struct ar_sweep sweep;
    struct ar_cost cost;
    uint32_t clock_khz; /* while it was measured; 0: unknown */
    bool kept;          /* read from a file */
    uint64_t took_us;
};

/* Everything that times hang on besides the machine's mood. */
struct ar_calibration_key {
    char text[512];
    uint64_t hash;
};

void ar_calibration_key_make(struct ar_calibration_key *key, const struct ar_painter *painter,
                             const struct ar_frame_shape *in, const struct ar_frame_shape *out,
                             const char *tier, uint32_t n_threads, const char *cpu,
                             uint32_t max_khz);

/*
 * $STATE_DIRECTORY (systemd), $XDG_STATE_HOME/ar-daemon or ~/.local/state/ar-daemon. -ENOENT when none is known.
 */
int ar_calibration_folder(char *path, size_t path_b);

/* Reads a kept sweep and fills the cost. -ENOENT: none; -EINVAL: not usable, with the reason. */
int ar_calibration_load(struct ar_calibration *calibration, const char *folder,
                        const struct ar_calibration_key *key, const struct ar_work *work,
                        struct ar_reason *reason);

/* Makes the folder, and replaces the file in one step. A negative errno with the reason. */
int ar_calibration_save(const struct ar_calibration *calibration, const char *folder,
                        const struct ar_calibration_key *key, struct ar_reason *reason);

/*
 * Sweeps: paints `in` into `out`. -ECANCELED when *stop became true. The compute thread's; blocks for two seconds, or
 * for three frames where these take longer.
 */
int ar_calibration_measure(struct ar_calibration *calibration, struct ar_painter *painter,
                           const struct ar_frame *in, struct ar_frame *out,
                           const atomic_bool *stop);
