/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/lanes_avx2.h"

/*
 * A tile of pixels x vectors of 8 outputs stays in registers while the inputs run: 6 x 2 makes
 * 12 sums, 2 weights and 1 broadcast in 16 registers, and for 8 outputs 12 x 1 does the same.
 * Twelve sums more than cover an FMA's latency of 4 or 5 at two a cycle. Blocks of outputs are the
 * outer loop, so that one block's weights stay in L1 while the row passes by.
 */
#define MAX_SUMS    12
#define MAX_VECTORS 2

/* One row's call, and what all pixels of its current block of outputs share. */
struct block {
    const struct ar_pwconv_shape *shape;
    const float *weights;
    const float *add; /* NULL when no output of the block gets any */
    uint32_t add_stride;
    bool relu;
    bool counts; /* sums are wanted */
    __m256i valid[MAX_VECTORS];
    __m256i added[MAX_VECTORS];
    __m256 scale[MAX_VECTORS];
    __m256 bias[MAX_VECTORS];
    __m256 sum[MAX_VECTORS];
    __m256 square[MAX_VECTORS];
};

static size_t above(size_t count, size_t first)
{
    return count > first ? count - first : 0;
}

AR_TILE void begin_block(struct block *restrict block, size_t first,
                         const struct ar_epilogue *restrict epilogue, size_t n_vectors)
{
    block->add = epilogue->add && epilogue->add_channels > first ? epilogue->add + first : NULL;
    block->add_stride = epilogue->add_stride;
    block->relu = epilogue->relu;
    block->counts = epilogue->sums != NULL;
    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        const size_t o = first + v * AR_AVX2_LANES;

        block->valid[v] = ar_avx2_first_lanes(above(block->shape->outputs, o));
        block->added[v] = ar_avx2_first_lanes(above(epilogue->add_channels, o));
        block->scale[v] = _mm256_maskload_ps(epilogue->scale + o, block->valid[v]);
        block->bias[v] = _mm256_maskload_ps(epilogue->bias + o, block->valid[v]);
        block->sum[v] = _mm256_setzero_ps();
        block->square[v] = _mm256_setzero_ps();
    }
}

static void add_to(float *sums, __m256i valid, __m256 values)
{
    const __m256 before = _mm256_maskload_ps(sums, valid);

    _mm256_maskstore_ps(sums, valid, _mm256_add_ps(before, values));
}

/* Hands the row's statistics out. */
AR_TILE void end_block(const struct block *restrict block, float *restrict sums,
                       size_t n_vectors)
{
    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        float *const sum = sums + v * AR_AVX2_LANES;

        add_to(sum, block->valid[v], block->sum[v]);
        add_to(sum + block->shape->outputs, block->valid[v], block->square[v]);
    }
}

/* Stores vector v of pixel x. */
AR_TILE void finish(float *restrict dst, struct block *restrict block, size_t x, size_t v,
                    __m256 sum)
{
    const __m256 zero = _mm256_setzero_ps();
    __m256 value = _mm256_fmadd_ps(sum, block->scale[v], block->bias[v]);

    if (block->counts) {
        block->sum[v] = _mm256_add_ps(block->sum[v], sum);
        block->square[v] = _mm256_fmadd_ps(sum, sum, block->square[v]);
    }
    if (block->relu)
        value = _mm256_max_ps(value, zero);
    if (block->add) {
        const float *const add = block->add + x * block->add_stride + v * AR_AVX2_LANES;

        value = _mm256_add_ps(value, _mm256_maskload_ps(add, block->added[v]));
    }
    /* The lanes past the outputs computed with a wider network's weights. */
    _mm256_storeu_ps(dst + x * block->shape->dst_stride + v * AR_AVX2_LANES,
                     _mm256_and_ps(value, _mm256_castsi256_ps(block->valid[v])));
}

/* Three pixels share a pointer, which is what an address of base + {0, 4, 8} * index can reach. */
#define PIXELS_PER_BASE 3

AR_TILE void tile(float *restrict dst, const float *restrict src, struct block *restrict block,
                  size_t x, size_t n_pixels, size_t n_vectors)
{
    const size_t stride = block->shape->src_stride;
    const float *base[MAX_SUMS / PIXELS_PER_BASE + 1];
    const float *weights = block->weights;
    __m256 sum[MAX_SUMS];

    AR_UNROLL
    for (size_t p = 0; p < n_pixels; p += PIXELS_PER_BASE)
        base[p / PIXELS_PER_BASE] = src + (x + p) * stride;
    AR_UNROLL
    for (size_t s = 0; s < n_pixels * n_vectors; s++)
        sum[s] = _mm256_setzero_ps();
    for (size_t i = 0; i < block->shape->inputs; i++) {
        __m256 weight[MAX_VECTORS];

        AR_UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            weight[v] = _mm256_loadu_ps(weights + v * AR_AVX2_LANES);
        weights += AR_PWCONV_LANES;
        AR_UNROLL
        for (size_t p = 0; p < n_pixels; p++) {
            const float *const in = base[p / PIXELS_PER_BASE] + p % PIXELS_PER_BASE * stride;
            const __m256 value = _mm256_broadcast_ss(in + i);

            AR_UNROLL
            for (size_t v = 0; v < n_vectors; v++)
                sum[p * n_vectors + v] =
                    _mm256_fmadd_ps(value, weight[v], sum[p * n_vectors + v]);
        }
    }
    AR_UNROLL
    for (size_t s = 0; s < n_pixels * n_vectors; s++)
        finish(dst, block, x + s / n_vectors, s % n_vectors, sum[s]);
}

/* A whole row for one block: full tiles, then fours, then ones. */
AR_TILE void block_row(float *restrict dst, const float *restrict src,
                       struct block *restrict block, size_t n_vectors)
{
    const size_t n_pixels = MAX_SUMS / n_vectors;
    const size_t width = block->shape->width;
    size_t x = 0;

    for (; width - x >= n_pixels; x += n_pixels)
        tile(dst, src, block, x, n_pixels, n_vectors);
    for (; width - x >= 4; x += 4)
        tile(dst, src, block, x, 4, n_vectors);
    for (; x < width; x++)
        tile(dst, src, block, x, 1, n_vectors);
}

AR_TILE void run_block(float *restrict dst, const float *restrict src,
                       struct block *restrict block, size_t first,
                       const struct ar_epilogue *restrict epilogue, size_t n_vectors)
{
    begin_block(block, first, epilogue, n_vectors);
    block_row(dst + first, src, block, n_vectors);
    if (block->counts)
        end_block(block, epilogue->sums + first, n_vectors);
}

void ar_pwconv_row_avx2(float *restrict dst, const float *restrict src,
                        const float *restrict weights,
                        const struct ar_pwconv_shape *restrict shape,
                        const struct ar_epilogue *restrict epilogue)
{
    struct block block = { .shape = shape, .weights = weights };

    for (size_t first = 0; first < shape->outputs; first += AR_PWCONV_LANES) {
        if (shape->outputs - first > AR_AVX2_LANES)
            run_block(dst, src, &block, first, epilogue, 2);
        else
            run_block(dst, src, &block, first, epilogue, 1);
        block.weights += (size_t)shape->block_inputs * AR_PWCONV_LANES;
    }
}
