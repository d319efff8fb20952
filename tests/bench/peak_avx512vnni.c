/* SPDX-License-Identifier: MIT */
#include <immintrin.h>

#include "tests/bench/peak_loops.h"

#define N_CHAINS 16

uint64_t bench_peak_avx512vnni_int8(uint64_t n_rounds, void *sink)
{
    const __m512i a = _mm512_set1_epi8(3);
    const __m512i b = _mm512_set1_epi8(2);
    __m512i sums[N_CHAINS];

    for (int i = 0; i < N_CHAINS; i++)
        sums[i] = _mm512_set1_epi32(i);
    for (uint64_t round = 0; round < n_rounds; round++)
        for (int i = 0; i < N_CHAINS; i++)
            sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
    for (int i = 0; i < N_CHAINS; i++)
        _mm512_store_si512((__m512i *)sink + i, sums[i]);
    return n_rounds * N_CHAINS * 64;
}
