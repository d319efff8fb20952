/* SPDX-License-Identifier: MIT */
#include <libyuv.h>
#include <stddef.h>

#include "tests/bench/paths_peer.h"

void bench_libyuv_yuyv_to_i420(const struct ar_frame *in, struct ar_frame *out)
{
    const struct ar_frame_plane *const to = out->planes;

    YUY2ToI420(in->planes[0].data, (int)in->planes[0].stride_b, to[0].data, (int)to[0].stride_b,
               to[1].data, (int)to[1].stride_b, to[2].data, (int)to[2].stride_b,
               (int)in->shape.width_px, (int)in->shape.height_px);
}

/* J: full range, as the scene is. */
void bench_libyuv_i420_to_xrgb(const struct ar_frame *in, struct ar_frame *out)
{
    const struct ar_frame_plane *const from = in->planes;

    J420ToARGB(from[0].data, (int)from[0].stride_b, from[1].data, (int)from[1].stride_b,
               from[2].data, (int)from[2].stride_b, out->planes[0].data,
               (int)out->planes[0].stride_b, (int)in->shape.width_px, (int)in->shape.height_px);
}

void bench_libyuv_scale_xrgb(const struct ar_frame *in, struct ar_frame *out)
{
    ARGBScale(in->planes[0].data, (int)in->planes[0].stride_b, (int)in->shape.width_px,
              (int)in->shape.height_px, out->planes[0].data, (int)out->planes[0].stride_b,
              (int)out->shape.width_px, (int)out->shape.height_px, kFilterBilinear);
}
