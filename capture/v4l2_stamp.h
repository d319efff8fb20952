/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/videodev2.h>

/*
 * What a camera says about when a picture was taken and how many it lost, checked before it is believed.
 * Pure; any thread.
 */

/* Older than this is not a time stamp but a driver's mistake. */
#define AR_V4L2_STAMP_MAX_AGE_US 500000

/*
 * The buffer's time stamp where it is monotonic and not in the future or too old, otherwise now_us, the time when
 * it came; *guessed says which.
 */
uint64_t ar_v4l2_capture_us(const struct v4l2_buffer *buffer, uint64_t now_us, bool *guessed);

/* Pictures between two sequence numbers, 0 when they follow each other. A jump back, or a wild one, is a restart. */
uint32_t ar_v4l2_sequence_gap(uint32_t previous, uint32_t current);
