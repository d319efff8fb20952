/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/luma_avx2.h"
#include "nn/x86/rows_avx2.h"

/* Eight pixels' fours, which are a vector, at a time. */
#define STEP_PX AR_AVX2_STEP_PX

AR_TILE void store(uint8_t *to, __m256i fours)
{
    _mm256_storeu_si256((void *)to, fours);
}

/* Pairs of luma bytes of two rows. */
AR_TILE void store_luma(uint8_t *to, const uint8_t *upper, const uint8_t *lower)
{
    const __m128i up = _mm_loadu_si128((const void *)upper);
    const __m128i low = _mm_loadu_si128((const void *)lower);

    _mm_storeu_si128((void *)to, _mm_unpacklo_epi16(up, low));
    _mm_storeu_si128((void *)(to + sizeof(up)), _mm_unpackhi_epi16(up, low));
}

void ar_ingest8_yuv420_row_i420_avx2(uint8_t *restrict dst,
                                     const struct ar_image_rows *restrict src,
                                     const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 2, 1, 1);
    uint8_t *const chroma = dst + scale->plane_stride;

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m128i u = _mm_loadu_si64(src->u + x);
        const __m128i v = _mm_loadu_si64(src->v + x);

        store_luma(dst + 4 * x, src->y[0] + 2 * x, src->y[1] + 2 * x);
        store(chroma + 4 * x, _mm256_cvtepu16_epi32(_mm_unpacklo_epi8(u, v)));
    }
    ar_ingest8_yuv420_row_i420_ref(dst + 4 * n, &rest, scale);
}

void ar_ingest8_yuv420_row_nv12_avx2(uint8_t *restrict dst,
                                     const struct ar_image_rows *restrict src,
                                     const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 2, 2, 0);
    uint8_t *const chroma = dst + scale->plane_stride;

    for (size_t x = 0; x < n; x += STEP_PX) {
        store_luma(dst + 4 * x, src->y[0] + 2 * x, src->y[1] + 2 * x);
        store(chroma + 4 * x,
              _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)(src->u + 2 * x))));
    }
    ar_ingest8_yuv420_row_nv12_ref(dst + 4 * n, &rest, scale);
}

/* The same in either half. */
AR_TILE __m256i shuffle(__m256i bytes, __m128i places)
{
    return _mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(places));
}

/* A pair of pixels, Y U Y V, is a lane. */
void ar_ingest8_yuv420_row_yuyv_avx2(uint8_t *restrict dst,
                                     const struct ar_image_rows *restrict src,
                                     const struct ar_image_scale *restrict scale)
{
    const __m128i pairs_in_turn =
        _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    const __m128i odd_bytes =
        _mm_setr_epi8(1, 3, -1, -1, 5, 7, -1, -1, 9, 11, -1, -1, 13, 15, -1, -1);
    const __m256i luma = _mm256_set1_epi16(0xFF);
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 4, 0, 0);
    uint8_t *const chroma = dst + scale->plane_stride;

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m256i upper = _mm256_loadu_si256((const void *)(src->y[0] + 4 * x));
        const __m256i lower = _mm256_loadu_si256((const void *)(src->y[1] + 4 * x));
        const __m256i pairs =
            _mm256_packus_epi16(_mm256_and_si256(upper, luma), _mm256_and_si256(lower, luma));

        store(dst + 4 * x, shuffle(pairs, pairs_in_turn));
        store(chroma + 4 * x, shuffle(_mm256_avg_epu8(upper, lower), odd_bytes));
    }
    ar_ingest8_yuv420_row_yuyv_ref(dst + 4 * n, &rest, scale);
}

AR_TILE __m256i nearest(__m256i luma)
{
    return _mm256_srli_epi32(_mm256_add_epi32(luma, _mm256_set1_epi32(AR_IMAGE_Y_WHOLE / 2)),
                             AR_IMAGE_Y_BITS);
}

/* Words of luma of pixels 0 to 3, 8 to 11, 4 to 7 and 12 to 15. */
AR_TILE __m256i luma_words(const struct ar_avx2_block_row *row)
{
    return _mm256_packs_epi32(nearest(row->left.luma), nearest(row->right.luma));
}

AR_TILE __m256i chroma_of(__m256i sums, float share)
{
    return _mm256_cvttps_epi32(
        _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_set1_ps(share)),
                      _mm256_set1_ps(128.5F)));
}

/* Bytes are B G R X. */
void ar_ingest8_yuv420_row_xrgb_avx2(uint8_t *restrict dst,
                                     const struct ar_image_rows *restrict src,
                                     const struct ar_image_scale *restrict scale)
{
    const __m128i pairs_in_turn =
        _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    const __m128i u_and_v =
        _mm_setr_epi8(0, 4, -1, -1, 1, 5, -1, -1, 2, 6, -1, -1, 3, 7, -1, -1);
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 8, 0, 0);
    uint8_t *const chroma = dst + scale->plane_stride;

    for (size_t x = 0; x < n; x += STEP_PX) {
        const struct ar_avx2_block_row upper = ar_avx2_load_blocks(src->y[0] + 8 * x);
        const struct ar_avx2_block_row lower = ar_avx2_load_blocks(src->y[1] + 8 * x);
        const struct ar_avx2_block_sums sums = ar_avx2_sum_blocks(&upper, &lower);
        const __m256i pairs = _mm256_packus_epi16(luma_words(&upper), luma_words(&lower));
        const __m256i words = _mm256_packs_epi32(chroma_of(sums.u, AR_IMAGE_U_OF_SUM),
                                                 chroma_of(sums.v, AR_IMAGE_V_OF_SUM));
        const __m256i bytes = _mm256_packus_epi16(words, words);

        store(dst + 4 * x, _mm256_permute4x64_epi64(shuffle(pairs, pairs_in_turn), 0xD8));
        store(chroma + 4 * x, _mm256_permute4x64_epi64(shuffle(bytes, u_and_v), 0xD8));
    }
    ar_ingest8_yuv420_row_xrgb_ref(dst + 4 * n, &rest, scale);
}
