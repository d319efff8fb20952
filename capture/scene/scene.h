/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"

/*
 * The built-in scene: a valley with a village, a lake, drifting clouds and somebody walking a dog,
 * seen by a camera that pans slowly. Drawn by arithmetic only, and a pure function of size, rate
 * and frame number, so two runs give the same bytes.
 *
 * Everything that stands still is painted once by create (that takes a moment); draw() only pans, moves and
 * adds noise. One thread.
 */

struct ar_scene;

/* Size as in ar_frame_shape_check(). 0 or -ENOMEM. */
int ar_scene_create(struct ar_scene **out, uint32_t width_px, uint32_t height_px,
                    uint32_t rate_millihz);

/* Accepts NULL. */
void ar_scene_destroy(struct ar_scene *scene);

/* Fills an I420 frame of the scene's size, full range, with picture `number`. Leaves times alone. */
void ar_scene_draw(struct ar_scene *scene, uint64_t number, struct ar_frame *frame);
