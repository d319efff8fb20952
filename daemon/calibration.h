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

/* What may be laid over a painted picture: decoder/blend.h. */
enum ar_calibration_after {
    AR_CALIBRATION_CAMERA,
    AR_CALIBRATION_FADE,
    AR_CALIBRATION_N_AFTER,
};

struct ar_calibration {
    struct ar_work work; /* but for its model: ar_calibration_work() */
    struct ar_model
        network; /* a copy that outlives the style's: its weights are not there; no layers: nothing is known */
    struct ar_sweep sweep;
    struct ar_cost cost;
    float after_us[AR_CALIBRATION_N_AFTER];
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

/* What the times are of; model NULL before anything was measured. Valid as long as the calibration. */
struct ar_work ar_calibration_work(const struct ar_calibration *calibration);

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

/*
 * Then what may be laid over a picture: the camera's `in` over the painted `out`, and one `before` of another style. Leaves
 * the blend without a fade, and with other params than it had. The compute thread's; a few milliseconds.
 */
void ar_calibration_measure_after(struct ar_calibration *calibration,
                                  struct ar_decoder_blend *blend, struct ar_workers *workers,
                                  const struct ar_frame *in, struct ar_frame *out,
                                  struct ar_frame *before);
