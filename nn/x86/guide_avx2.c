/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"

#define STEP        16 /* blocks; what is left of a row goes to the reference */
#define SUM_BITS    5  /* of AR_CALM_LEVEL / 4: four bytes are summed */
#define CHANGE_BITS 5

static_assert(4 << SUM_BITS == AR_CALM_LEVEL, "a shift is a product");
static_assert(1 << CHANGE_BITS == AR_CALM_CHANGE, "and a quotient");

/* Sums are those of 16 blocks' four bytes, in order. */
AR_TILE void store(int16_t *now, uint8_t *change, const int16_t *shown, __m256i sums)
{
    const __m256i guide = _mm256_slli_epi16(sums, SUM_BITS);
    __m256i steps =
        _mm256_abs_epi16(_mm256_sub_epi16(guide, _mm256_loadu_si256((const void *)shown)));

    steps = _mm256_srli_epi16(_mm256_add_epi16(steps, _mm256_set1_epi16(AR_CALM_CHANGE / 2)),
                              CHANGE_BITS);
    _mm256_storeu_si256((void *)now, guide);
    _mm_storeu_si128((void *)change, _mm_packus_epi16(_mm256_castsi256_si128(steps),
                                                      _mm256_extracti128_si256(steps, 1)));
}

static struct ar_image_rows rest_of(const struct ar_image_rows *restrict src, size_t n_done,
                                    uint32_t bytes_per_px)
{
    const size_t done_b = n_done * 2 * bytes_per_px;

    return (struct ar_image_rows){
        .y = { src->y[0] + done_b, src->y[1] + done_b },
        .width_px = src->width_px - (uint32_t)(2 * n_done),
    };
}

AR_TILE __m256i planar_pairs(const uint8_t *row)
{
    return _mm256_maddubs_epi16(_mm256_loadu_si256((const void *)row), _mm256_set1_epi8(1));
}

void ar_guide_row_planar_avx2(int16_t *restrict now, uint8_t *restrict change,
                              const int16_t *restrict shown,
                              const struct ar_image_rows *restrict src)
{
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP;

    for (size_t x = 0; x < n_whole; x += STEP)
        store(now + x, change + x, shown + x,
              _mm256_add_epi16(planar_pairs(src->y[0] + 2 * x),
                               planar_pairs(src->y[1] + 2 * x)));
    const struct ar_image_rows rest = rest_of(src, n_whole, 1);

    ar_guide_row_planar_ref(now + n_whole, change + n_whole, shown + n_whole, &rest);
}

AR_TILE __m256i load_luma(const uint8_t *row)
{
    return _mm256_and_si256(_mm256_loadu_si256((const void *)row), _mm256_set1_epi16(0xFF));
}

/* Sums of the 8 blocks whose bytes start here in either row, in 32-bit lanes. */
AR_TILE __m256i yuyv_blocks(const struct ar_image_rows *src, size_t at)
{
    return _mm256_madd_epi16(_mm256_add_epi16(load_luma(src->y[0] + at),
                                              load_luma(src->y[1] + at)),
                             _mm256_set1_epi16(1));
}

void ar_guide_row_yuyv_avx2(int16_t *restrict now, uint8_t *restrict change,
                            const int16_t *restrict shown,
                            const struct ar_image_rows *restrict src)
{
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP;

    for (size_t x = 0; x < n_whole; x += STEP) {
        const __m256i sums =
            _mm256_packs_epi32(yuyv_blocks(src, 4 * x), yuyv_blocks(src, 4 * x + 32));

        store(now + x, change + x, shown + x, _mm256_permute4x64_epi64(sums, 0xD8));
    }
    const struct ar_image_rows rest = rest_of(src, n_whole, 2);

    ar_guide_row_yuyv_ref(now + n_whole, change + n_whole, shown + n_whole, &rest);
}

void ar_moving_row_avx2(uint8_t *restrict counts, const uint8_t *restrict change, uint8_t least,
                        uint32_t width)
{
    const __m256i limit = _mm256_set1_epi8((int8_t)least);
    const size_t n_whole = width - width % 32;

    for (size_t x = 0; x < n_whole; x += 32) {
        const __m256i changes = _mm256_loadu_si256((const void *)(change + x));
        const __m256i moving = _mm256_cmpeq_epi8(_mm256_max_epu8(changes, limit), changes);
        const __m256i ones = _mm256_and_si256(moving, _mm256_set1_epi8(1));
        uint64_t sums[4];

        _mm256_storeu_si256((void *)sums, _mm256_sad_epu8(ones, _mm256_setzero_si256()));
        for (size_t i = 0; i < 4; i++)
            counts[x / 8 + i] = (uint8_t)(counts[x / 8 + i] + sums[i]);
    }
    ar_moving_row_ref(counts + n_whole / 8, change + n_whole, least, width - (uint32_t)n_whole);
}
