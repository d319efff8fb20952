/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"
#include "base/reason.h"
#include "display/part.h"

/*
 * Writes an I420 full-range frame as a JPEG file of quality 1..100. Takes the open part: it is committed, or abandoned on
 * failure. Any thread; allocates.
 */
int ar_jpeg_write(struct ar_part *part, const struct ar_frame *frame, uint32_t quality_pct,
                  struct ar_reason *reason);
