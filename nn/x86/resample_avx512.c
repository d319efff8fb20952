/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>

#include "nn/x86/avx512.h"
#include "nn/x86/lanes_avx512.h"

#define LANES AR_AVX512_LANES

void ar_split_row_avx512(float *restrict even, float *restrict odd, const float *restrict src,
                         uint32_t width)
{
    const __m512i evens =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));

    for (size_t x = 0; x < width; x += LANES) {
        const __m512 low = _mm512_loadu_ps(src + 2 * x);
        const __m512 high = _mm512_loadu_ps(src + 2 * x + LANES);

        _mm512_storeu_ps(even + x, _mm512_permutex2var_ps(low, evens, high));
        _mm512_storeu_ps(odd + x, _mm512_permutex2var_ps(low, odds, high));
    }
}

void ar_widen_row_avx512(float *restrict dst, const float *restrict src,
                         const float *restrict add, uint32_t width)
{
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);

    for (size_t x = 0; x < width; x += LANES) {
        const __m512 half = _mm512_castps256_ps512(_mm256_loadu_ps(src + x / 2));
        __m512 wide = _mm512_permutexvar_ps(twice, half);

        if (add)
            wide = _mm512_add_ps(wide, _mm512_loadu_ps(add + x));
        _mm512_storeu_ps(dst + x, wide);
    }
}
