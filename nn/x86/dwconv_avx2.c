/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>

#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/lanes_avx2.h"

/*
 * A vector is 8 neighbouring pixels of a channel; taps beside them are unaligned loads, half of which stay within
 * a cache line. Each row of taps has a sum of its own, so that their latencies overlap.
 */
#define LANES      AR_AVX2_LANES
#define MAX_KERNEL 5

/* A row's taps from `in` on, times their weights. */
AR_TILE __m256 sum_row(const float *in, const float *taps, size_t kernel, size_t stride)
{
    __m256 sum = _mm256_setzero_ps();

    AR_UNROLL
    for (size_t i = 0; i < kernel; i++) {
        __m256 values = _mm256_loadu_ps(in + i);

        if (stride == 2)
            values = AR_AVX2_EVERY_OTHER(values, _mm256_loadu_ps(in + i + LANES), 0);
        sum = _mm256_fmadd_ps(values, _mm256_broadcast_ss(taps + i), sum);
    }
    return sum;
}

AR_TILE void plane(float *restrict dst, const float *const *restrict rows, size_t at,
                   const float *restrict taps, size_t n_vectors, size_t kernel, size_t stride)
{
    for (size_t v = 0; v < n_vectors; v++) {
        const size_t x = at + v * LANES * stride - kernel / 2;
        __m256 sum[MAX_KERNEL];

        AR_UNROLL
        for (size_t r = 0; r < kernel; r++)
            sum[r] = sum_row(rows[r] + x, taps + kernel * r, kernel, stride);
        AR_UNROLL
        for (size_t r = 1; r < kernel; r++)
            sum[0] = _mm256_add_ps(sum[0], sum[r]);
        _mm256_storeu_ps(dst + v * LANES, sum[0]);
    }
}

AR_TILE void dwconv_row(float *restrict dst, const float *const *restrict rows,
                        const float *restrict weights,
                        const struct ar_dwconv_shape *restrict shape, size_t kernel,
                        size_t stride)
{
    const size_t n_vectors = ar_avx2_vectors(shape->width);

    for (size_t y = 0; y < shape->height; y++)
        for (size_t c = 0; c < shape->channels; c++)
            plane(dst + y * shape->dst_row_stride + c * shape->dst_stride, rows + y * stride,
                  c * shape->src_stride, weights + c * kernel * kernel, n_vectors, kernel,
                  stride);
}

void ar_dwconv3x3_row_s1_avx2(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 3, 1);
}

void ar_dwconv3x3_row_s2_avx2(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 3, 2);
}

void ar_dwconv5x5_row_s1_avx2(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 5, 1);
}

void ar_dwconv5x5_row_s2_avx2(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 5, 2);
}
