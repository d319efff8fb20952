/* SPDX-License-Identifier: MIT */
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "nn/image.h"
#include "nn/tile.h"

/* Luma and chroma of XRGB pixels in whole parts (nn/image.h). A pixel, B G R X, is a lane. */

/* Eight pixels: their luma, and words of blue and red. */
struct ar_avx2_colours {
    __m256i luma;
    __m256i br;
};

/* Eight blocks' pixels of a row: 0 to 7, and 8 to 15. */
struct ar_avx2_block_row {
    struct ar_avx2_colours left;
    struct ar_avx2_colours right;
};

/* How far a block's blue and red are off its luma, summed up, in blocks 0, 1, 4, 5, 2, 3, 6, 7. */
struct ar_avx2_block_sums {
    __m256i u;
    __m256i v;
};

AR_TILE struct ar_avx2_colours ar_avx2_load_colours(const uint8_t *from)
{
    const __m256i of_br = _mm256_set1_epi32(AR_IMAGE_Y_PART_B | AR_IMAGE_Y_PART_R << 16);
    const __m256i of_gx = _mm256_set1_epi32(AR_IMAGE_Y_PART_G);
    const __m256i pixels = _mm256_loadu_si256((const void *)from);
    const __m256i br = _mm256_and_si256(pixels, _mm256_set1_epi16(0xFF));
    const __m256i gx = _mm256_srli_epi16(pixels, 8);

    return (struct ar_avx2_colours){
        .luma = _mm256_add_epi32(_mm256_madd_epi16(br, of_br), _mm256_madd_epi16(gx, of_gx)),
        .br = br,
    };
}

AR_TILE struct ar_avx2_block_row ar_avx2_load_blocks(const uint8_t *from)
{
    return (struct ar_avx2_block_row){ ar_avx2_load_colours(from),
                                       ar_avx2_load_colours(from + sizeof(__m256i)) };
}

AR_TILE struct ar_avx2_block_sums ar_avx2_sum_blocks(const struct ar_avx2_block_row *upper,
                                                     const struct ar_avx2_block_row *lower)
{
    const __m256i luma =
        _mm256_hadd_epi32(_mm256_add_epi32(upper->left.luma, lower->left.luma),
                          _mm256_add_epi32(upper->right.luma, lower->right.luma));
    const __m256i br = _mm256_hadd_epi32(_mm256_add_epi16(upper->left.br, lower->left.br),
                                         _mm256_add_epi16(upper->right.br, lower->right.br));
    const __m256i b = _mm256_and_si256(br, _mm256_set1_epi32(0xFFFF));
    const __m256i r = _mm256_srli_epi32(br, 16);

    return (struct ar_avx2_block_sums){
        .u = _mm256_sub_epi32(_mm256_slli_epi32(b, AR_IMAGE_Y_BITS), luma),
        .v = _mm256_sub_epi32(_mm256_slli_epi32(r, AR_IMAGE_Y_BITS), luma),
    };
}
