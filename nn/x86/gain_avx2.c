/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/ref/ref.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"

#define STEP 16 /* blocks; what is left of a row goes to the reference */

AR_TILE __m256i load_bytes(const uint8_t *from)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)from));
}

AR_TILE __m256i sum_3(const uint8_t *centre)
{
    return _mm256_add_epi16(_mm256_add_epi16(load_bytes(centre - 1), load_bytes(centre)),
                            load_bytes(centre + 1));
}

void ar_gain_row_avx2(int16_t *restrict gains, int16_t *restrict shown,
                      const int16_t *restrict now, const uint8_t *const *restrict change,
                      const struct ar_gain_curve *restrict curve,
                      const struct ar_gain_reach *restrict reach, uint32_t width)
{
    const __m256i still = _mm256_set1_epi16((int16_t)curve->still);
    const __m256i from = _mm256_set1_epi16((int16_t)curve->from);
    const __m256i span = _mm256_set1_epi16((int16_t)curve->span);
    const __m256i slope = _mm256_set1_epi16((int16_t)curve->slope);
    const __m256i most = _mm256_set1_epi16(AR_CALM_GAIN_MAX);
    const __m256i share = _mm256_set1_epi16(reach->share);
    const size_t n_whole = width - width % STEP;

    for (size_t x = 0; x < n_whole; x += STEP) {
        const __m256i sum =
            _mm256_add_epi16(_mm256_add_epi16(sum_3(change[0] + x), sum_3(change[1] + x)),
                             sum_3(change[2] + x));
        const __m256i above = _mm256_min_epu16(_mm256_subs_epu16(sum, from), span);
        const __m256i near = _mm256_loadu_si256((const void *)(reach->rows[0] + x));
        const __m256i far = _mm256_loadu_si256((const void *)(reach->rows[1] + x));
        const __m256i least =
            _mm256_add_epi16(near, _mm256_mulhrs_epi16(_mm256_sub_epi16(far, near), share));
        const __m256i before = _mm256_loadu_si256((const void *)(shown + x));
        const __m256i to = _mm256_loadu_si256((const void *)(now + x));
        __m256i gain = _mm256_add_epi16(still, _mm256_mullo_epi16(above, slope));
        __m256i step;

        gain = _mm256_max_epi16(_mm256_min_epu16(gain, most), least);
        step = _mm256_mulhrs_epi16(_mm256_sub_epi16(to, before), gain);
        _mm256_storeu_si256((void *)(gains + x), gain);
        _mm256_storeu_si256((void *)(shown + x), _mm256_add_epi16(before, step));
    }
    const uint8_t *const rest[3] = { change[0] + n_whole, change[1] + n_whole,
                                     change[2] + n_whole };
    const struct ar_gain_reach rest_reach = {
        .rows = { reach->rows[0] + n_whole, reach->rows[1] + n_whole },
        .share = reach->share,
    };

    ar_gain_row_ref(gains + n_whole, shown + n_whole, now + n_whole, rest, curve, &rest_reach,
                    width - (uint32_t)n_whole);
}
