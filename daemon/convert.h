/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"

/*
 * Convert: painted frames in another format (base/recode.h), for displays that do not take what the first one takes. One
 * thread.
 */

struct ar_convert;

/* Frames of any format and of this shape's size become frames of this shape. */
int ar_convert_create(struct ar_convert **out, const struct ar_frame_shape *shape);
/* Accepts NULL. All frames must be back. */
void ar_convert_destroy(struct ar_convert *convert);

/* Hands out a reference to the picture in the shape, times copied; NULL when all frames are in use. */
struct ar_frame *ar_convert_run(struct ar_convert *convert, const struct ar_frame *frame);
