/* SPDX-License-Identifier: MIT */
#pragma once

#include <immintrin.h>
#include <stddef.h>

#include "nn/tensor.h"

/* A vector is a group of pixels. */
#define AR_AVX512_LANES ((size_t)AR_TENSOR_GROUP)

/* The first `count` lanes, all of them from 16 on. */
static inline __mmask16 ar_avx512_first_lanes(size_t count)
{
    return (__mmask16)(count < AR_AVX512_LANES ? (1u << count) - 1u : 0xFFFFu);
}

/* Lanes n to n + 15 of two neighbouring vectors. */
#define AR_AVX512_SLIDE(left, right, n) \
    _mm512_castsi512_ps(                \
        _mm512_alignr_epi32(_mm512_castps_si512(right), _mm512_castps_si512(left), (n)))
