/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/ref/ref.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"

#define STEP_B     32 /* what is left of a row goes to the reference */
#define WHOLE_BITS 8

static_assert(1 << WHOLE_BITS == AR_MIX_WHOLE, "a shift is a quotient");

/* Of 16 values each. Their sum is below 2^16: the shares are a whole. */
AR_TILE __m256i mix(__m256i bytes, __m256i over, __m256i kept, __m256i share)
{
    const __m256i sum =
        _mm256_add_epi16(_mm256_mullo_epi16(bytes, kept), _mm256_mullo_epi16(over, share));

    return _mm256_srli_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(AR_MIX_WHOLE / 2)),
                             WHOLE_BITS);
}

void ar_mix_row_avx2(uint8_t *restrict bytes, const uint8_t *restrict over, uint32_t share,
                     size_t n_b)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i shares = _mm256_set1_epi16((int16_t)share);
    const __m256i kept = _mm256_set1_epi16((int16_t)(AR_MIX_WHOLE - share));
    const size_t n_whole = n_b - n_b % STEP_B;

    for (size_t i = 0; i < n_whole; i += STEP_B) {
        const __m256i a = _mm256_loadu_si256((const void *)(bytes + i));
        const __m256i b = _mm256_loadu_si256((const void *)(over + i));
        /* Both unpack and pack stay within halves of a vector: the order comes out right. */
        const __m256i low =
            mix(_mm256_unpacklo_epi8(a, zero), _mm256_unpacklo_epi8(b, zero), kept, shares);
        const __m256i high =
            mix(_mm256_unpackhi_epi8(a, zero), _mm256_unpackhi_epi8(b, zero), kept, shares);

        _mm256_storeu_si256((void *)(bytes + i), _mm256_packus_epi16(low, high));
    }
    ar_mix_row_ref(bytes + n_whole, over + n_whole, share, n_b - n_whole);
}
