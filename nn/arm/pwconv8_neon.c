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
 * which leaves no register over.
 */
#define BLOCK   AR_NEON8_BLOCK
#define VECTORS AR_NEON8_VECTORS
#define SUMS    (2 * VECTORS) /* vectors of an output, while they are apart */

AR_TILE int8x16_t weights_of(int8x16_t block, size_t output)
{
    return vreinterpretq_s8_s32(vdupq_n_s32(vreinterpretq_s32_s8(block)[output % BLOCK]));
}

/* Adds the channels of two inputs. */
AR_TILE void multiply_two(int32x4_t *restrict sum, const uint8_t *const *restrict in, size_t at,
                          const int8_t *restrict weights, size_t n_outputs)
{
    const int8x16_t block[2] = { vld1q_s8(weights), vld1q_s8(weights + BLOCK * 4) };
    int8x16_t fours[2][VECTORS];

    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        fours[0][v] = ar_neon8_load_fours(in[0] + at + v * 4 * AR_NEON_LANES);
        fours[1][v] = ar_neon8_load_fours(in[1] + at + v * 4 * AR_NEON_LANES);
    }
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++) {
        const int8x16_t one = weights_of(block[0], o);
        const int8x16_t other = weights_of(block[1], o);

        AR_UNROLL
        for (size_t v = 0; v < VECTORS; v++) {
            int32x4_t *const to = sum + o * SUMS + 2 * v;
            int16x8_t low = vmull_s8(vget_low_s8(fours[0][v]), vget_low_s8(one));
            int16x8_t high = vmull_high_s8(fours[0][v], one);

            low = vmlal_s8(low, vget_low_s8(fours[1][v]), vget_low_s8(other));
            high = vmlal_high_s8(high, fours[1][v], other);
            to[0] = vpadalq_s16(to[0], low);
            to[1] = vpadalq_s16(to[1], high);
        }
    }
}

/* Adds the channels of the last of an odd number of inputs. */
AR_TILE void multiply_one(int32x4_t *restrict sum, const uint8_t *restrict in,
                          const int8_t *restrict weights, size_t n_outputs)
{
    const int8x16_t block = vld1q_s8(weights);

    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        const int8x16_t fours = ar_neon8_load_fours(in + v * 4 * AR_NEON_LANES);

        AR_UNROLL
        for (size_t o = 0; o < n_outputs; o++) {
            const int8x16_t weight = weights_of(block, o);
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
    const size_t n_inputs = job->shape->inputs;
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
                             ar_neon8_start(job, first + s / VECTORS));
    ar_neon8_end_block(job, x, first, whole, n_outputs);
}

void ar_pwconv8_row_neon(void *restrict dst, const uint8_t *const *restrict src,
                         const int8_t *restrict weights,
                         const struct ar_pwconv8_shape *restrict shape,
                         const struct ar_epilogue8 *restrict epilogue)
{
    const struct ar_neon8_job job = { dst, src, weights, shape, epilogue };

    for (size_t x = 0; x < ar_tensor_whole(shape->width); x += AR_NEON8_PX) {
        size_t o = 0;

        for (; o + BLOCK / 2 < shape->outputs; o += BLOCK)
            tile(&job, x, o, BLOCK);
        if (o < shape->outputs)
            tile(&job, x, o, BLOCK / 2);
    }
}
