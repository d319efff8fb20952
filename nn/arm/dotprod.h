/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/kernels.h"

/* Advanced SIMD with dot products. Call only where nn/cpu.h says AR_CPU_DOTPROD. */

ar_dwconv8_row_fn ar_dwconv8_3x3_row_s1_dotprod;
ar_dwconv8_row_fn ar_dwconv8_3x3_row_s2_dotprod;
ar_dwconv8_row_fn ar_dwconv8_5x5_row_s1_dotprod;
ar_dwconv8_row_fn ar_dwconv8_5x5_row_s2_dotprod;
ar_pwconv8_row_fn ar_pwconv8_row_dotprod;
