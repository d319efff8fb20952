/* SPDX-License-Identifier: MIT */
#pragma once

#include <immintrin.h>
#include <stddef.h>

#include "nn/tensor.h"

#define AR_AVX2_LANES ((size_t)8)

/* Vectors in the whole groups that kernels work on. */
static inline size_t ar_avx2_vectors(uint32_t width)
{
    return ar_tensor_whole(width) / AR_AVX2_LANES;
}

/* The first `count` lanes, all of them from 8 on: a mask for maskload, maskstore and and. */
static inline __m256i ar_avx2_first_lanes(size_t count)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const int32_t limit = (int32_t)(count < AR_AVX2_LANES ? count : AR_AVX2_LANES);

    return _mm256_cmpgt_epi32(_mm256_set1_epi32(limit), index);
}

/* Of 16 floats the even ones (0) or the odd ones (1). */
#define AR_AVX2_EVERY_OTHER(low, high, first)                                           \
    _mm256_castpd_ps(                                                                   \
        _mm256_permute4x64_pd(_mm256_castps_pd(                                         \
                                  _mm256_shuffle_ps(low, high, (first) ? 0xDD : 0x88)), \
                              0xD8))
