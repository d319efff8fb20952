/* SPDX-License-Identifier: MIT */
#pragma once

#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/lanes_neon.h"
#include "nn/arm/round8_neon.h"
#include "nn/kernels8.h"
#include "nn/tile.h"

/*
 * What the pointwise products of int8 have in common, with and without dot products: a tile is 8 pixels x some outputs,
 * two vectors of sums an output.
 */
#define AR_NEON8_BLOCK   AR_PWCONV8_BLOCK
#define AR_NEON8_VECTORS ((size_t)2)
#define AR_NEON8_PX      (AR_NEON8_VECTORS * AR_NEON_LANES)

struct ar_neon8_job {
    void *dst;
    const uint8_t *const *src;
    const int8_t *weights;
    const struct ar_pwconv8_shape *shape;
    const struct ar_epilogue8 *epilogue;
};

/* Four pixels of an input, as signed bytes. */
AR_TILE int8x16_t ar_neon8_load_fours(const uint8_t *fours)
{
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(fours), vdupq_n_u8(0x80)));
}

/* The block that an output is part of. */
AR_TILE const int8_t *ar_neon8_weights(const struct ar_neon8_job *restrict job, size_t output)
{
    return job->weights +
           output / AR_NEON8_BLOCK * job->shape->block_inputs * AR_NEON8_BLOCK * 4;
}

/* What an output's sums start at. A tile may have more outputs than there are: any will do for these. */
AR_TILE int32x4_t ar_neon8_start(const struct ar_neon8_job *restrict job, size_t output)
{
    const size_t last = job->shape->outputs - 1;

    return vld1q_dup_s32(job->epilogue->signed_start + (output < last ? output : last));
}

/* Adds one output's sums, and their squares, to their lanes. */
AR_TILE void ar_neon8_count(const struct ar_neon8_job *restrict job, size_t x, size_t output,
                            const float32x4_t *restrict sums)
{
    const size_t width = job->shape->width;
    float *const lanes =
        job->epilogue->lanes + output * 2 * AR_TENSOR_GROUP + x % AR_TENSOR_GROUP;

    AR_UNROLL
    for (size_t v = 0; v < AR_NEON8_VECTORS; v++) {
        const size_t at = x + v * AR_NEON_LANES;
        float *const total = lanes + v * AR_NEON_LANES;
        float *const square = total + AR_TENSOR_GROUP;
        const float32x4_t sum = ar_neon_keep_first(sums[v], width > at ? width - at : 0);

        vst1q_f32(total, vaddq_f32(vld1q_f32(total), sum));
        vst1q_f32(square, vfmaq_f32(vld1q_f32(square), sum, sum));
    }
}

AR_TILE void ar_neon8_add_bytes(const struct ar_epilogue8 *restrict epilogue,
                                const uint8_t *add, float32x4_t *restrict values)
{
    const uint16x8_t words = vmovl_u8(vld1_u8(add));
    const float32x4_t scale = vdupq_n_f32(epilogue->add_scale);
    const float32x4_t bias = vdupq_n_f32(epilogue->add_bias);
    const float32x4_t low = vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)));
    const float32x4_t high = vcvtq_f32_u32(vmovl_high_u16(words));

    values[0] = vaddq_f32(values[0], vfmaq_f32(bias, low, scale));
    values[1] = vaddq_f32(values[1], vfmaq_f32(bias, high, scale));
}

