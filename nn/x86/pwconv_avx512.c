/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tile.h"
#include "nn/x86/avx512.h"
#include "nn/x86/lanes_avx512.h"

/*
 * A tile of vectors of pixels x outputs stays in registers while the inputs run: 5 x 4 makes 20 sums, 5
 * vectors of an input and a broadcast weight in 32 registers. Pixels are the outer loop, so that a
 * tile's inputs are read from the nearest cache for every block of outputs; the weights pass by. The six
 * planes of a picture are one tile of 4 x 6: as two blocks a quarter of the work would be for nothing.
 */
#define LANES       AR_AVX512_LANES
#define BLOCK       AR_PWCONV_BLOCK
#define PLANES      6
#define MAX_VECTORS 5
#define MAX_SUMS    24

struct job {
    float *dst;
    const float *const *src;
    const float *weights;
    const struct ar_pwconv_shape *shape;
    const struct ar_epilogue *epilogue;
};

/* Adds one output's raw sums, and their squares, over the pixels of a tile. */
AR_TILE void count(const struct job *restrict job, size_t output, const __m512 *restrict sums,
                   __mmask16 last, size_t n_vectors)
{
    float *const counted = job->epilogue->sums + output;
    __m512 total = _mm512_setzero_ps();
    __m512 square = _mm512_setzero_ps();

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        const __m512 sum = v + 1 < n_vectors ? sums[v] : _mm512_maskz_mov_ps(last, sums[v]);

        total = _mm512_add_ps(total, sum);
        square = _mm512_fmadd_ps(sum, sum, square);
    }
    counted[0] += _mm512_reduce_add_ps(total);
    counted[job->shape->outputs] += _mm512_reduce_add_ps(square);
}

/* Stores one output's pixels of a tile. */
AR_TILE void finish(const struct job *restrict job, size_t x, size_t output,
                    const __m512 *restrict sums, size_t n_vectors)
{
    const struct ar_epilogue *const epilogue = job->epilogue;
    const __m512 scale = _mm512_set1_ps(epilogue->scale[output]);
    const __m512 bias = _mm512_set1_ps(epilogue->bias[output]);
    const bool adds = epilogue->add && output < epilogue->add_channels;
    float *const dst = job->dst + output * job->shape->dst_stride + x;

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        __m512 value = _mm512_fmadd_ps(sums[v], scale, bias);

        if (epilogue->relu)
            value = _mm512_max_ps(value, _mm512_setzero_ps());
        if (adds)
            value = _mm512_add_ps(value, _mm512_loadu_ps(epilogue->add +
                                                         output * epilogue->add_stride + x +
                                                         v * LANES));
        _mm512_storeu_ps(dst + v * LANES, value);
    }
}

/* Pixels from x on, outputs from `first` on. */
AR_TILE void tile(const struct job *restrict job, size_t x, size_t first, __mmask16 last,
                  size_t n_vectors, size_t n_outputs)
{
    const size_t block_floats = (size_t)job->shape->block_inputs * BLOCK;
    const float *const weights = job->weights + first / BLOCK * block_floats;
    __m512 sum[MAX_SUMS];

    AR_UNROLL
    for (size_t s = 0; s < n_vectors * n_outputs; s++)
        sum[s] = _mm512_setzero_ps();
    for (size_t i = 0; i < job->shape->inputs; i++) {
        const float *const in = job->src[i] + x;
        __m512 value[MAX_VECTORS];

        AR_UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            value[v] = _mm512_loadu_ps(in + v * LANES);
        AR_UNROLL
        for (size_t o = 0; o < n_outputs; o++) {
            const __m512 weight =
                _mm512_set1_ps(weights[o / BLOCK * block_floats + i * BLOCK + o % BLOCK]);

            AR_UNROLL
            for (size_t v = 0; v < n_vectors; v++)
                sum[o * n_vectors + v] =
                    _mm512_fmadd_ps(value[v], weight, sum[o * n_vectors + v]);
        }
    }
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++) {
        if (first + o >= job->shape->outputs)
            break;
        if (job->epilogue->sums)
            count(job, first + o, sum + o * n_vectors, last, n_vectors);
        finish(job, x, first + o, sum + o * n_vectors, n_vectors);
    }
}

/* All outputs of some vectors of pixels, `n_outputs` at a time. */
AR_TILE void column(const struct job *restrict job, size_t x, __mmask16 last, size_t n_vectors,
                    size_t n_outputs)
{
    const size_t outputs = job->shape->outputs;
    size_t o = 0;

    for (; outputs - o >= n_outputs; o += n_outputs)
        tile(job, x, o, last, n_vectors, n_outputs);
    for (; o < outputs; o += BLOCK)
        tile(job, x, o, last, n_vectors, BLOCK);
}

static void features(const struct job *restrict job, size_t x, __mmask16 last, size_t n_vectors)
{
    switch (n_vectors) {
    case 1:
        column(job, x, last, 1, (size_t)4 * BLOCK);
        break;
    case 2:
        column(job, x, last, 2, (size_t)3 * BLOCK);
        break;
    case 3:
        column(job, x, last, 3, (size_t)2 * BLOCK);
        break;
    case 4:
        column(job, x, last, 4, BLOCK);
        break;
    default:
        column(job, x, last, 5, BLOCK);
        break;
    }
}

static void planes(const struct job *restrict job, size_t x, __mmask16 last, size_t n_vectors)
{
    switch (n_vectors) {
    case 1:
        tile(job, x, 0, last, 1, PLANES);
        break;
    case 2:
        tile(job, x, 0, last, 2, PLANES);
        break;
    case 3:
        tile(job, x, 0, last, 3, PLANES);
        break;
    default:
        tile(job, x, 0, last, 4, PLANES);
        break;
    }
}

/* The rows are written through the job. NOLINTNEXTLINE(readability-non-const-parameter) */
void ar_pwconv_row_avx512(float *restrict dst, const float *const *restrict src,
                          const float *restrict weights,
                          const struct ar_pwconv_shape *restrict shape,
                          const struct ar_epilogue *restrict epilogue)
{
    const struct job job = { dst, src, weights, shape, epilogue };
    const bool is_picture = shape->outputs == PLANES;
    const size_t most = is_picture ? MAX_SUMS / PLANES : MAX_VECTORS;
    const __mmask16 whole = ar_avx512_first_lanes(LANES);
    size_t n_left = (shape->width + LANES - 1) / LANES;
    const __mmask16 tail = ar_avx512_first_lanes(shape->width - (n_left - 1) * LANES);
    size_t x = 0;

    /* Evenly: six vectors are three and three, not five and one. */
    while (n_left > 0) {
        const size_t n_tiles = (n_left + most - 1) / most;
        const size_t n = (n_left + n_tiles - 1) / n_tiles;

        (is_picture ? planes : features)(&job, x, n == n_left ? tail : whole, n);
        x += n * LANES;
        n_left -= n;
    }
}
