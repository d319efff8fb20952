/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "base/frame.h"
#include "nn/kernels.h"

/*
 * Convert: painted frames in another format, for displays that do not take what the first one takes. Bytes become
 * planes and bytes again, by the network's own ways in and out. One thread.
 */

struct ar_convert;

/* Frames of any format and of this shape's size become frames of this shape. Kernels are borrowed for its life. */
int ar_convert_create(struct ar_convert **out, const struct ar_frame_shape *shape,
                      const struct ar_kernels *kernels);
/* Accepts NULL. All frames must be back. */
void ar_convert_destroy(struct ar_convert *convert);

/* True when frames of one shape can be shown where the other is wanted. */
bool ar_convert_same(const struct ar_frame_shape *a, const struct ar_frame_shape *b);

/* Hands out a reference to the picture in the shape, times copied; NULL when all frames are in use. */
struct ar_frame *ar_convert_run(struct ar_convert *convert, const struct ar_frame *frame);
