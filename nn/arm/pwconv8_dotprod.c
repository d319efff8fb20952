/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/dot_lane.h"
#include "nn/arm/dotprod.h"
#include "nn/arm/tile8_neon.h"

/*
 * A lane is a pixel, its four bytes four channels; a block's weights are one vector, used by lane. Bytes become signed
 * ones on the way in, which takes a place of a dot product: so a tile is 12 outputs x 8 pixels, 24 sums, where
 * that is a twelfth. The six planes of a picture are one tile.
 */
#define BLOCK       AR_NEON8_BLOCK
#define VECTORS     AR_NEON8_VECTORS
#define PLANES      6
#define MAX_OUTPUTS (3 * BLOCK)

/* Adds the four channels of an input. */
AR_TILE void multiply(int32x4_t *restrict sum, const uint8_t *restrict in,
                      const int8_t *restrict weights, size_t block_b, size_t n_outputs)
{
    int8x16_t fours[VECTORS];

    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++)
        fours[v] = ar_neon8_load_fours(in + v * 4 * AR_NEON_LANES);
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++) {
        const int8x16_t weight = vld1q_s8(weights + o / BLOCK * block_b);

        AR_UNROLL
        for (size_t v = 0; v < VECTORS; v++) {
            int32x4_t *const to = sum + o * VECTORS + v;

            *to = ar_dot_lane(*to, fours[v], weight, o % BLOCK);
        }
    }
}

/* Pixels from x on, outputs from `first` on. */
AR_TILE void tile(const struct ar_neon8_job *restrict job, size_t x, size_t first,
                  size_t n_outputs)
{
    const size_t block_b = (size_t)job->shape.block_inputs * BLOCK * 4;
    const int8_t *const weights = ar_neon8_weights(job, first);
    int32x4_t sum[MAX_OUTPUTS * VECTORS];

    AR_UNROLL
    for (size_t s = 0; s < n_outputs * VECTORS; s++)
        sum[s] = ar_neon8_start(job, first, s / VECTORS);
    for (size_t i = 0; i < job->shape.inputs; i++)
        multiply(sum, job->src[i] + 4 * x, weights + i * BLOCK * 4, block_b, n_outputs);
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o += BLOCK)
        ar_neon8_end_block(job, x, first + o, sum + o * VECTORS,
                           n_outputs - o < BLOCK ? n_outputs - o : BLOCK);
}

/* All outputs of a tile's pixels. */
static void column(const struct ar_neon8_job *restrict job, size_t x)
{
    const size_t outputs = job->shape.outputs;
    size_t o = 0;

    for (; o + MAX_OUTPUTS <= outputs; o += MAX_OUTPUTS)
        tile(job, x, o, MAX_OUTPUTS);
    for (; o + BLOCK < outputs; o += 2 * BLOCK)
        tile(job, x, o, 2 * BLOCK);
    if (o < outputs)
        tile(job, x, o, BLOCK);
}

void ar_pwconv8_row_dotprod(void *restrict dst, const uint8_t *const *restrict src,
                            const int8_t *restrict weights,
                            const struct ar_pwconv8_shape *restrict shape,
                            const struct ar_epilogue8 *restrict epilogue)
{
    const struct ar_neon8_job job = { dst, src, weights, *shape, *epilogue };

    for (size_t x = 0; x < ar_tensor_whole(shape->width); x += AR_NEON8_PX) {
        if (shape->outputs == PLANES)
            tile(&job, x, 0, PLANES);
        else
            column(&job, x);
    }
}
