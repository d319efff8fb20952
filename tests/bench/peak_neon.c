/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>

#include "tests/bench/peak_loops.h"

#define N_CHAINS 16

uint64_t bench_peak_neon_f32(uint64_t n_rounds, void *sink)
{
    const float32x4_t a = vdupq_n_f32(1e-3F);
    const float32x4_t b = vdupq_n_f32(1e-2F);
    float32x4_t sums[N_CHAINS];

    for (int i = 0; i < N_CHAINS; i++)
        sums[i] = vdupq_n_f32((float)i);
    for (uint64_t round = 0; round < n_rounds; round++)
        for (int i = 0; i < N_CHAINS; i++)
            sums[i] = vfmaq_f32(sums[i], a, b);
    for (int i = 0; i < N_CHAINS; i++)
        vst1q_f32((float *)sink + ((ptrdiff_t)i * 4), sums[i]);
    return n_rounds * N_CHAINS * 4;
}

/* Without a dot product: two widening products of bytes in 16 bits, and their pairs summed in 32. */
uint64_t bench_peak_neon_int8(uint64_t n_rounds, void *sink)
{
    const int8x16_t b = vdupq_n_s8(2);
    int8x16_t a = vdupq_n_s8(3);
    int32x4_t sums[N_CHAINS];

    for (int i = 0; i < N_CHAINS; i++)
        sums[i] = vdupq_n_s32(i);
    for (uint64_t round = 0; round < n_rounds; round++) {
        for (int i = 0; i < N_CHAINS; i++) {
            int16x8_t products;

            __asm__("" : "+w"(a)); /* or the products would be made once */
            products = vmull_s8(vget_low_s8(a), vget_low_s8(b));
            products = vmlal_high_s8(products, a, b);
            sums[i] = vpadalq_s16(sums[i], products);
        }
    }
    for (int i = 0; i < N_CHAINS; i++)
        vst1q_s32((int32_t *)sink + ((ptrdiff_t)i * 4), sums[i]);
    return n_rounds * N_CHAINS * 16;
}
