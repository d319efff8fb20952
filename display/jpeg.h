/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"
#include "base/reason.h"

/*
 * Writes an I420 full-range frame as a JPEG file of quality 1..100: to PATH.part first, renamed when
 * complete. Any thread; allocates.
 */
int ar_jpeg_write(const char *path, const struct ar_frame *frame, uint32_t quality_pct,
                  struct ar_reason *reason);
