/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>

#include "tests/bench/peak_loops.h"

#define N_CHAINS 16

uint64_t bench_peak_avx512_f32(uint64_t n_rounds, void *sink)
{
    const __m512 a = _mm512_set1_ps(1e-3F);
    const __m512 b = _mm512_set1_ps(1e-2F);
    __m512 sums[N_CHAINS];

    for (int i = 0; i < N_CHAINS; i++)
        sums[i] = _mm512_set1_ps((float)i);
    for (uint64_t round = 0; round < n_rounds; round++)
        for (int i = 0; i < N_CHAINS; i++)
            sums[i] = _mm512_fmadd_ps(a, b, sums[i]);
    for (int i = 0; i < N_CHAINS; i++)
        _mm512_store_ps((float *)sink + ((ptrdiff_t)i * 16), sums[i]);
    return n_rounds * N_CHAINS * 16;
}

/* Without a dot product: bytes to pairs in 16 bits, these to pairs in 32, and a sum. */
uint64_t bench_peak_avx512_int8(uint64_t n_rounds, void *sink)
{
    const __m512i b = _mm512_set1_epi8(2);
    const __m512i ones = _mm512_set1_epi16(1);
    __m512i a = _mm512_set1_epi8(3);
    __m512i sums[N_CHAINS];

    for (int i = 0; i < N_CHAINS; i++)
        sums[i] = _mm512_set1_epi32(i);
    for (uint64_t round = 0; round < n_rounds; round++) {
        for (int i = 0; i < N_CHAINS; i++) {
            __asm__("" : "+v"(a)); /* or the products would be made once */
            sums[i] =
                _mm512_add_epi32(sums[i], _mm512_madd_epi16(_mm512_maddubs_epi16(a, b), ones));
        }
    }
    for (int i = 0; i < N_CHAINS; i++)
        _mm512_store_si512((__m512i *)sink + i, sums[i]);
    return n_rounds * N_CHAINS * 64;
}
