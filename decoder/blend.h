/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"

/*
 * Blend: what is laid over a painted picture before it is shown.
 *
 *   strength  the camera's own picture, brought into the format and range of what is shown: at 0 it is that picture,
 *             bit for bit; at 1 there is nothing to do
 *   fade      after a change of style the last picture of the style before, less and less of it: one network runs
 *
 * One for a stream, after the filter that calms it (decoder/temporal.h), which never sees it. create and destroy:
 * any one thread. The rest: the compute thread, but for ar_decoder_blend_rows(). Allocates at create only.
 */

struct ar_decoder_blend_params {
    double strength;  /* of the painting, 0 to 1 */
    uint64_t fade_us; /* 0: a style changes at once */
};

struct ar_decoder_blend;

/* For painted frames of this shape and so many workers. Strength 1 until params are set. */
int ar_decoder_blend_create(struct ar_decoder_blend **out, const struct ar_frame_shape *shape,
                            uint32_t n_workers);
/* Accepts NULL. */
void ar_decoder_blend_destroy(struct ar_decoder_blend *blend);

/* Live changes, between frames. A fade under way goes on at the new pace. */
void ar_decoder_blend_set_params(struct ar_decoder_blend *blend,
                                 const struct ar_decoder_blend_params *params);

/* The next frame is of another style: fades from this one, the last that was shown, and keeps a reference meanwhile. */
void ar_decoder_blend_fade_from(struct ar_decoder_blend *blend, struct ar_frame *shown);
/* Ends a fade at once, and gives its picture back: what is shown next has nothing to do with it. */
void ar_decoder_blend_forget(struct ar_decoder_blend *blend);

/* What the next frame has to do, whatever it is: both cost time. */
bool ar_decoder_blend_has_camera(const struct ar_decoder_blend *blend);
bool ar_decoder_blend_has_fade(const struct ar_decoder_blend *blend);

/*
 * One frame, for ar_decoder_emit(): begin takes the camera's picture, rows does painted row pairs [first, end) (any
 * worker, each pair once). begin is false when there is nothing to do.
 */
bool ar_decoder_blend_begin(struct ar_decoder_blend *blend, const struct ar_frame *in);
void ar_decoder_blend_rows(struct ar_decoder_blend *blend, struct ar_frame *painted,
                           uint32_t first, uint32_t end, uint32_t worker);
