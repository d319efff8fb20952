/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/kernels.h"

/* AVX-512 with VNNI. Call only where nn/cpu.h says AR_CPU_VNNI512. */

ar_dwconv8_row_fn ar_dwconv8_3x3_row_s1_vnni512;
ar_dwconv8_row_fn ar_dwconv8_3x3_row_s2_vnni512;
ar_dwconv8_row_fn ar_dwconv8_5x5_row_s1_vnni512;
ar_dwconv8_row_fn ar_dwconv8_5x5_row_s2_vnni512;
ar_pwconv8_row_fn ar_pwconv8_row_vnni512;
ar_widen8_row_fn ar_widen8_row_vnni512;
