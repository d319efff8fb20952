/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>

#include "nn/x86/avx2.h"
#include "nn/x86/lanes_avx2.h"

#define LANES AR_AVX2_LANES

void ar_split_row_avx2(float *restrict even, float *restrict odd, const float *restrict src,
                       uint32_t width)
{
    const size_t n_vectors = ar_avx2_vectors(width);

    for (size_t v = 0; v < n_vectors; v++) {
        const __m256 low = _mm256_loadu_ps(src + 2 * v * LANES);
        const __m256 high = _mm256_loadu_ps(src + (2 * v + 1) * LANES);

        _mm256_storeu_ps(even + v * LANES, AR_AVX2_EVERY_OTHER(low, high, 0));
        _mm256_storeu_ps(odd + v * LANES, AR_AVX2_EVERY_OTHER(low, high, 1));
    }
}

void ar_widen_row_avx2(float *restrict dst, const float *restrict src,
                       const float *restrict add, uint32_t width)
{
    const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    const size_t n_vectors = ar_avx2_vectors(width);

    for (size_t v = 0; v < n_vectors; v++) {
        const __m256 half = _mm256_castps128_ps256(_mm_loadu_ps(src + v * LANES / 2));
        __m256 wide = _mm256_permutevar8x32_ps(half, twice);

        if (add)
            wide = _mm256_add_ps(wide, _mm256_loadu_ps(add + v * LANES));
        _mm256_storeu_ps(dst + v * LANES, wide);
    }
}
