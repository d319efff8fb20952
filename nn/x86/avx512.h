/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/kernels.h"

/* AVX-512 F, DQ, BW and VL. Call only where nn/cpu.h says AR_CPU_AVX512. */

ar_dwconv_row_fn ar_dwconv3x3_row_s1_avx512;
ar_dwconv_row_fn ar_dwconv3x3_row_s2_avx512;
ar_dwconv_row_fn ar_dwconv5x5_row_s1_avx512;
ar_dwconv_row_fn ar_dwconv5x5_row_s2_avx512;

ar_pwconv_row_fn ar_pwconv_row_avx512;
ar_split_row_fn ar_split_row_avx512;
ar_widen_row_fn ar_widen_row_avx512;
