/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/lanes_neon.h"
#include "nn/arm/neon.h"
#include "nn/tile.h"

/*
 * A tile of vectors of pixels x a block of outputs stays in registers while the inputs run: 5 x 4 makes 20
 * sums, 5 vectors of an input and the block's 4 weights, used by lane, in 26 of 32 registers. 6 loads
 * feed 20 multiply-adds, and 20 sums cover their latency. Pixels are the outer loop, so that a tile's
 * inputs are read from the nearest cache for every block of outputs; the weights pass by. The six
 * planes of a picture are one tile of 4 x 6: as two blocks a quarter of the work would be for nothing.
 */
#define LANES       AR_NEON_LANES
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

/* Adds one output's raw sums, and their squares, over the pixels of a tile that begins at x. */
AR_TILE void count(const struct job *restrict job, size_t x, size_t output,
                   const float32x4_t *restrict sums, size_t n_vectors)
{
    const size_t width = job->shape->width;
    float *const counted = job->epilogue->sums + output;
    float32x4_t total = vdupq_n_f32(0.0F);
    float32x4_t square = vdupq_n_f32(0.0F);

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        const size_t at = x + v * LANES;
        const float32x4_t sum = ar_neon_keep_first(sums[v], width > at ? width - at : 0);

        total = vaddq_f32(total, sum);
        square = vfmaq_f32(square, sum, sum);
    }
    counted[0] += vaddvq_f32(total);
    counted[job->shape->outputs] += vaddvq_f32(square);
}

/* Stores one output's pixels of a tile. The number-preferring maximum turns not-a-number into zero. */
AR_TILE void finish(const struct job *restrict job, size_t x, size_t output,
                    const float32x4_t *restrict sums, size_t n_vectors)
{
    const struct ar_epilogue *const epilogue = job->epilogue;
    const float32x4_t scale = vld1q_dup_f32(epilogue->scale + output);
    const float32x4_t bias = vld1q_dup_f32(epilogue->bias + output);
    float *const dst = job->dst + output * job->shape->dst_stride + x;
    float32x4_t value[MAX_VECTORS];

    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++)
        value[v] = vfmaq_f32(bias, sums[v], scale);
    if (epilogue->relu) {
        AR_UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            value[v] = vmaxnmq_f32(value[v], vdupq_n_f32(0.0F));
    }
    if (epilogue->add && output < epilogue->add_channels) {
        const float *const add = epilogue->add + output * epilogue->add_stride + x;

        AR_UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            value[v] = vaddq_f32(value[v], vld1q_f32(add + v * LANES));
    }
    AR_UNROLL
    for (size_t v = 0; v < n_vectors; v++)
        vst1q_f32(dst + v * LANES, value[v]);
}

/* Pixels from x on, outputs from `first` on. */
AR_TILE void tile(const struct job *restrict job, size_t x, size_t first, size_t n_vectors,
                  size_t n_outputs)
{
    const size_t n_inputs = job->shape->inputs;
    const size_t block_floats = (size_t)job->shape->block_inputs * BLOCK;
    const float *const weights = job->weights + first / BLOCK * block_floats;
    float32x4_t sum[MAX_SUMS];

    AR_UNROLL
    for (size_t s = 0; s < n_vectors * n_outputs; s++)
        sum[s] = vdupq_n_f32(0.0F);
    for (size_t i = 0; i < n_inputs; i++) {
        const float *const in = job->src[i] + x;
        float32x4_t value[MAX_VECTORS];

        AR_UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            value[v] = vld1q_f32(in + v * LANES);
        AR_UNROLL
        for (size_t o = 0; o < n_outputs; o++) {
            const float32x4_t weight =
                vld1q_f32(weights + o / BLOCK * block_floats + i * BLOCK);

            AR_UNROLL
            for (size_t v = 0; v < n_vectors; v++)
                sum[o * n_vectors + v] =
                    vfmaq_n_f32(sum[o * n_vectors + v], value[v], weight[o % BLOCK]);
        }
    }
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++) {
        if (first + o >= job->shape->outputs)
            break;
        if (job->epilogue->sums)
            count(job, x, first + o, sum + o * n_vectors, n_vectors);
        finish(job, x, first + o, sum + o * n_vectors, n_vectors);
    }
}

/* All outputs of some vectors of pixels. */
AR_TILE void column(const struct job *restrict job, size_t x, size_t n_vectors)
{
    for (size_t o = 0; o < job->shape->outputs; o += BLOCK)
        tile(job, x, o, n_vectors, BLOCK);
}

static void features(const struct job *restrict job, size_t n_vectors)
{
    size_t n_left = n_vectors;
    size_t x = 0;

    /* Evenly, fives and fours: every group is four. */
    while (n_left > 0) {
        const size_t n_tiles = (n_left + MAX_VECTORS - 1) / MAX_VECTORS;
        const size_t n = (n_left + n_tiles - 1) / n_tiles;

        if (n == MAX_VECTORS)
            column(job, x, MAX_VECTORS);
        else
            column(job, x, AR_NEON_GROUP);
        x += n * LANES;
        n_left -= n;
    }
}

void ar_pwconv_row_neon(float *restrict dst, const float *const *restrict src,
                        const float *restrict weights,
                        const struct ar_pwconv_shape *restrict shape,
                        const struct ar_epilogue *restrict epilogue)
{
    const struct job job = { dst, src, weights, shape, epilogue };

    if (shape->outputs != PLANES) {
        features(&job, ar_neon_vectors(shape->width));
        return;
    }
    for (size_t x = 0; x < shape->width; x += AR_NEON_GROUP * LANES)
        tile(&job, x, 0, AR_NEON_GROUP, PLANES);
}
