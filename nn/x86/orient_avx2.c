/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/ref/ref.h"
#include "nn/transpose.h"
#include "nn/x86/avx2.h"

#define STEP_B 32 /* of a row that is mirrored; what is left goes to the reference */

/* Mirrors whole steps, given how 16 bytes are; returns the bytes done. */
AR_TILE size_t mirror_row(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b,
                          __m128i order)
{
    const __m256i orders = _mm256_broadcastsi128_si256(order);
    const size_t n_whole = n_b - n_b % STEP_B;

    for (size_t i = 0; i < n_whole; i += STEP_B) {
        const __m256i bytes = _mm256_loadu_si256((const void *)(src + n_b - STEP_B - i));

        _mm256_storeu_si256((void *)(dst + i),
                            _mm256_permute4x64_epi64(_mm256_shuffle_epi8(bytes, orders), 0x4E));
    }
    return n_whole;
}

void ar_mirror1_row_avx2(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    const __m128i order = _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const size_t done = mirror_row(dst, src, n, order);

    ar_mirror1_row_ref(dst + done, src, n - (uint32_t)done);
}

void ar_mirror2_row_avx2(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    const __m128i order = _mm_setr_epi8(14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1);
    const size_t done = mirror_row(dst, src, 2 * (size_t)n, order);

    ar_mirror2_row_ref(dst + done, src, n - (uint32_t)done / 2);
}

void ar_mirror4_row_avx2(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    const __m128i order = _mm_setr_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    const size_t done = mirror_row(dst, src, 4 * (size_t)n, order);

    ar_mirror4_row_ref(dst + done, src, n - (uint32_t)done / 4);
}

void ar_mirror_row_yuyv_avx2(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    const __m128i order = _mm_setr_epi8(14, 13, 12, 15, 10, 9, 8, 11, 6, 5, 4, 7, 2, 1, 0, 3);
    const size_t done = mirror_row(dst, src, 4 * (size_t)n, order);

    ar_mirror_row_yuyv_ref(dst + done, src, n - (uint32_t)done / 4);
}

AR_TILE __m128i zip_low(__m128i a, __m128i b, uint32_t size_b)
{
    if (size_b == 1)
        return _mm_unpacklo_epi8(a, b);
    return size_b == 2 ? _mm_unpacklo_epi16(a, b) : _mm_unpacklo_epi32(a, b);
}

AR_TILE __m128i zip_high(__m128i a, __m128i b, uint32_t size_b)
{
    if (size_b == 1)
        return _mm_unpackhi_epi8(a, b);
    return size_b == 2 ? _mm_unpackhi_epi16(a, b) : _mm_unpackhi_epi32(a, b);
}

/*
 * Row i and row i + n / 2 are zipped into rows 2 * i and 2 * i + 1. Written as bits, the place of an element (row, then
 * column) is turned left by one; after as many steps as a row's number has bits, rows are columns.
 */
AR_TILE void transpose_tile(uint8_t *dst, ptrdiff_t dst_stride_b, const uint8_t *src,
                            ptrdiff_t src_stride_b, uint32_t size_b, uint32_t n_steps)
{
    const uint32_t n = AR_TRANSPOSE_TILE_B / size_b;
    __m128i rows[AR_TRANSPOSE_TILE_B];
    __m128i zipped[AR_TRANSPOSE_TILE_B];

    AR_UNROLL
    for (uint32_t i = 0; i < n; i++)
        rows[i] = _mm_loadu_si128((const void *)(src + (ptrdiff_t)i * src_stride_b));
    AR_UNROLL
    for (uint32_t step = 0; step < n_steps; step++) {
        AR_UNROLL
        for (size_t i = 0; i < n / 2; i++) {
            zipped[2 * i] = zip_low(rows[i], rows[i + n / 2], size_b);
            zipped[2 * i + 1] = zip_high(rows[i], rows[i + n / 2], size_b);
        }
        AR_UNROLL
        for (uint32_t i = 0; i < n; i++)
            rows[i] = zipped[i];
    }
    AR_UNROLL
    for (uint32_t i = 0; i < n; i++)
        _mm_storeu_si128((void *)(dst + (ptrdiff_t)i * dst_stride_b), rows[i]);
}

AR_TILE void transpose_tile1(uint8_t *dst, ptrdiff_t dst_stride_b, const uint8_t *src,
                             ptrdiff_t src_stride_b)
{
    transpose_tile(dst, dst_stride_b, src, src_stride_b, 1, 4);
}

void ar_transpose1_avx2(const struct ar_transpose *restrict job)
{
    ar_transpose_by_tiles(job, 1, transpose_tile1, ar_transpose1_ref);
}

AR_TILE void transpose_tile2(uint8_t *dst, ptrdiff_t dst_stride_b, const uint8_t *src,
                             ptrdiff_t src_stride_b)
{
    transpose_tile(dst, dst_stride_b, src, src_stride_b, 2, 3);
}

void ar_transpose2_avx2(const struct ar_transpose *restrict job)
{
    ar_transpose_by_tiles(job, 2, transpose_tile2, ar_transpose2_ref);
}

AR_TILE void transpose_tile4(uint8_t *dst, ptrdiff_t dst_stride_b, const uint8_t *src,
                             ptrdiff_t src_stride_b)
{
    transpose_tile(dst, dst_stride_b, src, src_stride_b, 4, 2);
}

void ar_transpose4_avx2(const struct ar_transpose *restrict job)
{
    ar_transpose_by_tiles(job, 4, transpose_tile4, ar_transpose4_ref);
}
