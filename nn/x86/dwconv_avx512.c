/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>

#include "nn/tile.h"
#include "nn/x86/avx512.h"
#include "nn/x86/lanes_avx512.h"

/*
 * A vector is 16 neighbouring pixels of a channel. A tap left or right of them is slid together from the
 * vectors on both sides: an unaligned load would take two turns at the cache for each of the 6 taps
 * that are not in the middle, and was the limit (Zen 5: a 24-channel row 1.4 times as fast as with loads).
 */
#define LANES  AR_AVX512_LANES
#define TAPS_3 9
#define TAPS_5 25

static size_t n_vectors(const struct ar_dwconv_shape *shape)
{
    return (shape->width + LANES - 1) / LANES;
}

/* Taps left of, at and right of a vector. */
struct across {
    __m512 taps[3];
};

/* A row of a filter's taps. */
AR_TILE __m512 sum_across(const struct across *across, const __m512 *weights)
{
    const __m512 sum = _mm512_mul_ps(across->taps[1], weights[1]);

    return _mm512_fmadd_ps(across->taps[2], weights[2],
                           _mm512_fmadd_ps(across->taps[0], weights[0], sum));
}

/* Row r of a channel's taps: three rows, each with a sum of its own, so that their latencies overlap. */
static void plane_3x3_s1(float *restrict dst, const float *const *restrict rows, size_t plane,
                         const float *restrict taps, size_t n)
{
    __m512 weight[TAPS_3];
    __m512 left[3];
    __m512 here[3];

    AR_UNROLL
    for (size_t i = 0; i < TAPS_3; i++)
        weight[i] = _mm512_set1_ps(taps[i]);
    AR_UNROLL
    for (size_t r = 0; r < 3; r++) {
        left[r] = _mm512_set1_ps(rows[r][(ptrdiff_t)plane - 1]);
        here[r] = _mm512_loadu_ps(rows[r] + plane);
    }
    for (size_t v = 0; v < n; v++) {
        __m512 sum[3];

        AR_UNROLL
        for (size_t r = 0; r < 3; r++) {
            const __m512 right = _mm512_loadu_ps(rows[r] + plane + (v + 1) * LANES);
            const struct across across = { { AR_AVX512_SLIDE(left[r], here[r], 15), here[r],
                                             AR_AVX512_SLIDE(here[r], right, 1) } };

            sum[r] = sum_across(&across, weight + 3 * r);
            left[r] = here[r];
            here[r] = right;
        }
        _mm512_storeu_ps(dst + v * LANES, _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), sum[2]));
    }
}

/* Two rows of results from four: each vector is loaded once, and slid once, for both. */
static void plane_3x3_pair(float *restrict dst, float *restrict below,
                           const float *const *restrict rows, size_t plane,
                           const float *restrict taps, size_t n)
{
    __m512 weight[TAPS_3];
    __m512 left[4];
    __m512 here[4];

    AR_UNROLL
    for (size_t i = 0; i < TAPS_3; i++)
        weight[i] = _mm512_set1_ps(taps[i]);
    AR_UNROLL
    for (size_t r = 0; r < 4; r++) {
        left[r] = _mm512_set1_ps(rows[r][(ptrdiff_t)plane - 1]);
        here[r] = _mm512_loadu_ps(rows[r] + plane);
    }
    for (size_t v = 0; v < n; v++) {
        __m512 sum[3];
        __m512 sum_below[3];

        AR_UNROLL
        for (size_t r = 0; r < 4; r++) {
            const __m512 right = _mm512_loadu_ps(rows[r] + plane + (v + 1) * LANES);
            const struct across across = { { AR_AVX512_SLIDE(left[r], here[r], 15), here[r],
                                             AR_AVX512_SLIDE(here[r], right, 1) } };

            if (r < 3)
                sum[r] = sum_across(&across, weight + 3 * r);
            if (r > 0)
                sum_below[r - 1] = sum_across(&across, weight + 3 * (r - 1));
            left[r] = here[r];
            here[r] = right;
        }
        _mm512_storeu_ps(dst + v * LANES, _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), sum[2]));
        _mm512_storeu_ps(below + v * LANES,
                         _mm512_add_ps(_mm512_add_ps(sum_below[0], sum_below[1]),
                                       sum_below[2]));
    }
}

void ar_dwconv3x3_row_s1_avx512(float *restrict dst, const float *const *restrict rows,
                                const float *restrict weights,
                                const struct ar_dwconv_shape *restrict shape)
{
    size_t y = 0;

    for (; y + 2 <= shape->height; y += 2) {
        float *const row = dst + y * shape->dst_row_stride;

        for (size_t c = 0; c < shape->channels; c++)
            plane_3x3_pair(row + c * shape->dst_stride,
                           row + shape->dst_row_stride + c * shape->dst_stride, rows + y,
                           c * shape->src_stride, weights + c * TAPS_3, n_vectors(shape));
    }
    for (; y < shape->height; y++)
        for (size_t c = 0; c < shape->channels; c++)
            plane_3x3_s1(dst + y * shape->dst_row_stride + c * shape->dst_stride, rows + y,
                         c * shape->src_stride, weights + c * TAPS_3, n_vectors(shape));
}

