/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/reason.h"

/* What this machine can run, as far as the kernels care. Any thread. */

enum ar_cpu_flag {
    AR_CPU_AVX2 = 1u << 0,    /* AVX2 with FMA, and an OS that saves ymm */
    AR_CPU_AVXVNNI = 1u << 1, /* AVX2 with AVX-VNNI: Alder Lake, Zen 5 and later */
    AR_CPU_AVX512 = 1u << 2,  /* AVX-512 F, DQ, BW and VL, and an OS that saves zmm */
    AR_CPU_VNNI512 = 1u << 3, /* AVX-512 with VNNI and VBMI: Ice Lake, Zen 4 and later */
    AR_CPU_NEON = 1u << 4,    /* Advanced SIMD: always there on arm64 */
    AR_CPU_DOTPROD = 1u << 5, /* its dot products: Cortex-A75, A76 and later */
};

/*
 * Flags of this machine. In builds with -Dtest_hooks=true the environment's AR_CPU_MASK, when
 * set, lists the only ones that may be used: names of tiers ("scalar", "avx2", "avxvnni", "avx512",
 * "vnni512", "neon", "dotprod") with commas between; "scalar" alone leaves none. -EINVAL, with *flags untouched, for a
 * name that is unknown.
 */
int ar_cpu_flags(uint32_t *flags, struct ar_reason *reason);
