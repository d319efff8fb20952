/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"

/*
 * The lake of the built-in scene: shows what is above its shore upside down, through ripples that run both ways.
 * Immutable after create; any thread may draw.
 */

struct ar_water;

/* The lake covers the rows from top_px to end_px, both even, over the frame's whole width. 0 or -ENOMEM. */
int ar_water_create(struct ar_water **out, uint32_t width_px, uint32_t top_px, uint32_t end_px);

/* Accepts NULL. */
void ar_water_destroy(struct ar_water *water);

/* Call when all above the shore is drawn. The sun glitters below sun_x_px, which may lie outside. */
void ar_water_draw(const struct ar_water *water, struct ar_frame *frame, double time_s,
                   int32_t sun_x_px);
