/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tensor.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/avxvnni.h"
#include "nn/x86/bytes_avx2.h"
#include "nn/x86/dot8_avx.h"
#include "nn/x86/lanes_avx2.h"

/*
 * A tile is a group of pixels by 4 outputs, or by the six planes of a picture: its sums stay in registers while the
 * inputs run. Outputs are the outer loop, so that their weights are made ready once for a row, whose inputs stay in
 * the nearest caches; beyond so many inputs, once for a tile and each part of them.
 */
#define LANES        AR_AVX2_LANES
#define VECTORS      2
#define BLOCK        AR_PWCONV8_BLOCK
#define PLANES       6
#define MAX_SUMS     (PLANES * VECTORS)
#define MAX_BLOCKS   2
#define TABLE_INPUTS (AR_DOT8_TABLE / BLOCK)

static_assert(VECTORS * LANES == AR_TENSOR_GROUP, "a tile is a group of pixels");

struct job {
    void *dst;
    const uint8_t *const *src;
    const int8_t *weights;
    const struct ar_pwconv8_shape *shape;
    const struct ar_epilogue8 *epilogue;
};

/* Adds one output's sums, and their squares, to their lanes. */
AR_TILE void count(const struct job *restrict job, size_t x, size_t output,
                   const __m256 *restrict sums)
{
    float *const lanes = job->epilogue->lanes + output * 2 * AR_TENSOR_GROUP;

    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        const size_t at = x + v * LANES;
        const size_t n_valid = job->shape->width > at ? job->shape->width - at : 0;
        const __m256 sum =
            _mm256_and_ps(sums[v], _mm256_castsi256_ps(ar_avx2_first_lanes(n_valid)));
        float *const total = lanes + v * LANES;
        float *const square = total + AR_TENSOR_GROUP;

        _mm256_storeu_ps(total, _mm256_add_ps(_mm256_loadu_ps(total), sum));
        _mm256_storeu_ps(square, _mm256_fmadd_ps(sum, sum, _mm256_loadu_ps(square)));
    }
}

/* One output's values, from its sums. */
AR_TILE void finish(const struct job *restrict job, size_t x, size_t output,
                    __m256 *restrict values)
{
    const struct ar_epilogue8 *const epilogue = job->epilogue;
    const __m256 scale = _mm256_set1_ps(epilogue->scale[output]);
    const __m256 bias = _mm256_set1_ps(epilogue->bias[output]);
    const __m256 add_scale = _mm256_set1_ps(epilogue->add_scale);
    const __m256 add_bias = _mm256_set1_ps(epilogue->add_bias);

    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        values[v] = _mm256_fmadd_ps(values[v], scale, bias);
        if (epilogue->relu)
            values[v] = _mm256_max_ps(values[v], _mm256_setzero_ps());
    }
    if (output >= epilogue->add_channels)
        return;
    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        const size_t at = output * epilogue->add_stride + x + v * LANES;

        if (epilogue->add)
            values[v] =
                _mm256_add_ps(values[v], _mm256_fmadd_ps(ar_avx2_load_bytes(epilogue->add + at),
                                                         add_scale, add_bias));
        if (epilogue->add_floats)
            values[v] = _mm256_add_ps(values[v], _mm256_loadu_ps(epilogue->add_floats + at));
    }
}

AR_TILE void store_floats(const struct job *restrict job, size_t x, size_t output,
                          const __m256 *restrict values)
{
    float *const dst = (float *)job->dst + output * job->shape->dst_stride + x;

    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++)
        _mm256_storeu_ps(dst + v * LANES, values[v]);
}

AR_TILE void store_plane(const struct job *restrict job, size_t x, size_t output,
                         const __m256 *restrict values)
{
    const __m256 low = _mm256_set1_ps(job->epilogue->low);
    const __m256 high = _mm256_set1_ps(job->epilogue->high);
    uint8_t *const dst = (uint8_t *)job->dst + output * job->shape->dst_stride + x;

    _mm_storeu_si128((void *)dst, ar_avx2_pack_plane(ar_avx2_round8(values[0], low, high),
                                                     ar_avx2_round8(values[1], low, high)));
}

/* A block of outputs, which are four. */
AR_TILE void store_fours(const struct job *restrict job, size_t x, size_t first,
                         const __m256 *restrict values)
{
    const __m256 low = _mm256_set1_ps(job->epilogue->low);
    const __m256 high = _mm256_set1_ps(job->epilogue->high);
    uint8_t *const dst = (uint8_t *)job->dst + first / BLOCK * job->shape->dst_stride + 4 * x;

    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        __m256i numbers[BLOCK];

        AR_UNROLL
        for (size_t o = 0; o < BLOCK; o++)
            numbers[o] = ar_avx2_round8(values[o * VECTORS + v], low, high);
        _mm256_storeu_si256((void *)(dst + 4 * v * LANES),
                            ar_avx2_pack_fours(numbers[0], numbers[1], numbers[2], numbers[3]));
    }
}

