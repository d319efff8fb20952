/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tile.h"
#include "nn/x86/lanes_avx512.h"
#include "nn/x86/vnni512.h"

/*
 * A lane is a pixel: its four bytes are the three taps of a row and one more, whose weight is zero, so that a dot
 * product is a row of the filter; of five taps it is the first four, and another one is the fifth. The 16 overlapping
 * fours are one permutation of the bytes of a load.
 */
#define LANES      AR_AVX512_LANES
#define MAX_KERNEL 5
#define MAX_FOURS  2

/* Where pixel p's left tap is, or its fifth, counted from the first one's left: p, 2p, and the first one's. */
#define FOUR(at)        (0x03020100 + 0x01010101 * (at))
#define FOURS_OF(at, d) FOUR((at) + 3 * (d)), FOUR((at) + 2 * (d)), FOUR((at) + (d)), FOUR(at)

AR_TILE __m512i pattern_of(size_t stride, int first)
{
    if (stride == 1)
        return _mm512_set_epi32(FOURS_OF(first + 12, 1), FOURS_OF(first + 8, 1),
                                FOURS_OF(first + 4, 1), FOURS_OF(first, 1));
    return _mm512_set_epi32(FOURS_OF(first + 24, 2), FOURS_OF(first + 16, 2),
                            FOURS_OF(first + 8, 2), FOURS_OF(first, 2));
}

/* The bytes of 16 pixels' taps, from the first one's left tap on. */
AR_TILE __m512i load_taps(const uint8_t *in, size_t stride)
{
    if (stride == 1)
        return _mm512_castsi256_si512(_mm256_loadu_si256((const void *)in));
    return _mm512_loadu_si512(in);
}

/* What a channel is filtered with. */
struct channel {
    __m512i weights[MAX_KERNEL][MAX_FOURS];
    __m512i start;
    __m512 scale;
};

AR_TILE struct channel load_channel(const struct ar_dwconv8_filter *restrict filter, size_t c,
                                    size_t kernel)
{
    const size_t fours = ar_dwconv8_fours(kernel);
    const int8_t *const weights = filter->weights + c * kernel * fours * 4;
    struct channel channel = {
        .start = _mm512_set1_epi32(filter->start[c]),
        .scale = _mm512_set1_ps(filter->scale[c]),
    };

    AR_UNROLL
    for (size_t r = 0; r < kernel * fours; r++)
        channel.weights[r / fours][r % fours] =
            _mm512_broadcastd_epi32(_mm_loadu_si32(weights + 4 * r));
    return channel;
}

/* 16 pixels of a channel, scaled and rounded; `at` is the first one's left tap in each row. */
AR_TILE __m512i filtered(const uint8_t *const *restrict in, size_t at,
                         const struct channel *restrict channel,
                         const __m512i *restrict patterns, size_t kernel, size_t stride)
{
    __m512i sum = channel->start;

    AR_UNROLL
    for (size_t r = 0; r < kernel; r++) {
        const __m512i taps = load_taps(in[r] + at, stride);

        AR_UNROLL
        for (size_t i = 0; i < ar_dwconv8_fours(kernel); i++)
            sum = _mm512_dpbusd_epi32(sum, _mm512_permutexvar_epi8(patterns[i], taps),
                                      channel->weights[r][i]);
    }
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), channel->scale));
}

/* Four channels' pixels, limited to signed bytes but the lowest, to their fours. */
AR_TILE __m512i pack_fours(const __m512i *restrict values)
{
    const __m512i by_pixel = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i bytes = _mm512_packs_epi16(_mm512_packs_epi32(values[0], values[1]),
                                       _mm512_packs_epi32(values[2], values[3]));

    bytes = _mm512_max_epi8(_mm512_shuffle_epi8(bytes, by_pixel), _mm512_set1_epi8(-127));
    return _mm512_xor_si512(bytes, _mm512_set1_epi8(-128));
}

AR_TILE void dwconv8_row(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                         const struct ar_dwconv8_filter *restrict filter,
                         const struct ar_dwconv8_shape *restrict shape, size_t kernel,
                         size_t stride)
{
    const size_t plane = shape->src_stride;
    const __m512i patterns[MAX_FOURS] = { pattern_of(stride, 0), pattern_of(stride, 4) };

    for (size_t c = 0; c < shape->channels; c += 4) {
        uint8_t *out = dst + c / 4 * shape->dst_stride;
        const uint8_t *in[MAX_KERNEL];
        struct channel channels[4];

        AR_UNROLL
        for (size_t r = 0; r < kernel; r++)
            in[r] = rows[r] + c * plane - kernel / 2;
        AR_UNROLL
        for (size_t i = 0; i < 4; i++)
            channels[i] = load_channel(filter, c + i, kernel);
        for (size_t x = 0; x < shape->width; x += LANES) {
            __m512i values[4];

            AR_UNROLL
            for (size_t i = 0; i < 4; i++)
                values[i] = filtered(in, i * plane, &channels[i], patterns, kernel, stride);
            _mm512_storeu_si512(out, pack_fours(values));
            out += 4 * LANES;
            AR_UNROLL
            for (size_t r = 0; r < kernel; r++)
                in[r] += stride * LANES;
        }
    }
}

void ar_dwconv8_3x3_row_s1_vnni512(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                   const struct ar_dwconv8_filter *restrict filter,
                                   const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 1);
}

void ar_dwconv8_3x3_row_s2_vnni512(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                   const struct ar_dwconv8_filter *restrict filter,
                                   const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 2);
}

void ar_dwconv8_5x5_row_s1_vnni512(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                   const struct ar_dwconv8_filter *restrict filter,
                                   const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 1);
}

void ar_dwconv8_5x5_row_s2_vnni512(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                   const struct ar_dwconv8_filter *restrict filter,
                                   const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 2);
}
