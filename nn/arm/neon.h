/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/kernels.h"

/* Advanced SIMD of arm64. Call only where nn/cpu.h says AR_CPU_NEON. */

ar_dwconv_row_fn ar_dwconv3x3_row_s1_neon;
ar_dwconv_row_fn ar_dwconv3x3_row_s2_neon;
ar_dwconv_row_fn ar_dwconv5x5_row_s1_neon;
ar_dwconv_row_fn ar_dwconv5x5_row_s2_neon;

ar_pwconv_row_fn ar_pwconv_row_neon;
ar_split_row_fn ar_split_row_neon;
ar_widen_row_fn ar_widen_row_neon;

ar_dwconv8_row_fn ar_dwconv8_row_s1_neon;
ar_dwconv8_row_fn ar_dwconv8_row_s2_neon;
ar_pwconv8_row_fn ar_pwconv8_row_neon;
ar_widen8_row_fn ar_widen8_row_neon;
ar_quantise8_row_fn ar_quantise8_row_neon;

ar_ingest_row_fn ar_ingest_yuv420_row_i420_neon;
ar_ingest_row_fn ar_ingest_yuv420_row_nv12_neon;
ar_ingest_row_fn ar_ingest_yuv420_row_yuyv_neon;
ar_ingest_row_fn ar_ingest_yuv420_row_xrgb_neon;

ar_emit_row_fn ar_emit_yuv420_row_i420_neon;
ar_emit_row_fn ar_emit_yuv420_row_nv12_neon;
ar_emit_row_fn ar_emit_yuv420_row_yuyv_neon;
ar_emit_row_fn ar_emit_yuv420_row_xrgb_neon;

ar_guide_row_fn ar_guide_row_planar_neon;
ar_guide_row_fn ar_guide_row_yuyv_neon;
ar_moving_row_fn ar_moving_row_neon;
ar_gain_row_fn ar_gain_row_neon;
ar_calm_row_fn ar_calm1_row_neon;
ar_calm_row_fn ar_calm2_row_neon;
ar_calm_row_fn ar_calm4_row_neon;
ar_calm_row_fn ar_calm8_row_neon;