/* The even and the odd ones of 32 floats. */
AR_TILE __m512 every_other(__m512 low, __m512 high, int first)
{
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);

    return _mm512_permutex2var_ps(low, _mm512_add_epi32(even, _mm512_set1_epi32(first)), high);
}

static void plane_3x3_s2(float *restrict dst, const float *const *restrict rows, size_t plane,
                         const float *restrict taps, size_t n)
{
    __m512 weight[TAPS_3];
    __m512 before[3];

    AR_UNROLL
    for (size_t i = 0; i < TAPS_3; i++)
        weight[i] = _mm512_set1_ps(taps[i]);
    AR_UNROLL
    for (size_t r = 0; r < 3; r++)
        before[r] = _mm512_set1_ps(rows[r][(ptrdiff_t)plane - 1]);
    for (size_t v = 0; v < n; v++) {
        __m512 sum[3];

        AR_UNROLL
        for (size_t r = 0; r < 3; r++) {
            const float *const in = rows[r] + plane + v * 2 * LANES;
            const __m512 low = _mm512_loadu_ps(in);
            const __m512 high = _mm512_loadu_ps(in + LANES);
            const __m512 odd = every_other(low, high, 1);

            sum[r] = _mm512_mul_ps(every_other(low, high, 0), weight[3 * r + 1]);
            sum[r] =
                _mm512_fmadd_ps(AR_AVX512_SLIDE(before[r], odd, 15), weight[3 * r], sum[r]);
            sum[r] = _mm512_fmadd_ps(odd, weight[3 * r + 2], sum[r]);
            before[r] = odd;
        }
        _mm512_storeu_ps(dst + v * LANES, _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), sum[2]));
    }
}

void ar_dwconv3x3_row_s2_avx512(float *restrict dst, const float *const *restrict rows,
                                const float *restrict weights,
                                const struct ar_dwconv_shape *restrict shape)
{
    for (size_t y = 0; y < shape->height; y++)
        for (size_t c = 0; c < shape->channels; c++)
            plane_3x3_s2(dst + y * shape->dst_row_stride + c * shape->dst_stride, rows + 2 * y,
                         c * shape->src_stride, weights + c * TAPS_3, n_vectors(shape));
}

/* One row's five taps of a 5 x 5 filter, added to a sum. */
AR_TILE __m512 add_five(__m512 sum, const float *in, const float *taps, size_t stride)
{
    AR_UNROLL
    for (size_t i = 0; i < 5; i++) {
        const float *const from = in + i;
        const __m512 values =
            stride == 1 ? _mm512_loadu_ps(from)
                        : every_other(_mm512_loadu_ps(from), _mm512_loadu_ps(from + LANES), 0);

        sum = _mm512_fmadd_ps(values, _mm512_set1_ps(taps[i]), sum);
    }
    return sum;
}

AR_TILE void row_5x5(float *restrict dst, const float *const *restrict rows,
                     const float *restrict weights,
                     const struct ar_dwconv_shape *restrict shape, size_t stride)
{
    for (size_t c = 0; c < shape->channels; c++) {
        const float *const taps = weights + c * TAPS_5;

        for (size_t v = 0; v < n_vectors(shape); v++) {
            __m512 sum[5];

            AR_UNROLL
            for (size_t r = 0; r < 5; r++)
                sum[r] = add_five(_mm512_setzero_ps(),
                                  rows[r] + c * shape->src_stride + v * LANES * stride - 2,
                                  taps + 5 * r, stride);
            sum[0] =
                _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
            _mm512_storeu_ps(dst + c * shape->dst_stride + v * LANES,
                             _mm512_add_ps(sum[0], sum[4]));
        }
    }
}

AR_TILE void rows_5x5(float *restrict dst, const float *const *restrict rows,
                      const float *restrict weights,
                      const struct ar_dwconv_shape *restrict shape, size_t stride)
{
    for (size_t y = 0; y < shape->height; y++)
        row_5x5(dst + y * shape->dst_row_stride, rows + y * stride, weights, shape, stride);
}

void ar_dwconv5x5_row_s1_avx512(float *restrict dst, const float *const *restrict rows,
                                const float *restrict weights,
                                const struct ar_dwconv_shape *restrict shape)
{
    rows_5x5(dst, rows, weights, shape, 1);
}

void ar_dwconv5x5_row_s2_avx512(float *restrict dst, const float *const *restrict rows,
                                const float *restrict weights,
                                const struct ar_dwconv_shape *restrict shape)
{
    rows_5x5(dst, rows, weights, shape, 2);
}
