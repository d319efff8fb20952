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

void ar_quantise8_row_avx2(uint8_t *restrict dst, const float *const *restrict src,
                           const struct ar_quantise8 *restrict quantise, uint32_t width)
{
    const __m256 low = _mm256_setzero_ps();
    const __m256 high = _mm256_set1_ps(255.0F);
    const size_t n_vectors = ar_avx2_vectors(width);

    for (size_t x = 0; x < n_vectors * LANES; x += LANES) {
        __m256i values[4];

        AR_UNROLL
        for (size_t i = 0; i < 4; i++) {
            const __m256 product =
                _mm256_mul_ps(_mm256_loadu_ps(src[i] + x), _mm256_set1_ps(quantise->scale[i]));

            values[i] =
                ar_avx2_round8(_mm256_add_ps(product, _mm256_set1_ps(quantise->bias[i])), low,
                               high);
        }
        _mm256_storeu_si256((void *)(dst + 4 * x),
                            ar_avx2_pack_fours(values[0], values[1], values[2], values[3]));
    }
}
