/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>

#include "tests/bench/peak_loops.h"

#define N_CHAINS 16

uint64_t bench_peak_dotprod_int8(uint64_t n_rounds, void *sink)
{
    const int8x16_t a = vdupq_n_s8(3);
    const int8x16_t b = vdupq_n_s8(2);
    int32x4_t sums[N_CHAINS];

    for (int i = 0; i < N_CHAINS; i++)
        sums[i] = vdupq_n_s32(i);
    for (uint64_t round = 0; round < n_rounds; round++)
        for (int i = 0; i < N_CHAINS; i++)
            sums[i] = vdotq_s32(sums[i], a, b);
    for (int i = 0; i < N_CHAINS; i++)
        vst1q_s32((int32_t *)sink + ((ptrdiff_t)i * 4), sums[i]);
    return n_rounds * N_CHAINS * 16;
}
