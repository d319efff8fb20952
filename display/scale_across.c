/* SPDX-License-Identifier: MIT */
#include "display/scale_across.h"

#ifdef __SSE2__
#    include <emmintrin.h>
#endif

/* Two bytes of a pixel in one multiplication: 255 * 256 + 128 still fits 16 bits. */
static uint32_t blend_pixel(uint32_t a, uint32_t b, uint32_t weight_q8)
{
    const uint32_t mask = 0x00ff00ff;
    const uint32_t half = 0x00800080;
    uint32_t even = (a & mask) * (256 - weight_q8) + (b & mask) * weight_q8 + half;
    uint32_t odd = (a >> 8 & mask) * (256 - weight_q8) + (b >> 8 & mask) * weight_q8 + half;

    return (even >> 8 & mask) | (odd & ~mask);
}

void ar_scale_across_ref(uint32_t *restrict out, const uint32_t *restrict source,
                         const struct ar_scale_tap *restrict taps, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        out[x] =
            blend_pixel(source[taps[x].first], source[taps[x].first + 1], taps[x].weight_q8);
}

#ifdef __SSE2__
/* Both neighbours in one register, 16 bits a channel, each times its weight. */
static __m128i weigh(const uint32_t *source, const struct ar_scale_tap *tap)
{
    const void *first = source + tap->first;
    const __m128i pair = _mm_unpacklo_epi8(_mm_loadl_epi64(first), _mm_setzero_si128());
    const __m128i weights =
        _mm_cvtsi32_si128((int)(tap->weight_q8 << 16 | (256 - tap->weight_q8)));
    const __m128i twice = _mm_shufflelo_epi16(weights, _MM_SHUFFLE(1, 1, 0, 0));

    return _mm_mullo_epi16(pair, _mm_unpacklo_epi16(twice, twice));
}

void ar_scale_across(uint32_t *restrict out, const uint32_t *restrict source,
                     const struct ar_scale_tap *restrict taps, uint32_t n)
{
    const __m128i half = _mm_set1_epi16(128);
    uint32_t x = 0;

    for (; x + 2 <= n; x += 2) {
        const __m128i a = weigh(source, &taps[x]);
        const __m128i b = weigh(source, &taps[x + 1]);
        const __m128i sum = _mm_add_epi16(_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b));
        const __m128i rounded = _mm_srli_epi16(_mm_add_epi16(sum, half), 8);

        _mm_storel_epi64((void *)(out + x), _mm_packus_epi16(rounded, rounded));
    }
    ar_scale_across_ref(out + x, source, taps + x, n - x);
}
#else
void ar_scale_across(uint32_t *restrict out, const uint32_t *restrict source,
                     const struct ar_scale_tap *restrict taps, uint32_t n)
{
    ar_scale_across_ref(out, source, taps, n);
}
#endif
