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

/* Copies, not pointers: bytes that are stored might else be what these hold, which would be read again each time. */
struct ar_neon8_job {
    void *dst;
    const uint8_t *const *src;
    const int8_t *weights;
    struct ar_pwconv8_shape shape;
    struct ar_epilogue8 epilogue;
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
           output / AR_NEON8_BLOCK * job->shape.block_inputs * AR_NEON8_BLOCK * 4;
}

/* What the sums of output first + i start at; `first` is that of a block, i a constant. */
AR_TILE int32x4_t ar_neon8_start(const struct ar_neon8_job *restrict job, size_t first,
                                 size_t i)
{
    const int32x4_t start =
        vld1q_s32(job->epilogue.signed_start + first + i / AR_NEON8_BLOCK * AR_NEON8_BLOCK);

    return vdupq_n_s32(start[i % AR_NEON8_BLOCK]);
}

/* Adds one output's sums, and their squares, to their lanes. */
AR_TILE void ar_neon8_count(const struct ar_neon8_job *restrict job, size_t x, size_t output,
                            const float32x4_t *restrict sums)
{
    const size_t left = job->shape.width > x ? job->shape.width - x : 0;
    float *const lanes =
        job->epilogue.lanes + output * 2 * AR_TENSOR_GROUP + x % AR_TENSOR_GROUP;

    AR_UNROLL
    for (size_t v = 0; v < AR_NEON8_VECTORS; v++) {
        const size_t at = v * AR_NEON_LANES;
        float *const total = lanes + at;
        float *const square = total + AR_TENSOR_GROUP;
        float32x4_t sum = sums[v];

        if (left < AR_NEON8_PX)
            sum = ar_neon_keep_first(sum, left > at ? left - at : 0);
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

/* Adds to one output's values what there is to add. */
AR_TILE void ar_neon8_add(const struct ar_neon8_job *restrict job, size_t x, size_t output,
                          float32x4_t *restrict values)
{
    const size_t at = output * job->epilogue.add_stride + x;

    if (job->epilogue.add)
        ar_neon8_add_bytes(&job->epilogue, job->epilogue.add + at, values);
    if (job->epilogue.add_floats) {
        AR_UNROLL
        for (size_t v = 0; v < AR_NEON8_VECTORS; v++)
            values[v] = vaddq_f32(values[v],
                                  vld1q_f32(job->epilogue.add_floats + at + v * AR_NEON_LANES));
    }
}

/* From the sums of a block of outputs, as floats, to values. The number-preferring maximum turns not-a-number into zero. */
AR_TILE void ar_neon8_finish(const struct ar_neon8_job *restrict job, size_t x, size_t first,
                             float32x4_t *restrict values, size_t n_outputs)
{
    const float32x4_t scale = vld1q_f32(job->epilogue.scale + first);
    const float32x4_t bias = vld1q_f32(job->epilogue.bias + first);

    AR_UNROLL
    for (size_t v = 0; v < n_outputs * AR_NEON8_VECTORS; v++) {
        const size_t o = v / AR_NEON8_VECTORS;

        values[v] = vfmaq_n_f32(vdupq_n_f32(bias[o]), values[v], scale[o]);
    }
    if (job->epilogue.relu) {
        AR_UNROLL
        for (size_t v = 0; v < n_outputs * AR_NEON8_VECTORS; v++)
            values[v] = vmaxnmq_f32(values[v], vdupq_n_f32(0.0F));
    }
    if (first >= job->epilogue.add_channels)
        return;
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++)
        if (first + o < job->epilogue.add_channels)
            ar_neon8_add(job, x, first + o, values + o * AR_NEON8_VECTORS);
}

AR_TILE void ar_neon8_store_plane(const struct ar_neon8_job *restrict job, size_t x,
                                  size_t output, const float32x4_t *restrict values)
{
    const size_t at = output * job->shape.dst_stride + x;
    uint8x8_t bytes;

    if (job->shape.store == AR_STORE8_FLOATS) {
        AR_UNROLL
        for (size_t v = 0; v < AR_NEON8_VECTORS; v++)
            vst1q_f32((float *)job->dst + at + v * AR_NEON_LANES, values[v]);
        return;
    }
    bytes = vqmovn_u16(ar_neon_round_unsigned(values[0], values[1]));
    vst1_u8((uint8_t *)job->dst + at, vmax_u8(bytes, vdup_n_u8((uint8_t)job->epilogue.low)));
}

/* A block of outputs, which are four, each with its vectors. */
AR_TILE void ar_neon8_store_fours(const struct ar_neon8_job *restrict job, size_t x,
                                  size_t first, const float32x4_t *restrict values)
{
    const uint8x16_t low = vdupq_n_u8((uint8_t)job->epilogue.low);
    uint8_t *const dst =
        (uint8_t *)job->dst + first / AR_NEON8_BLOCK * job->shape.dst_stride + 4 * x;

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
    float32x4_t values[AR_NEON8_BLOCK * AR_NEON8_VECTORS];

    AR_UNROLL
    for (size_t s = 0; s < n_outputs * AR_NEON8_VECTORS; s++)
        values[s] = vcvtq_f32_s32(sums[s]);
    if (job->epilogue.lanes) {
        AR_UNROLL
        for (size_t o = 0; o < n_outputs; o++)
            if (first + o < job->shape.outputs)
                ar_neon8_count(job, x, first + o, values + o * AR_NEON8_VECTORS);
    }
    ar_neon8_finish(job, x, first, values, n_outputs);
    if (job->shape.store == AR_STORE8_FOURS) {
        if (n_outputs == AR_NEON8_BLOCK)
            ar_neon8_store_fours(job, x, first, values);
        return;
    }
    AR_UNROLL
    for (size_t o = 0; o < n_outputs; o++)
        if (first + o < job->shape.outputs)
            ar_neon8_store_plane(job, x, first + o, values + o * AR_NEON8_VECTORS);
}
