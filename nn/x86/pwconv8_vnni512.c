/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tile.h"
#include "nn/x86/lanes_avx512.h"
#include "nn/x86/vnni512.h"

/*
 * As in pwconv_avx512.c, with four channels a lane: 5 vectors of pixels x 4 outputs, or the six planes of a
 * picture by 4. The four outputs of a block are a pixel's four bytes where the result is kept in fours.
 */
#define LANES       AR_AVX512_LANES
#define BLOCK       AR_PWCONV8_BLOCK
#define PLANES      6
#define MAX_VECTORS 5
#define MAX_SUMS    24

struct job {
    void *dst;
    const uint8_t *const *src;
    const int8_t *weights;
    const struct ar_pwconv8_shape *shape;
    const struct ar_epilogue8 *epilogue;
};

/* Adds one output's sums, and their squares, to their lanes. */
AR_TILE void count(const struct job *restrict job, size_t output, const __m512 *restrict sums,
                   __mmask16 last, size_t n_vectors)
{
    float *const lanes = job->epilogue->lanes + output * 2 * LANES;
    __m512 total = _mm512_loadu_ps(lanes);
    __m512 square = _mm512_loadu_ps(lanes + LANES);

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        const __m512 sum = v + 1 < n_vectors ? sums[v] : _mm512_maskz_mov_ps(last, sums[v]);

        total = _mm512_add_ps(total, sum);
        square = _mm512_fmadd_ps(sum, sum, square);
    }
    _mm512_storeu_ps(lanes, total);
    _mm512_storeu_ps(lanes + LANES, square);
}

AR_TILE __m512 add_bytes(const struct ar_epilogue8 *restrict epilogue, const uint8_t *add)
{
    const __m512 value =
        _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)add)));

    return _mm512_fmadd_ps(value, _mm512_set1_ps(epilogue->add_scale),
                           _mm512_set1_ps(epilogue->add_bias));
}

/* One output's values, from its sums. */
AR_TILE void finish(const struct job *restrict job, size_t x, size_t output,
                    __m512 *restrict values, size_t n_vectors)
{
    const struct ar_epilogue8 *const epilogue = job->epilogue;
    const __m512 scale = _mm512_set1_ps(epilogue->scale[output]);
    const __m512 bias = _mm512_set1_ps(epilogue->bias[output]);
    const size_t at = output * epilogue->add_stride + x;

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        values[v] = _mm512_fmadd_ps(values[v], scale, bias);
        if (epilogue->relu)
            values[v] = _mm512_max_ps(values[v], _mm512_setzero_ps());
    }
    if (output >= epilogue->add_channels)
        return;
    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        if (epilogue->add)
            values[v] =
                _mm512_add_ps(values[v], add_bytes(epilogue, epilogue->add + at + v * LANES));
        if (epilogue->add_floats)
            values[v] = _mm512_add_ps(values[v],
                                      _mm512_loadu_ps(epilogue->add_floats + at + v * LANES));
    }
}

/* What does not fit 32 bits becomes their lowest number, which unsigned saturation takes for the largest. */
AR_TILE __m128i round_plane(const struct ar_epilogue8 *restrict epilogue, __m512 value)
{
    value = _mm512_max_ps(value, _mm512_set1_ps(epilogue->low));
    return _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(value));
}

AR_TILE void store_plane(const struct job *restrict job, size_t x, size_t output,
                         const __m512 *restrict values, size_t n_vectors)
{
    const size_t at = output * job->shape->dst_stride + x;

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        if (job->shape->store == AR_STORE8_FLOATS)
            _mm512_storeu_ps((float *)job->dst + at + v * LANES, values[v]);
        else
            _mm_storeu_si128((void *)((uint8_t *)job->dst + at + v * LANES),
                             round_plane(job->epilogue, values[v]));
    }
}

/* A block of outputs, which are four. */
AR_TILE void store_fours(const struct job *restrict job, size_t x, size_t first,
                         const __m512 *restrict values, size_t n_vectors)
{
    const __m512i by_pixel = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m512 high = _mm512_set1_ps(job->epilogue->high);
    const __m512i low = _mm512_set1_epi8((char)job->epilogue->low);
    uint8_t *const dst = (uint8_t *)job->dst + first / BLOCK * job->shape->dst_stride + 4 * x;

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        __m512i words[BLOCK];
        __m512i bytes;

        AR_UNROLL
        for (size_t o = 0; o < BLOCK; o++)
            words[o] = _mm512_cvtps_epi32(_mm512_min_ps(values[o * n_vectors + v], high));
        bytes = _mm512_packus_epi16(_mm512_packus_epi32(words[0], words[1]),
                                    _mm512_packus_epi32(words[2], words[3]));
        bytes = _mm512_max_epu8(_mm512_shuffle_epi8(bytes, by_pixel), low);
        _mm512_storeu_si512(dst + 4 * v * LANES, bytes);
    }
}

/* Pixels from x on, outputs from `first` on. */
AR_TILE void tile(const struct job *restrict job, size_t x, size_t first, __mmask16 last,
                  size_t n_vectors, size_t n_outputs)
{
    const size_t block_b = (size_t)job->shape->block_inputs * BLOCK * 4;
    const int8_t *const weights = job->weights + first / BLOCK * block_b;
    const size_t outputs = job->shape->outputs;
    __m512i sum[MAX_SUMS];
    __m512 value[MAX_SUMS];

    AR_UNROLL
    for (size_t s = 0; s < n_vectors * n_outputs; s++) {
        sum[s] = _mm512_setzero_si512();
        value[s] = _mm512_setzero_ps();
    }
    for (size_t i = 0; i < job->shape->inputs; i++) {
        const uint8_t *const in = job->src[i] + 4 * x;
        __m512i fours[MAX_VECTORS];

        AR_UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            fours[v] = _mm512_loadu_si512(in + 4 * v * LANES);
        AR_UNROLL
        for (size_t o = 0; o < n_outputs; o++) {
            const __m512i weight = _mm512_broadcastd_epi32(
                _mm_loadu_si32(weights + o / BLOCK * block_b + (i * BLOCK + o % BLOCK) * 4));

            AR_UNROLL
            for (size_t v = 0; v < n_vectors; v++)
                sum[o * n_vectors + v] =
                    _mm512_dpbusd_epi32(sum[o * n_vectors + v], fours[v], weight);
        }
    }
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++) {
        if (first + o >= outputs)
            break;
        AR_UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            value[o * n_vectors + v] = _mm512_cvtepi32_ps(
                _mm512_add_epi32(sum[o * n_vectors + v],
                                 _mm512_set1_epi32(job->epilogue->start[first + o])));
        if (job->epilogue->lanes)
            count(job, first + o, value + o * n_vectors, last, n_vectors);
        finish(job, x, first + o, value + o * n_vectors, n_vectors);
        if (job->shape->store != AR_STORE8_FOURS)
            store_plane(job, x, first + o, value + o * n_vectors, n_vectors);
    }
    if (job->shape->store != AR_STORE8_FOURS)
        return;
    AR_UNROLL
    for (size_t o = 0; o + BLOCK <= n_outputs; o += BLOCK)
        store_fours(job, x, first + o, value + o * n_vectors, n_vectors);
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

void ar_pwconv8_row_vnni512(void *restrict dst, const uint8_t *const *restrict src,
                            const int8_t *restrict weights,
                            const struct ar_pwconv8_shape *restrict shape,
                            const struct ar_epilogue8 *restrict epilogue)
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
