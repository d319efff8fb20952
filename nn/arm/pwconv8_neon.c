/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/neon.h"
#include "nn/arm/tile8_neon.h"

/*
 * Without a dot product: a byte's product has 16 bits, and two of them, of weights from -127 on, fit there. So a
 * half of a vector of one input (two pixels of four channels) is multiplied by an output's four weights, written
 * twice; the next input's is added to that; and pairs of channels are added to 32-bit sums, two of a pixel, which
 * only the end adds up. A Cortex-A72 begins 8 such products a cycle, twice what it does of floats, in one of its two
 * pipes; the other one has room for the sums, the weights' copies and the signs of a tile of 8 pixels x 4 outputs,
 * which leaves three registers over. An output's products stand side by side, as its queues are short.
 */
#define BLOCK   AR_NEON8_BLOCK
#define VECTORS AR_NEON8_VECTORS
#define SUMS    (2 * VECTORS) /* vectors of an output, while they are apart */

/* An output's weights of an input, four times. */
AR_TILE int8x16_t weights_of(const int8_t *block, size_t output)
{
    return vreinterpretq_s8_s32(vld1q_dup_s32((const void *)(block + 4 * output)));
}

/* Adds the channels of two inputs. */
AR_TILE void multiply_two(int32x4_t *restrict sum, const uint8_t *const *restrict in, size_t at,
                          const int8_t *restrict weights, size_t n_outputs)
{
    int8x16_t fours[2][VECTORS];

    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        fours[0][v] = ar_neon8_load_fours(in[0] + at + v * 4 * AR_NEON_LANES);
        fours[1][v] = ar_neon8_load_fours(in[1] + at + v * 4 * AR_NEON_LANES);
    }
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++) {
        const int8x16_t one = weights_of(weights, o);
        const int8x16_t other = weights_of(weights + BLOCK * 4, o);
        int16x8_t product[SUMS];

        AR_UNROLL
        for (size_t v = 0; v < VECTORS; v++) {
            product[2 * v] = vmull_s8(vget_low_s8(fours[0][v]), vget_low_s8(one));
            product[2 * v + 1] = vmull_high_s8(fours[0][v], one);
        }
        AR_UNROLL
        for (size_t v = 0; v < VECTORS; v++) {
            product[2 * v] =
                vmlal_s8(product[2 * v], vget_low_s8(fours[1][v]), vget_low_s8(other));
            product[2 * v + 1] = vmlal_high_s8(product[2 * v + 1], fours[1][v], other);
        }
        AR_UNROLL
        for (size_t s = 0; s < SUMS; s++)
            sum[o * SUMS + s] = vpadalq_s16(sum[o * SUMS + s], product[s]);
    }
}

/* Adds the channels of the last of an odd number of inputs. */
AR_TILE void multiply_one(int32x4_t *restrict sum, const uint8_t *restrict in,
                          const int8_t *restrict weights, size_t n_outputs)
{
    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        const int8x16_t fours = ar_neon8_load_fours(in + v * 4 * AR_NEON_LANES);

        AR_UNROLL
        for (size_t o = 0; o < n_outputs; o++) {
            const int8x16_t weight = weights_of(weights, o);
            int32x4_t *const to = sum + o * SUMS + 2 * v;

            to[0] = vpadalq_s16(to[0], vmull_s8(vget_low_s8(fours), vget_low_s8(weight)));
            to[1] = vpadalq_s16(to[1], vmull_high_s8(fours, weight));
        }
    }
}

/* Pixels from x on, outputs from `first` on. */
AR_TILE void tile(const struct ar_neon8_job *restrict job, size_t x, size_t first,
                  size_t n_outputs)
{
    const size_t n_inputs = job->shape.inputs;
    const int8_t *weights = ar_neon8_weights(job, first);
    int32x4_t sum[BLOCK * SUMS];
    int32x4_t whole[BLOCK * VECTORS];
    size_t i = 0;

    AR_UNROLL
    for (size_t s = 0; s < n_outputs * SUMS; s++)
        sum[s] = vdupq_n_s32(0);
    for (; i + 2 <= n_inputs; i += 2)
        multiply_two(sum, job->src + i, 4 * x, weights + i * BLOCK * 4, n_outputs);
    if (i < n_inputs)
        multiply_one(sum, job->src[i] + 4 * x, weights + i * BLOCK * 4, n_outputs);
    AR_UNROLL
    for (size_t s = 0; s < n_outputs * VECTORS; s++)
        whole[s] = vaddq_s32(vpaddq_s32(sum[2 * s], sum[2 * s + 1]),
                             ar_neon8_start(job, first, s / VECTORS));
    ar_neon8_end_block(job, x, first, whole, n_outputs);
}

void ar_pwconv8_row_neon(void *restrict dst, const uint8_t *const *restrict src,
                         const int8_t *restrict weights,
                         const struct ar_pwconv8_shape *restrict shape,
                         const struct ar_epilogue8 *restrict epilogue)
{
    const struct ar_neon8_job job = { dst, src, weights, *shape, *epilogue };

    for (size_t x = 0; x < ar_tensor_whole(shape->width); x += AR_NEON8_PX) {
        size_t o = 0;

        for (; o + BLOCK / 2 < shape->outputs; o += BLOCK)
            tile(&job, x, o, BLOCK);
        if (o < shape->outputs)
            tile(&job, x, o, BLOCK / 2);
    }
}
