/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/lanes_avx2.h"

/*
 * A tile of vectors of pixels x a block of outputs stays in registers while the inputs run: 3 x 4 makes 12
 * sums, 3 vectors of an input and a broadcast weight in 16 registers. Pixels are the outer loop, so
 * that a tile's inputs are read from the nearest cache for every block of outputs; the weights pass by.
 */
#define LANES       AR_AVX2_LANES
#define BLOCK       AR_PWCONV_BLOCK
#define MAX_VECTORS 3
#define MAX_SUMS    (MAX_VECTORS * AR_PWCONV_BLOCK)

struct job {
    float *dst;
    const float *const *src;
    const float *weights;
    const struct ar_pwconv_shape *shape;
    const struct ar_epilogue *epilogue;
};

AR_TILE float add_lanes(__m256 values)
{
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(values), _mm256_extractf128_ps(values, 1));

    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

/* Adds one output's raw sums, and their squares, over the pixels of a tile. */
AR_TILE void count(const struct job *restrict job, size_t output, const __m256 *restrict sums,
                   const __m256i *restrict valid, size_t n_vectors)
{
    float *const counted = job->epilogue->sums + output;
    __m256 total = _mm256_setzero_ps();
    __m256 square = _mm256_setzero_ps();

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        const __m256 sum = _mm256_and_ps(sums[v], _mm256_castsi256_ps(valid[v]));

        total = _mm256_add_ps(total, sum);
        square = _mm256_fmadd_ps(sum, sum, square);
    }
    counted[0] += add_lanes(total);
    counted[job->shape->outputs] += add_lanes(square);
}

/* Stores one output's pixels of a tile. */
AR_TILE void finish(const struct job *restrict job, size_t x, size_t output,
                    const __m256 *restrict sums, size_t n_vectors)
{
    const struct ar_epilogue *const epilogue = job->epilogue;
    const __m256 scale = _mm256_set1_ps(epilogue->scale[output]);
    const __m256 bias = _mm256_set1_ps(epilogue->bias[output]);
    const bool adds = epilogue->add && output < epilogue->add_channels;
    float *const dst = job->dst + output * job->shape->dst_stride + x;

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        __m256 value = _mm256_fmadd_ps(sums[v], scale, bias);

        if (epilogue->relu)
            value = _mm256_max_ps(value, _mm256_setzero_ps());
        if (adds)
            value = _mm256_add_ps(value, _mm256_loadu_ps(epilogue->add +
                                                         output * epilogue->add_stride + x +
                                                         v * LANES));
        _mm256_storeu_ps(dst + v * LANES, value);
    }
}

/* Pixels from x on, the block of outputs from `first` on. */
AR_TILE void tile(const struct job *restrict job, size_t x, size_t first,
                  const __m256i *restrict valid, size_t n_vectors)
{
    const float *const weights = job->weights + first * job->shape->block_inputs;
    __m256 sum[MAX_SUMS];

    AR_UNROLL
    for (size_t s = 0; s < n_vectors * BLOCK; s++)
        sum[s] = _mm256_setzero_ps();
    for (size_t i = 0; i < job->shape->inputs; i++) {
        const float *const in = job->src[i] + x;
        __m256 value[MAX_VECTORS];

        AR_UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            value[v] = _mm256_loadu_ps(in + v * LANES);
        AR_UNROLL
        for (size_t o = 0; o < BLOCK; o++) {
            const __m256 weight = _mm256_broadcast_ss(weights + i * BLOCK + o);

            AR_UNROLL
            for (size_t v = 0; v < n_vectors; v++)
                sum[o * n_vectors + v] =
                    _mm256_fmadd_ps(value[v], weight, sum[o * n_vectors + v]);
        }
    }
    AR_UNROLL
    for (size_t o = 0; o < BLOCK; o++) {
        if (first + o >= job->shape->outputs)
            break;
        if (job->epilogue->sums)
            count(job, first + o, sum + o * n_vectors, valid, n_vectors);
        finish(job, x, first + o, sum + o * n_vectors, n_vectors);
    }
}

/* All outputs of some vectors of pixels. */
AR_TILE void column(const struct job *restrict job, size_t x, size_t n_vectors)
{
    __m256i valid[MAX_VECTORS];

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        const size_t at = x + v * LANES;

        valid[v] = ar_avx2_first_lanes(job->shape->width > at ? job->shape->width - at : 0);
    }
    for (size_t o = 0; o < job->shape->outputs; o += BLOCK)
        tile(job, x, o, valid, n_vectors);
}

/* The rows are written through the job. NOLINTNEXTLINE(readability-non-const-parameter) */
void ar_pwconv_row_avx2(float *restrict dst, const float *const *restrict src,
                        const float *restrict weights,
                        const struct ar_pwconv_shape *restrict shape,
                        const struct ar_epilogue *restrict epilogue)
{
    const struct job job = { dst, src, weights, shape, epilogue };
    size_t n_left = ar_avx2_vectors(shape->width);
    size_t x = 0;

    /* Threes and twos: whole groups are an even count. */
    while (n_left > 0) {
        const size_t n = n_left == 2 || n_left == 4 ? 2 : MAX_VECTORS;

        if (n == 2)
            column(&job, x, 2);
        else
            column(&job, x, MAX_VECTORS);
        x += n * LANES;
        n_left -= n;
    }
}
