/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/kernels.h"

/* AVX-VNNI, with AVX2 and FMA. Call only where nn/cpu.h says AR_CPU_AVXVNNI. */

ar_dwconv8_row_fn ar_dwconv8_3x3_row_s1_avxvnni;
ar_dwconv8_row_fn ar_dwconv8_3x3_row_s2_avxvnni;
ar_dwconv8_row_fn ar_dwconv8_5x5_row_s1_avxvnni;
ar_dwconv8_row_fn ar_dwconv8_5x5_row_s2_avxvnni;
ar_pwconv8_row_fn ar_pwconv8_row_avxvnni;
