/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/avxvnni.h"
#include "nn/x86/bytes_avx2.h"
#include "nn/x86/dot8_avx.h"
#include "nn/x86/lanes_avx2.h"

/*
 * As in dwconv8_vnni512.c: a lane is a pixel, and its four bytes are the first taps of a row, the fifth being the first
 * of four more. Bytes are picked within 16 of them, so that either half of a vector gets those of its own pixels.
 */
#define LANES      AR_AVX2_LANES
#define MAX_KERNEL 5
#define MAX_FOURS  2

/* Where pixel p's left tap is, or its fifth: p, 2p, and the first one's. */
#define FOUR(at)          (0x03020100 + 0x01010101 * (at))
#define FOURS_FROM(at, d) FOUR(at), FOUR((at) + (d)), FOUR((at) + 2 * (d)), FOUR((at) + 3 * (d))

AR_TILE __m256i places_of(size_t stride, int first)
{
    if (stride == 1)
        return _mm256_setr_epi32(FOURS_FROM(first, 1), FOURS_FROM(first + 4, 1));
    return _mm256_setr_epi32(FOURS_FROM(first, 2), FOURS_FROM(first, 2));
}

/* The bytes of 8 pixels' taps, from the first one's left tap on, and from the fifth pixel's where that is too far. */
AR_TILE __m256i load_taps(const uint8_t *in, size_t stride)
{
    const __m128i taps = _mm_loadu_si128((const void *)in);

    if (stride == 1)
        return _mm256_broadcastsi128_si256(taps);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(taps),
                                   _mm_loadu_si128((const void *)(in + 8)), 1);
}

/* What a channel is filtered with. */
struct channel {
    struct ar_dot8_fours weights[MAX_KERNEL][MAX_FOURS];
    __m256i start;
    __m256 scale;
};

/* Four channels from c on. */
AR_TILE void load_channels(struct channel *restrict channels,
                           const struct ar_dwconv8_filter *restrict filter, size_t c,
                           size_t kernel)
{
    const size_t fours = ar_dwconv8_fours(kernel);
    struct ar_dot8_table table = { .from = NULL };

    ar_dot8_hold(&table, filter->weights + c * kernel * fours * 4, 4 * kernel * fours);
    AR_UNROLL
    for (size_t i = 0; i < 4; i++) {
        channels[i].start = _mm256_set1_epi32(filter->start[c + i]);
        channels[i].scale = _mm256_set1_ps(filter->scale[c + i]);
        AR_UNROLL
        for (size_t r = 0; r < kernel * fours; r++)
            channels[i].weights[r / fours][r % fours] =
                ar_dot8_weight(&table, i * kernel * fours + r);
    }
}

/* 8 pixels of a channel, scaled and rounded; `at` is the first one's left tap in each row. */
AR_TILE __m256i filtered(const uint8_t *const *restrict in, size_t at,
                         const struct channel *restrict channel,
                         const struct ar_dot8_fours *restrict patterns, size_t kernel,
                         size_t stride)
{
    __m256i sum = channel->start;

    AR_UNROLL
    for (size_t r = 0; r < kernel; r++) {
        const __m256i taps = load_taps(in[r] + at, stride);

        sum = ar_dot8_add(sum, ar_dot8_pick(taps, patterns[0]), channel->weights[r][0]);
        if (kernel == 5)
            sum =
                ar_dot8_add_first(sum, ar_dot8_pick(taps, patterns[1]), channel->weights[r][1]);
    }
    return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), channel->scale));
}

/* Four channels' pixels, limited to signed bytes but the lowest, to their fours. */
AR_TILE __m256i pack_fours(const __m256i *restrict values)
{
    const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(values[0], values[1]),
                                             _mm256_packs_epi32(values[2], values[3]));

    return _mm256_xor_si256(_mm256_max_epi8(ar_avx2_by_pixel(bytes), _mm256_set1_epi8(-127)),
                            _mm256_set1_epi8(-128));
}

AR_TILE void dwconv8_row(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                         const struct ar_dwconv8_filter *restrict filter,
                         const struct ar_dwconv8_shape *restrict shape, size_t kernel,
                         size_t stride)
{
    const size_t plane = shape->src_stride;
    const size_t n_vectors = ar_avx2_vectors(shape->width);
    const struct ar_dot8_fours patterns[MAX_FOURS] = { ar_dot8_pattern(places_of(stride, 0)),
                                                       ar_dot8_pattern(places_of(stride, 4)) };

    for (size_t c = 0; c < shape->channels; c += 4) {
        uint8_t *out = dst + c / 4 * shape->dst_stride;
        const uint8_t *in[MAX_KERNEL];
        struct channel channels[4];

        AR_UNROLL
        for (size_t r = 0; r < kernel; r++)
            in[r] = rows[r] + c * plane - kernel / 2;
        load_channels(channels, filter, c, kernel);
        for (size_t n = 0; n < n_vectors; n++) {
            __m256i values[4];

            AR_UNROLL
            for (size_t i = 0; i < 4; i++)
                values[i] = filtered(in, i * plane, &channels[i], patterns, kernel, stride);
            _mm256_storeu_si256((void *)out, pack_fours(values));
            out += 4 * LANES;
            AR_UNROLL
            for (size_t r = 0; r < kernel; r++)
                in[r] += stride * LANES;
        }
    }
}

void AR_DOT8_DWCONV3X3_ROW_S1(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                              const struct ar_dwconv8_filter *restrict filter,
                              const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 1);
}

void AR_DOT8_DWCONV3X3_ROW_S2(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                              const struct ar_dwconv8_filter *restrict filter,
                              const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 2);
}

void AR_DOT8_DWCONV5X5_ROW_S1(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                              const struct ar_dwconv8_filter *restrict filter,
                              const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 1);
}

void AR_DOT8_DWCONV5X5_ROW_S2(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                              const struct ar_dwconv8_filter *restrict filter,
                              const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 2);
}
