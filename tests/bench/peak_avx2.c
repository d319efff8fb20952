/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>

#include "tests/bench/peak_loops.h"

#define N_CHAINS 12 /* and two factors: 14 of 16 registers */

uint64_t bench_peak_avx2_f32(uint64_t n_rounds, void *sink)
{
    const __m256 a = _mm256_set1_ps(1e-3F);
    const __m256 b = _mm256_set1_ps(1e-2F);
    __m256 sums[N_CHAINS];

    for (int i = 0; i < N_CHAINS; i++)
        sums[i] = _mm256_set1_ps((float)i);
    for (uint64_t round = 0; round < n_rounds; round++)
        for (int i = 0; i < N_CHAINS; i++)
            sums[i] = _mm256_fmadd_ps(a, b, sums[i]);
    for (int i = 0; i < N_CHAINS; i++)
        _mm256_store_ps((float *)sink + ((ptrdiff_t)i * 8), sums[i]);
    return n_rounds * N_CHAINS * 8;
}

/* Without a dot product: bytes to pairs in 16 bits, these to pairs in 32, and a sum. */
uint64_t bench_peak_avx2_int8(uint64_t n_rounds, void *sink)
{
    const __m256i b = _mm256_set1_epi8(2);
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i a = _mm256_set1_epi8(3);
    __m256i sums[N_CHAINS];

    for (int i = 0; i < N_CHAINS; i++)
        sums[i] = _mm256_set1_epi32(i);
    for (uint64_t round = 0; round < n_rounds; round++) {
        for (int i = 0; i < N_CHAINS; i++) {
            __asm__("" : "+x"(a)); /* or the products would be made once */
            sums[i] =
                _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
        }
    }
    for (int i = 0; i < N_CHAINS; i++)
        _mm256_store_si256((__m256i *)sink + i, sums[i]);
    return n_rounds * N_CHAINS * 32;
}
