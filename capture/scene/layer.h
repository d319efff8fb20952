/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"
#include "capture/scene/canvas.h"

/*
 * A finished sheet of the scene in the frame's own colours (full-range I420 with alpha), ready to be laid over a
 * frame at any sub-pixel position, cheaply. Immutable after create; any thread may draw.
 */

struct ar_layer;

/*
 * Takes over what the canvas shows. repeat_px: pixels of its left part that are appended at the right, so that a
 * sheet without a seam can turn for ever.
 */
int ar_layer_create(struct ar_layer **out, const struct ar_canvas *canvas, uint32_t repeat_px);

/* Accepts NULL. */
void ar_layer_destroy(struct ar_layer *layer);

/* Lays it over the frame; the sheet's column shift_q8 / 256 comes to the frame's left edge. */
void ar_layer_draw(const struct ar_layer *layer, struct ar_frame *frame, uint32_t shift_q8);

/* Lays a small canvas over the frame, at the canvas's own place. Its left, top and size are even. */
void ar_layer_stamp(const struct ar_canvas *canvas, struct ar_frame *frame);
