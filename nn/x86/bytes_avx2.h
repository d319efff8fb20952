/* SPDX-License-Identifier: MIT */
#pragma once

#include <immintrin.h>
#include <stdint.h>

/* Of eight values the nearest whole numbers within limits; not-a-number becomes low. */
static inline __m256i ar_avx2_round8(__m256 value, __m256 low, __m256 high)
{
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(value, low), high));
}

/* Four channels of eight pixels, one channel after the other in either half, to a pixel's four bytes. */
static inline __m256i ar_avx2_by_pixel(__m256i bytes)
{
    const __m256i places = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));

    return _mm256_shuffle_epi8(bytes, places);
}

/* Eight pixels of each of four channels, 0 to 255, to their fours. */
static inline __m256i ar_avx2_pack_fours(__m256i c0, __m256i c1, __m256i c2, __m256i c3)
{
    return ar_avx2_by_pixel(
        _mm256_packus_epi16(_mm256_packs_epi32(c0, c1), _mm256_packs_epi32(c2, c3)));
}

/* A group of pixels of one channel, 0 to 255. */
static inline __m128i ar_avx2_pack_plane(__m256i left, __m256i right)
{
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(left, right), 0xD8);

    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/* Eight bytes of a plane. */
static inline __m256 ar_avx2_load_bytes(const uint8_t *bytes)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)bytes)));
}
