/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tile.h"
#include "nn/x86/lanes_avx512.h"
#include "nn/x86/vnni512.h"

#define LANES AR_AVX512_LANES

AR_TILE __m512i round_limited(__m512 value, __m512 low, __m512 high)
{
    return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(value, low), high));
}

void ar_widen8_row_vnni512(uint8_t *restrict dst, const float *restrict src,
                           const uint8_t *restrict add, const struct ar_widen8 *restrict widen,
                           uint32_t width)
{
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const __m512 add_scale = _mm512_set1_ps(widen->add_scale);
    const __m512 add_bias = _mm512_set1_ps(widen->add_bias);
    const __m512 low = _mm512_set1_ps(widen->low);
    const __m512 high = _mm512_set1_ps(widen->high);

    for (size_t x = 0; x < width; x += LANES) {
        const __m512 half = _mm512_castps256_ps512(_mm256_loadu_ps(src + x / 2));
        __m512 value = _mm512_permutexvar_ps(twice, half);

        if (add) {
            const __m128i bytes = _mm_loadu_si128((const void *)(add + x));
            const __m512 more = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));

            value = _mm512_add_ps(value, _mm512_fmadd_ps(more, add_scale, add_bias));
        }
        _mm_storeu_si128((void *)(dst + x),
                         _mm512_cvtepi32_epi8(round_limited(value, low, high)));
    }
}
