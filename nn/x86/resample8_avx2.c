/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tensor.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/bytes_avx2.h"
#include "nn/x86/lanes_avx2.h"

#define LANES   AR_AVX2_LANES
#define VECTORS 2 /* a group of pixels */

void ar_widen8_row_avx2(uint8_t *restrict dst, const float *restrict src,
                        const uint8_t *restrict add, const struct ar_widen8 *restrict widen,
                        uint32_t width)
{
    const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    const __m256 add_scale = _mm256_set1_ps(widen->add_scale);
    const __m256 add_bias = _mm256_set1_ps(widen->add_bias);
    const __m256 low = _mm256_set1_ps(widen->low);
    const __m256 high = _mm256_set1_ps(widen->high);

    for (size_t x = 0; x < width; x += AR_TENSOR_GROUP) {
        __m256i values[VECTORS];

        AR_UNROLL
        for (size_t v = 0; v < VECTORS; v++) {
            const size_t at = x + v * LANES;
            const __m256 half = _mm256_castps128_ps256(_mm_loadu_ps(src + at / 2));
            __m256 value = _mm256_permutevar8x32_ps(half, twice);

            if (add)
                value = _mm256_add_ps(value, _mm256_fmadd_ps(ar_avx2_load_bytes(add + at),
                                                             add_scale, add_bias));
            values[v] = ar_avx2_round8(value, low, high);
        }
        _mm_storeu_si128((void *)(dst + x), ar_avx2_pack_plane(values[0], values[1]));
    }
}

void ar_dequantise8_row_avx2(float *restrict dst, const uint8_t *restrict src,
                             const struct ar_dequantise8 *restrict dequantise, uint32_t width)
{
    const __m256 mul = _mm256_set1_ps(dequantise->mul);

    for (size_t i = 0; i < dequantise->n; i++) {
        const __m256 add = _mm256_set1_ps(dequantise->add[i]);
        const __m128i place = _mm_cvtsi32_si128((int)(8 * i));
        float *const to = dst + i * dequantise->dst_stride;

        for (size_t x = 0; x < ar_avx2_vectors(width) * LANES; x += LANES) {
            const __m256i fours = _mm256_loadu_si256((const void *)(src + 4 * x));
            const __m256i bytes =
                _mm256_and_si256(_mm256_srl_epi32(fours, place), _mm256_set1_epi32(0xFF));

            _mm256_storeu_ps(to + x, _mm256_fmadd_ps(_mm256_cvtepi32_ps(bytes), mul, add));
        }
    }
}

/* Sixteen bytes, above the low one and in the upper halves of words, to full range. */
AR_TILE __m256i stretch_words(__m256i words, __m256i mul, __m256i sub)
{
    return _mm256_srli_epi16(_mm256_subs_epu16(_mm256_mulhi_epu16(words, mul), sub), 7);
}

void ar_stretch8_row_avx2(uint8_t *restrict bytes, const struct ar_stretch8 *restrict stretch,
                          uint32_t n)
{
    const __m256i none = _mm256_setzero_si256();
    const __m256i low = _mm256_set1_epi8((char)stretch->low);
    const __m256i mul = _mm256_set1_epi16((short)stretch->mul);
    const __m256i sub = _mm256_set1_epi16((short)stretch->sub);

    for (size_t i = 0; i < n; i += sizeof(low)) {
        const __m256i above =
            _mm256_subs_epu8(_mm256_loadu_si256((const void *)(bytes + i)), low);
        const __m256i first = stretch_words(_mm256_unpacklo_epi8(none, above), mul, sub);
        const __m256i last = stretch_words(_mm256_unpackhi_epi8(none, above), mul, sub);

        _mm256_storeu_si256((void *)(bytes + i), _mm256_packus_epi16(first, last));
    }
}
