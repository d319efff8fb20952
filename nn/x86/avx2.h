/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/kernels.h"

/* AVX2 with FMA. Call only where nn/cpu.h says AR_CPU_AVX2. */

ar_dwconv_row_fn ar_dwconv3x3_row_s1_avx2;
ar_dwconv_row_fn ar_dwconv3x3_row_s2_avx2;
ar_dwconv_row_fn ar_dwconv5x5_row_s1_avx2;
ar_dwconv_row_fn ar_dwconv5x5_row_s2_avx2;

ar_pwconv_row_fn ar_pwconv_row_avx2;
ar_split_row_fn ar_split_row_avx2;
ar_widen_row_fn ar_widen_row_avx2;

ar_dwconv8_row_fn ar_dwconv8_row_s1_avx2;
ar_dwconv8_row_fn ar_dwconv8_row_s2_avx2;
ar_pwconv8_row_fn ar_pwconv8_row_avx2;
ar_widen8_row_fn ar_widen8_row_avx2;
ar_quantise8_row_fn ar_quantise8_row_avx2;

ar_ingest_row_fn ar_ingest_yuv420_row_i420_avx2;
ar_ingest_row_fn ar_ingest_yuv420_row_nv12_avx2;
ar_ingest_row_fn ar_ingest_yuv420_row_yuyv_avx2;
ar_ingest_row_fn ar_ingest_yuv420_row_xrgb_avx2;

ar_emit_row_fn ar_emit_yuv420_row_i420_avx2;
ar_emit_row_fn ar_emit_yuv420_row_nv12_avx2;
ar_emit_row_fn ar_emit_yuv420_row_yuyv_avx2;
ar_emit_row_fn ar_emit_yuv420_row_xrgb_avx2;

ar_guide_row_fn ar_guide_row_planar_avx2;
ar_guide_row_fn ar_guide_row_yuyv_avx2;
ar_moving_row_fn ar_moving_row_avx2;
ar_gain_row_fn ar_gain_row_avx2;
ar_calm_row_fn ar_calm1_row_avx2;
ar_calm_row_fn ar_calm2_row_avx2;
ar_calm_row_fn ar_calm4_row_avx2;
ar_calm_row_fn ar_calm8_row_avx2;
