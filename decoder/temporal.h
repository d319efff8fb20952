/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"
#include "base/option.h"
#include "base/workers.h"
#include "nn/kernels.h"

/*
 * Temporal: calms painted video, byte by byte: shown += gain * (painted - shown).
 *
 * The gain is small where the camera's own picture stands still, so that what noise makes of the strokes
 * averages out, and whole where it moves, so that nothing trails behind an edge:
 *
 *   guide     mean luma of 2 x 2 blocks of the camera's picture. A copy of it moves with the same gain as
 *             what is shown, so the two are as far apart as a ghost would be, in the camera's levels
 *   change    |guide - copy|, summed over 3 x 3 blocks: less noise, and a margin around edges
 *   noise     the level that a quarter of the changes stay below, followed over the frames
 *   gain      rises from 1 - calm at 2.5 times the noise to 1 at 6.25 times
 *
 * Three things open it beyond that: what moves nearby (the network repaints strokes around it); a picture that
 * moves in most places (the camera pans: strokes in flat areas would smear); and a byte that is painted far
 * from what is shown (an edge that luma does not see).
 *
 * One for a stream: it outlives styles. create and destroy: any one thread. The rest: the compute thread,
 * but for ar_decoder_temporal_rows(). Allocates at create only. Results do not depend on the number of
 * workers, bit for bit; models/train/temporal.py does the same arithmetic.
 */

struct ar_decoder_params {
    double calm; /* 0: off; otherwise what a still pixel keeps of what was shown before */
};

extern const struct ar_option ar_decoder_options[];

struct ar_decoder_temporal;

/* For painted frames of this shape. Kernels and workers are borrowed for its life. Off until params are set. */
int ar_decoder_temporal_create(struct ar_decoder_temporal **out,
                               const struct ar_frame_shape *shape,
                               const struct ar_kernels *kernels, struct ar_workers *workers);
/* Accepts NULL. */
void ar_decoder_temporal_destroy(struct ar_decoder_temporal *temporal);

/* Live changes, between frames. Switched on, it starts as after forget. */
void ar_decoder_temporal_set_params(struct ar_decoder_temporal *temporal,
                                    const struct ar_decoder_params *params);

/* The next frame is shown as it is painted: a scene cut, another style. */
void ar_decoder_temporal_forget(struct ar_decoder_temporal *temporal);

/*
 * One frame, for ar_decoder_emit(): begin looks at the camera's picture, rows makes painted row pairs
 * [first, end) into what is shown (any worker, each pair once), end gets ready for the next. begin is
 * false when the filter is off: then there is nothing more to do.
 */
bool ar_decoder_temporal_begin(struct ar_decoder_temporal *temporal, const struct ar_frame *in);
void ar_decoder_temporal_rows(struct ar_decoder_temporal *temporal, struct ar_frame *painted,
                              uint32_t first, uint32_t end, uint32_t worker);
void ar_decoder_temporal_end(struct ar_decoder_temporal *temporal);
