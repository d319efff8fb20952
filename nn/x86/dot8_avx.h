/* SPDX-License-Identifier: MIT */
#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tile.h"

/*
 * Dot products of four bytes and four signed bytes, added to each lane of 32 bits, for kernels that are compiled twice:
 * with AVX-VNNI, whose instruction that is, and with AVX2 alone. There the even and the odd bytes of a four become
 * pairs of 16 bits, and VPMADDWD sums a pair of products in 32 bits: nothing saturates, and both tiers give
 * the same bits.
 */

#define AR_DOT8_TABLE 256 /* fours of weights in a table, a multiple of 4 */

#ifdef __AVXVNNI__

#    define AR_DOT8_DWCONV3X3_ROW_S1 ar_dwconv8_3x3_row_s1_avxvnni
#    define AR_DOT8_DWCONV3X3_ROW_S2 ar_dwconv8_3x3_row_s2_avxvnni
#    define AR_DOT8_DWCONV5X5_ROW_S1 ar_dwconv8_5x5_row_s1_avxvnni
#    define AR_DOT8_DWCONV5X5_ROW_S2 ar_dwconv8_5x5_row_s2_avxvnni
#    define AR_DOT8_PWCONV_ROW       ar_pwconv8_row_avxvnni

/* One side of eight products. */
struct ar_dot8_fours {
    __m256i all;
};

AR_TILE struct ar_dot8_fours ar_dot8_split(__m256i fours)
{
    return (struct ar_dot8_fours){ fours };
}

/* What VPSHUFB needs to pick fours: the places of their bytes. */
AR_TILE struct ar_dot8_fours ar_dot8_pattern(__m256i places)
{
    return (struct ar_dot8_fours){ places };
}

/* As VPSHUFB does, in each half by itself. */
AR_TILE struct ar_dot8_fours ar_dot8_pick(__m256i bytes, struct ar_dot8_fours pattern)
{
    return (struct ar_dot8_fours){ _mm256_shuffle_epi8(bytes, pattern.all) };
}

AR_TILE __m256i ar_dot8_add(__m256i sum, struct ar_dot8_fours bytes,
                            struct ar_dot8_fours weights)
{
    return _mm256_dpbusd_avx_epi32(sum, bytes.all, weights.all);
}

/* The same where all but the first byte of each four weigh nothing. */
AR_TILE __m256i ar_dot8_add_first(__m256i sum, struct ar_dot8_fours bytes,
                                  struct ar_dot8_fours weights)
{
    return ar_dot8_add(sum, bytes, weights);
}

/* Weights, ready to be multiplied with. They are read where they are. */
struct ar_dot8_table {
    const int8_t *from; /* NULL at first */
};

/* Takes n_fours of weights, a multiple of 4; nothing is done where the table holds them already. */
AR_TILE void ar_dot8_hold(struct ar_dot8_table *table, const int8_t *weights, size_t n_fours)
{
    (void)n_fours;
    table->from = weights;
}

AR_TILE struct ar_dot8_fours ar_dot8_weight(const struct ar_dot8_table *table, size_t four)
{
    return (struct ar_dot8_fours){ _mm256_broadcastd_epi32(
        _mm_loadu_si32(table->from + 4 * four)) };
}

#else

#    define AR_DOT8_DWCONV3X3_ROW_S1 ar_dwconv8_3x3_row_s1_avx2
#    define AR_DOT8_DWCONV3X3_ROW_S2 ar_dwconv8_3x3_row_s2_avx2
#    define AR_DOT8_DWCONV5X5_ROW_S1 ar_dwconv8_5x5_row_s1_avx2
#    define AR_DOT8_DWCONV5X5_ROW_S2 ar_dwconv8_5x5_row_s2_avx2
#    define AR_DOT8_PWCONV_ROW       ar_pwconv8_row_avx2

/* One side of eight products, as pairs of 16 bits. */
struct ar_dot8_fours {
    __m256i even; /* bytes 0 and 2 */
    __m256i odd;
};

AR_TILE struct ar_dot8_fours ar_dot8_split(__m256i fours)
{
    return (struct ar_dot8_fours){ _mm256_and_si256(fours, _mm256_set1_epi16(0xFF)),
                                   _mm256_srli_epi16(fours, 8) };
}

/* What VPSHUFB needs to pick fours: the places of their bytes. */
AR_TILE struct ar_dot8_fours ar_dot8_pattern(__m256i places)
{
    const __m256i zero = _mm256_set1_epi16((int16_t)0x8000); /* picks nothing */
    const struct ar_dot8_fours split = ar_dot8_split(places);

    return (struct ar_dot8_fours){ _mm256_or_si256(split.even, zero),
                                   _mm256_or_si256(split.odd, zero) };
}

/* As VPSHUFB does, in each half by itself. */
AR_TILE struct ar_dot8_fours ar_dot8_pick(__m256i bytes, struct ar_dot8_fours pattern)
{
    return (struct ar_dot8_fours){ _mm256_shuffle_epi8(bytes, pattern.even),
                                   _mm256_shuffle_epi8(bytes, pattern.odd) };
}

AR_TILE __m256i ar_dot8_add(__m256i sum, struct ar_dot8_fours bytes,
                            struct ar_dot8_fours weights)
{
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(bytes.even, weights.even));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(bytes.odd, weights.odd));
}

/* The same where all but the first byte of each four weigh nothing. */
AR_TILE __m256i ar_dot8_add_first(__m256i sum, struct ar_dot8_fours bytes,
                                  struct ar_dot8_fours weights)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(bytes.even, weights.even));
}

/* Weights, ready to be multiplied with: made 16 bits wide once, for all the pixels that meet them. */
struct ar_dot8_table {
    const int8_t *from; /* NULL at first */
    /* Of each four the even bytes, and the odd ones. */
    _Alignas(__m256i) int32_t pairs[2 * AR_DOT8_TABLE];
};

/* Takes n_fours of weights, a multiple of 4; nothing is done where the table holds them already. */
AR_TILE void ar_dot8_hold(struct ar_dot8_table *table, const int8_t *weights, size_t n_fours)
{
    const __m128i by_pair = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);

    if (table->from == weights)
        return;
    table->from = weights;
    for (size_t i = 0; i < n_fours; i += 4) {
        const __m128i fours = _mm_loadu_si128((const void *)(weights + 4 * i));

        _mm256_store_si256((void *)(table->pairs + 2 * i),
                           _mm256_cvtepi8_epi16(_mm_shuffle_epi8(fours, by_pair)));
    }
}

AR_TILE struct ar_dot8_fours ar_dot8_weight(const struct ar_dot8_table *table, size_t four)
{
    return (struct ar_dot8_fours){ _mm256_set1_epi32(table->pairs[2 * four]),
                                   _mm256_set1_epi32(table->pairs[2 * four + 1]) };
}

#endif
