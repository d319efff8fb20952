/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/lanes_avx2.h"

/*
 * A tile is some neighbouring output pixels of 8 channels: 8 sums, a tap row's 3 or 5 weights
 * and a source pixel are at most 14 of 16 registers, and 8 sums cover an FMA's latency. Channels
 * are the inner loop, so that a source row passes through L1 once.
 */
#define TILE_PIXELS 8
#define MAX_KERNEL  5

/* What one call works on. */
struct job {
    float *dst;
    const float *const *rows;
    const float *weights;
    const struct ar_dwconv_shape *shape;
    __m256i tail; /* lanes of the last channels when they are no whole vector */
};

AR_TILE __m256 load(const float *from, __m256i tail, bool whole)
{
    return whole ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, tail);
}

/* Output pixels [x, x + n_pixels) of the channels from c on. */
AR_TILE void tile(const struct job *restrict job, size_t x, size_t c, size_t kernel,
                  size_t stride, size_t n_pixels, bool whole)
{
    const ptrdiff_t src_stride = (ptrdiff_t)job->shape->src_stride;
    const ptrdiff_t first =
        ((ptrdiff_t)(x * stride) - (ptrdiff_t)(kernel / 2)) * src_stride + (ptrdiff_t)c;
    const float *weights = job->weights + c;
    __m256 sum[TILE_PIXELS];

    AR_UNROLL
    for (size_t p = 0; p < n_pixels; p++)
        sum[p] = _mm256_setzero_ps();
    for (size_t row = 0; row < kernel; row++) {
        const float *const in = job->rows[row] + first;
        __m256 weight[MAX_KERNEL];

        AR_UNROLL
        for (size_t k = 0; k < kernel; k++) {
            weight[k] = load(weights, job->tail, whole);
            weights += job->shape->weight_stride;
        }
        AR_UNROLL
        for (size_t p = 0; p < n_pixels; p++) {
            AR_UNROLL
            for (size_t k = 0; k < kernel; k++) {
                const float *const px = in + (ptrdiff_t)(p * stride + k) * src_stride;

                sum[p] = _mm256_fmadd_ps(load(px, job->tail, whole), weight[k], sum[p]);
            }
        }
    }
    AR_UNROLL
    for (size_t p = 0; p < n_pixels; p++) {
        float *const out = job->dst + (x + p) * job->shape->dst_stride + c;

        if (whole)
            _mm256_storeu_ps(out, sum[p]);
        else
            _mm256_maskstore_ps(out, job->tail, sum[p]);
    }
}

AR_TILE void tile_of_all_channels(const struct job *restrict job, size_t x, size_t kernel,
                                  size_t stride, size_t n_pixels)
{
    const size_t n_whole = job->shape->channels / AR_AVX2_LANES * AR_AVX2_LANES;

    for (size_t c = 0; c < n_whole; c += AR_AVX2_LANES)
        tile(job, x, c, kernel, stride, n_pixels, true);
    if (n_whole < job->shape->channels)
        tile(job, x, n_whole, kernel, stride, n_pixels, false);
}

AR_TILE void dwconv_row(const struct job *restrict job, size_t kernel, size_t stride)
{
    const size_t width = job->shape->width;
    size_t x = 0;

    for (; width - x >= TILE_PIXELS; x += TILE_PIXELS)
        tile_of_all_channels(job, x, kernel, stride, TILE_PIXELS);
    for (; x < width; x++)
        tile_of_all_channels(job, x, kernel, stride, 1);
}

void ar_dwconv3x3_row_s1_avx2(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    const struct job job = { dst, rows, weights, shape,
                             ar_avx2_first_lanes(shape->channels % AR_AVX2_LANES) };

    dwconv_row(&job, 3, 1);
}

void ar_dwconv3x3_row_s2_avx2(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    const struct job job = { dst, rows, weights, shape,
                             ar_avx2_first_lanes(shape->channels % AR_AVX2_LANES) };

    dwconv_row(&job, 3, 2);
}

void ar_dwconv5x5_row_s1_avx2(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    const struct job job = { dst, rows, weights, shape,
                             ar_avx2_first_lanes(shape->channels % AR_AVX2_LANES) };

    dwconv_row(&job, 5, 1);
}

void ar_dwconv5x5_row_s2_avx2(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    const struct job job = { dst, rows, weights, shape,
                             ar_avx2_first_lanes(shape->channels % AR_AVX2_LANES) };

    dwconv_row(&job, 5, 2);
}
