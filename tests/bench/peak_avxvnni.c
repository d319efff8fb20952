/* SPDX-License-Identifier: MIT */
#include <immintrin.h>

#include "tests/bench/peak_loops.h"

#define N_CHAINS 12 /* and two factors: 14 of 16 registers */

uint64_t bench_peak_avxvnni_int8(uint64_t n_rounds, void *sink)
{
    const __m256i a = _mm256_set1_epi8(3);
    const __m256i b = _mm256_set1_epi8(2);
    __m256i sums[N_CHAINS];

    for (int i = 0; i < N_CHAINS; i++)
        sums[i] = _mm256_set1_epi32(i);
    for (uint64_t round = 0; round < n_rounds; round++)
        for (int i = 0; i < N_CHAINS; i++)
            sums[i] = _mm256_dpbusd_avx_epi32(sums[i], a, b);
    for (int i = 0; i < N_CHAINS; i++)
        _mm256_store_si256((__m256i *)sink + i, sums[i]);
    return n_rounds * N_CHAINS * 32;
}
