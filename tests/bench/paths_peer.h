/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"

/* The same by libyuv, frame to frame. Formats are in the names; sizes are equal, but for the scaler's. */

/* What is not there, for people; NULL where it is. Then the functions are there, too. */
extern const char *const bench_libyuv_missing;

void bench_libyuv_yuyv_to_i420(const struct ar_frame *in, struct ar_frame *out);
void bench_libyuv_i420_to_xrgb(const struct ar_frame *in, struct ar_frame *out);
void bench_libyuv_scale_xrgb(const struct ar_frame *in, struct ar_frame *out);
