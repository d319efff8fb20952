/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/frame.h"

/*
 * Decodes a camera's JPEG pictures straight to planar YUV. One thread per decoder.
 */

struct ar_mjpeg;

/*
 * For pictures of the driver's size, odd or even; they come out halved shrink_log2 times each way (at most 3), which
 * is cheaper than whole. 0 or -ENOMEM.
 */
int ar_mjpeg_create(struct ar_mjpeg **out, uint32_t width_px, uint32_t height_px,
                    uint32_t shrink_log2);

/* Accepts NULL. */
void ar_mjpeg_destroy(struct ar_mjpeg *mjpeg);

/*
 * frame: I420, full range, of the halved size, rounded up, then down to even. -EINVAL when the data is cut short, damaged, or of
 * another size: drop the picture, the next one may be good. A camera all of whose pictures look damaged is believed
 * after the first few: it may have an odd way to write them.
 */
int ar_mjpeg_decode(struct ar_mjpeg *mjpeg, const uint8_t *data, size_t size_b,
                    struct ar_frame *frame);
