/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/kernels.h"

/* The scalar references: what every kernel means. Other tiers may hand them their leftovers. */

ar_dwconv_row_fn ar_dwconv3x3_row_s1_ref;
ar_dwconv_row_fn ar_dwconv3x3_row_s2_ref;
ar_dwconv_row_fn ar_dwconv5x5_row_s1_ref;
ar_dwconv_row_fn ar_dwconv5x5_row_s2_ref;

ar_pwconv_row_fn ar_pwconv_row_ref;
ar_split_row_fn ar_split_row_ref;
ar_widen_row_fn ar_widen_row_ref;

ar_dwconv8_row_fn ar_dwconv8_row_s1_ref;
ar_dwconv8_row_fn ar_dwconv8_row_s2_ref;
ar_pwconv8_row_fn ar_pwconv8_row_ref;
ar_widen8_row_fn ar_widen8_row_ref;
ar_quantise8_row_fn ar_quantise8_row_ref;

ar_ingest_row_fn ar_ingest_yuv420_row_i420_ref;
ar_ingest_row_fn ar_ingest_yuv420_row_nv12_ref;
ar_ingest_row_fn ar_ingest_yuv420_row_yuyv_ref;
ar_ingest_row_fn ar_ingest_yuv420_row_xrgb_ref;
ar_ingest_row_fn ar_ingest_rgb_row_i420_ref;
ar_ingest_row_fn ar_ingest_rgb_row_nv12_ref;
ar_ingest_row_fn ar_ingest_rgb_row_yuyv_ref;
ar_ingest_row_fn ar_ingest_rgb_row_xrgb_ref;

ar_emit_row_fn ar_emit_yuv420_row_i420_ref;
ar_emit_row_fn ar_emit_yuv420_row_nv12_ref;
ar_emit_row_fn ar_emit_yuv420_row_yuyv_ref;
ar_emit_row_fn ar_emit_yuv420_row_xrgb_ref;
ar_emit_row_fn ar_emit_rgb_row_i420_ref;
ar_emit_row_fn ar_emit_rgb_row_nv12_ref;
ar_emit_row_fn ar_emit_rgb_row_yuyv_ref;
ar_emit_row_fn ar_emit_rgb_row_xrgb_ref;

ar_guide_row_fn ar_guide_row_planar_ref; /* I420 and NV12 */
ar_guide_row_fn ar_guide_row_yuyv_ref;
ar_guide_row_fn ar_guide_row_xrgb_ref;
ar_moving_row_fn ar_moving_row_ref;
ar_gain_row_fn ar_gain_row_ref;
ar_calm_row_fn ar_calm1_row_ref;
ar_calm_row_fn ar_calm2_row_ref;
ar_calm_row_fn ar_calm4_row_ref;
ar_calm_row_fn ar_calm8_row_ref;
