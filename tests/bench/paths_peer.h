/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"

/* By libyuv alone, one call for the whole frame. Formats are in the names; sizes are equal, but for the scaler's. */

void bench_libyuv_yuyv_to_i420(const struct ar_frame *in, struct ar_frame *out);
void bench_libyuv_i420_to_xrgb(const struct ar_frame *in, struct ar_frame *out);
void bench_libyuv_scale_xrgb(const struct ar_frame *in, struct ar_frame *out);
