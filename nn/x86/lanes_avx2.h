/* SPDX-License-Identifier: MIT */
#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define AR_AVX2_LANES ((size_t)8)

/* The first `count` lanes, all of them from 8 on: a mask for maskload, maskstore and and. */
static inline __m256i ar_avx2_first_lanes(size_t count)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const int32_t limit = (int32_t)(count < AR_AVX2_LANES ? count : AR_AVX2_LANES);

    return _mm256_cmpgt_epi32(_mm256_set1_epi32(limit), index);
}
