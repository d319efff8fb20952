/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/ref/ref.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"

/*
 * 32 bytes at a time; what is left of a row goes to the reference. The gains of 16 bytes are taken
 * into both halves of a vector and spread by one shuffle.
 */
#define STEP_B 32

/*
 * What is shown has been in no near cache since the frame before, and the machine's own prefetch starts over at
 * each page. Asking 2 KiB ahead took a sixth off the time of an I420 frame, a third off XRGB (Rocket Lake).
 */
#define AHEAD 1024

#define LEVEL_BITS 7 /* of AR_CALM_LEVEL */
#define OPEN_FROM  (AR_CALM_OPEN_FROM * AR_CALM_LEVEL)
#define OPEN_SPAN  ((AR_CALM_OPEN_TO - AR_CALM_OPEN_FROM) * AR_CALM_LEVEL)
#define OPEN_BITS  2 /* of AR_CALM_WHOLE / OPEN_SPAN */

static_assert(1 << LEVEL_BITS == AR_CALM_LEVEL, "a shift is a product");
static_assert(OPEN_SPAN << OPEN_BITS == AR_CALM_WHOLE, "here too");

/* The gains of the next 16 bytes, `share` bytes each. */
AR_TILE __m256i load_gains(const int16_t *gains, uint32_t share)
{
    __m256i spread;

    switch (share) {
    case 1:
        return _mm256_loadu_si256((const void *)gains);
    case 2:
        spread = _mm256_setr_epi8(0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9,
                                  10, 11, 10, 11, 12, 13, 12, 13, 14, 15, 14, 15);
        return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(
                                       _mm_loadu_si128((const void *)gains)),
                                   spread);
    case 4:
        spread = _mm256_setr_epi8(0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3, 4, 5, 4, 5, 4,
                                  5, 4, 5, 6, 7, 6, 7, 6, 7, 6, 7);
        return _mm256_shuffle_epi8(_mm256_broadcastq_epi64(_mm_loadu_si64(gains)), spread);
    default:
        spread = _mm256_setr_epi8(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2,
                                  3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3);
        return _mm256_shuffle_epi8(_mm256_broadcastd_epi32(_mm_loadu_si32(gains)), spread);
    }
}

/* Moves 16 values of shown, and returns them rounded to levels. */
AR_TILE __m256i calm(const uint8_t *bytes, int16_t *shown, __m256i gain)
{
    const __m256i byte = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)bytes));
    const __m256i before = _mm256_loadu_si256((const void *)shown);
    const __m256i difference = _mm256_sub_epi16(_mm256_slli_epi16(byte, LEVEL_BITS), before);
    __m256i least =
        _mm256_subs_epu16(_mm256_abs_epi16(difference), _mm256_set1_epi16(OPEN_FROM));
    __m256i after;

    least = _mm256_min_epi16(least, _mm256_set1_epi16(OPEN_SPAN - 1));
    gain = _mm256_max_epi16(gain, _mm256_slli_epi16(least, OPEN_BITS));
    after = _mm256_add_epi16(before, _mm256_mulhrs_epi16(difference, gain));
    _mm256_storeu_si256((void *)shown, after);
    return _mm256_srli_epi16(_mm256_add_epi16(after, _mm256_set1_epi16(AR_CALM_LEVEL / 2)),
                             LEVEL_BITS);
}

/* Bytes done, a multiple of STEP_B; `share` is a constant where this is inlined. */
AR_TILE size_t calm_row(uint8_t *restrict bytes, int16_t *restrict shown,
                        const int16_t *restrict gains, uint32_t n_gains, uint32_t share)
{
    const size_t size_b = (size_t)n_gains * share;
    const size_t n_whole = size_b - size_b % STEP_B;

    for (size_t i = 0; i < n_whole; i += STEP_B) {
        _mm_prefetch((const void *)(shown + i + AHEAD), _MM_HINT_T0);
        const __m256i left = calm(bytes + i, shown + i, load_gains(gains + i / share, share));
        const __m256i right =
            calm(bytes + i + 16, shown + i + 16, load_gains(gains + (i + 16) / share, share));
        const __m256i packed = _mm256_packus_epi16(left, right);

        _mm256_storeu_si256((void *)(bytes + i), _mm256_permute4x64_epi64(packed, 0xD8));
    }
    return n_whole;
}

void ar_calm1_row_avx2(uint8_t *restrict bytes, int16_t *restrict shown,
                       const int16_t *restrict gains, uint32_t n_gains)
{
    const size_t done = calm_row(bytes, shown, gains, n_gains, 1);

    ar_calm1_row_ref(bytes + done, shown + done, gains + done, n_gains - (uint32_t)done);
}

void ar_calm2_row_avx2(uint8_t *restrict bytes, int16_t *restrict shown,
                       const int16_t *restrict gains, uint32_t n_gains)
{
    const size_t done = calm_row(bytes, shown, gains, n_gains, 2);

    ar_calm2_row_ref(bytes + done, shown + done, gains + done / 2,
                     n_gains - (uint32_t)done / 2);
}

void ar_calm4_row_avx2(uint8_t *restrict bytes, int16_t *restrict shown,
                       const int16_t *restrict gains, uint32_t n_gains)
{
    const size_t done = calm_row(bytes, shown, gains, n_gains, 4);

    ar_calm4_row_ref(bytes + done, shown + done, gains + done / 4,
                     n_gains - (uint32_t)done / 4);
}

void ar_calm8_row_avx2(uint8_t *restrict bytes, int16_t *restrict shown,
                       const int16_t *restrict gains, uint32_t n_gains)
{
    const size_t done = calm_row(bytes, shown, gains, n_gains, 8);

    ar_calm8_row_ref(bytes + done, shown + done, gains + done / 8,
                     n_gains - (uint32_t)done / 8);
}
