/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"

/*
 * What the camera sees while something is measured: the first pictures of the built-in scene, over and over,
 * in any format, full range.
 */

#define BENCH_SCENE_N_FRAMES 8

struct bench_scene {
    struct ar_frame_shape shape;
    uint8_t *memory;
    struct ar_frame frames[BENCH_SCENE_N_FRAMES];
};

/* 0 or -ENOMEM. */
int bench_scene_init(struct bench_scene *scene, uint32_t width_px, uint32_t height_px,
                     enum ar_frame_format format);
/* Accepts what was zeroed only. */
void bench_scene_finish(struct bench_scene *scene);
