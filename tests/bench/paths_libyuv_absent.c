/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "tests/bench/paths_peer.h"

const char *const bench_libyuv_missing = "libyuv (Debian: libyuv-dev)";

void bench_libyuv_yuyv_to_i420(const struct ar_frame *in, struct ar_frame *out)
{
    assert(!"missing");
}

void bench_libyuv_i420_to_xrgb(const struct ar_frame *in, struct ar_frame *out)
{
    assert(!"missing");
}

void bench_libyuv_scale_xrgb(const struct ar_frame *in, struct ar_frame *out)
{
    assert(!"missing");
}