/* Adds what the inputs from i on give, as many as a table holds or as there are. */
AR_TILE void multiply(const struct job *restrict job, struct ar_dot8_table *restrict tables,
                      size_t x, size_t first, size_t i, __m256i *restrict sum, size_t n_outputs)
{
    const size_t block_b = (size_t)job->shape->block_inputs * BLOCK * 4;
    const int8_t *const weights = job->weights + first / BLOCK * block_b + i * BLOCK * 4;
    const size_t n_left = job->shape->inputs - i;
    const size_t n = n_left < TABLE_INPUTS ? n_left : TABLE_INPUTS;

    ar_dot8_hold(&tables[0], weights, n * BLOCK);
    if (n_outputs > BLOCK)
        ar_dot8_hold(&tables[1], weights + block_b, n * BLOCK);
    for (size_t k = 0; k < n; k++) {
        const uint8_t *const in = job->src[i + k] + 4 * x;
        struct ar_dot8_fours fours[VECTORS];

        AR_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            fours[v] = ar_dot8_split(_mm256_loadu_si256((const void *)(in + 4 * v * LANES)));
        AR_UNROLL
        for (size_t o = 0; o < n_outputs; o++) {
            const struct ar_dot8_fours weight =
                ar_dot8_weight(&tables[o / BLOCK], k * BLOCK + o % BLOCK);

            AR_UNROLL
            for (size_t v = 0; v < VECTORS; v++)
                sum[o * VECTORS + v] = ar_dot8_add(sum[o * VECTORS + v], fours[v], weight);
        }
    }
}

/* A group of pixels from x on, outputs from `first` on. */
AR_TILE void tile(const struct job *restrict job, struct ar_dot8_table *restrict tables,
                  size_t x, size_t first, size_t n_outputs)
{
    const size_t outputs = job->shape->outputs;
    const enum ar_store8 store = job->shape->store;
    __m256i sum[MAX_SUMS];
    __m256 value[MAX_SUMS];

    AR_UNROLL
    for (size_t s = 0; s < n_outputs * VECTORS; s++) {
        const size_t output = first + s / VECTORS;

        sum[s] = _mm256_set1_epi32(output < outputs ? job->epilogue->start[output] : 0);
        value[s] = _mm256_setzero_ps();
    }
    for (size_t i = 0; i < job->shape->inputs; i += TABLE_INPUTS)
        multiply(job, tables, x, first, i, sum, n_outputs);
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++) {
        if (first + o >= outputs)
            break;
        AR_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            value[o * VECTORS + v] = _mm256_cvtepi32_ps(sum[o * VECTORS + v]);
        if (job->epilogue->lanes)
            count(job, x, first + o, value + o * VECTORS);
        finish(job, x, first + o, value + o * VECTORS);
        if (store == AR_STORE8_FLOATS)
            store_floats(job, x, first + o, value + o * VECTORS);
        else if (store == AR_STORE8_PLANES)
            store_plane(job, x, first + o, value + o * VECTORS);
    }
    if (store == AR_STORE8_FOURS)
        store_fours(job, x, first, value);
}

/* All pixels of some outputs. */
AR_TILE void outputs_from(const struct job *restrict job, size_t first, size_t n_outputs)
{
    struct ar_dot8_table tables[MAX_BLOCKS];

    for (size_t b = 0; b < MAX_BLOCKS; b++)
        tables[b].from = NULL;
    for (size_t x = 0; x < job->shape->width; x += AR_TENSOR_GROUP)
        tile(job, tables, x, first, n_outputs);
}

void AR_DOT8_PWCONV_ROW(void *restrict dst, const uint8_t *const *restrict src,
                        const int8_t *restrict weights,
                        const struct ar_pwconv8_shape *restrict shape,
                        const struct ar_epilogue8 *restrict epilogue)
{
    const struct job job = { dst, src, weights, shape, epilogue };

    if (shape->outputs == PLANES && shape->store != AR_STORE8_FOURS) {
        outputs_from(&job, 0, PLANES);
        return;
    }
    for (size_t o = 0; o < shape->outputs; o += BLOCK)
        outputs_from(&job, o, BLOCK);
}
