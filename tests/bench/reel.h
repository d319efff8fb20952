/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"
#include "base/reason.h"

/*
 * Pictures one after another, all in memory, so that they can be looked at more than once.
 */

struct bench_reel {
    struct ar_frame_shape shape;
    uint32_t n_frames;
    struct ar_frame *frames;
    uint8_t *memory;
};

/* Room for pictures. 0 or -ENOMEM. */
int bench_reel_init(struct bench_reel *reel, const struct ar_frame_shape *shape,
                    uint32_t n_frames);
/* Accepts what was zeroed only, or what failed. */
void bench_reel_finish(struct bench_reel *reel);

/* The built-in scene from its beginning. 0 or -ENOMEM. */
int bench_reel_draw(struct bench_reel *reel, uint32_t width_px, uint32_t height_px,
                    uint32_t n_frames);
/* The beginning of a clip, in its own size. -EINVAL when it is shorter; else what capture gives. */
int bench_reel_read(struct bench_reel *reel, const char *path, uint32_t n_frames,
                    struct ar_reason *reason);