/* One output's values, from its sums. The number-preferring maximum turns not-a-number into zero. */
AR_TILE void ar_neon8_finish(const struct ar_neon8_job *restrict job, size_t x, size_t output,
                             float32x4_t *restrict values)
{
    const struct ar_epilogue8 *const epilogue = job->epilogue;
    const float32x4_t scale = vld1q_dup_f32(epilogue->scale + output);
    const float32x4_t bias = vld1q_dup_f32(epilogue->bias + output);
    const size_t at = output * epilogue->add_stride + x;

    AR_UNROLL
    for (size_t v = 0; v < AR_NEON8_VECTORS; v++)
        values[v] = vfmaq_f32(bias, values[v], scale);
    if (epilogue->relu) {
        AR_UNROLL
        for (size_t v = 0; v < AR_NEON8_VECTORS; v++)
            values[v] = vmaxnmq_f32(values[v], vdupq_n_f32(0.0F));
    }
    if (output >= epilogue->add_channels)
        return;
    if (epilogue->add)
        ar_neon8_add_bytes(epilogue, epilogue->add + at, values);
    if (epilogue->add_floats) {
        AR_UNROLL
        for (size_t v = 0; v < AR_NEON8_VECTORS; v++)
            values[v] =
                vaddq_f32(values[v], vld1q_f32(epilogue->add_floats + at + v * AR_NEON_LANES));
    }
}

AR_TILE void ar_neon8_store_plane(const struct ar_neon8_job *restrict job, size_t x,
                                  size_t output, const float32x4_t *restrict values)
{
    const size_t at = output * job->shape->dst_stride + x;
    uint8x8_t bytes;

    if (job->shape->store == AR_STORE8_FLOATS) {
        AR_UNROLL
        for (size_t v = 0; v < AR_NEON8_VECTORS; v++)
            vst1q_f32((float *)job->dst + at + v * AR_NEON_LANES, values[v]);
        return;
    }
    bytes = vqmovn_u16(ar_neon_round_unsigned(values[0], values[1]));
    vst1_u8((uint8_t *)job->dst + at, vmax_u8(bytes, vdup_n_u8((uint8_t)job->epilogue->low)));
}

/* A block of outputs, which are four, each with its vectors. */
AR_TILE void ar_neon8_store_fours(const struct ar_neon8_job *restrict job, size_t x,
                                  size_t first, const float32x4_t *restrict values)
{
    const uint8x16_t low = vdupq_n_u8((uint8_t)job->epilogue->low);
    uint8_t *const dst =
        (uint8_t *)job->dst + first / AR_NEON8_BLOCK * job->shape->dst_stride + 4 * x;

    AR_UNROLL
    for (size_t v = 0; v < AR_NEON8_VECTORS; v++) {
        const uint16x8_t one = ar_neon_round_unsigned(values[v], values[AR_NEON8_VECTORS + v]);
        const uint16x8_t other = ar_neon_round_unsigned(values[2 * AR_NEON8_VECTORS + v],
                                                        values[3 * AR_NEON8_VECTORS + v]);
        const uint8x16_t bytes = ar_neon_by_pixel(vqmovn_high_u16(vqmovn_u16(one), other));

        vst1q_u8(dst + v * 4 * AR_NEON_LANES, vmaxq_u8(bytes, low));
    }
}

/* From the sums of a block of outputs, each with its vectors, to what is stored of those that there are. */
AR_TILE void ar_neon8_end_block(const struct ar_neon8_job *restrict job, size_t x, size_t first,
                                const int32x4_t *restrict sums, size_t n_outputs)
{
    const bool fours = job->shape->store == AR_STORE8_FOURS;
    float32x4_t values[AR_NEON8_BLOCK * AR_NEON8_VECTORS];

    AR_UNROLL
    for (size_t s = 0; s < n_outputs * AR_NEON8_VECTORS; s++)
        values[s] = vcvtq_f32_s32(sums[s]);
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++) {
        float32x4_t *const of_output = values + o * AR_NEON8_VECTORS;

        if (first + o >= job->shape->outputs)
            break;
        if (job->epilogue->lanes)
            ar_neon8_count(job, x, first + o, of_output);
        ar_neon8_finish(job, x, first + o, of_output);
        if (!fours)
            ar_neon8_store_plane(job, x, first + o, of_output);
    }
    if (fours && n_outputs == AR_NEON8_BLOCK)
        ar_neon8_store_fours(job, x, first, values);
}
