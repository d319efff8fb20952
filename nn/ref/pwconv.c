/* SPDX-License-Identifier: MIT */
#include "base/macros.h"
#include "nn/ref/ref.h"
#include "nn/tensor.h"

/* The raw sums of one pixel and one block of outputs. */
struct block_sums {
    float lanes[AR_PWCONV_LANES];
};

static struct block_sums multiply(const float *restrict src, const float *restrict weights,
                                  uint32_t inputs)
{
    struct block_sums sums = { { 0.0F } };

    for (uint32_t i = 0; i < inputs; i++) {
        for (uint32_t lane = 0; lane < AR_PWCONV_LANES; lane++)
            sums.lanes[lane] += src[i] * weights[lane];
        weights += AR_PWCONV_LANES;
    }
    return sums;
}

static float finish(float sum, const struct ar_epilogue *restrict epilogue, uint32_t x,
                    uint32_t output)
{
    float value = sum * epilogue->scale[output] + epilogue->bias[output];

    /* Written so that not-a-number becomes zero, as the vector units' maximum does. */
    if (epilogue->relu)
        value = value > 0.0F ? value : 0.0F;
    if (epilogue->add && output < epilogue->add_channels)
        value += epilogue->add[(size_t)x * epilogue->add_stride + output];
    return value;
}

static void finish_block(float *restrict dst, const struct block_sums *restrict sums,
                         uint32_t x, uint32_t first, uint32_t outputs,
                         const struct ar_epilogue *restrict epilogue)
{
    const uint32_t end = ar_min_u32(first + AR_PWCONV_LANES, outputs);
    const uint32_t stored =
        ar_min_u32(first + AR_PWCONV_LANES, (uint32_t)ar_align_up(outputs, AR_TENSOR_GROUP));

    for (uint32_t o = first; o < end; o++) {
        const float sum = sums->lanes[o - first];

        if (epilogue->sums) {
            epilogue->sums[o] += sum;
            epilogue->sums[outputs + o] += sum * sum;
        }
        dst[o] = finish(sum, epilogue, x, o);
    }
    for (uint32_t o = end; o < stored; o++)
        dst[o] = 0.0F;
}

void ar_pwconv_row_ref(float *restrict dst, const float *restrict src,
                       const float *restrict weights,
                       const struct ar_pwconv_shape *restrict shape,
                       const struct ar_epilogue *restrict epilogue)
{
    const size_t block_floats = (size_t)shape->block_inputs * AR_PWCONV_LANES;

    for (uint32_t x = 0; x < shape->width; x++) {
        const float *const in = src + (size_t)x * shape->src_stride;
        float *const out = dst + (size_t)x * shape->dst_stride;
        const float *block = weights;

        for (uint32_t o = 0; o < shape->outputs; o += AR_PWCONV_LANES) {
            const struct block_sums sums = multiply(in, block, shape->inputs);

            finish_block(out, &sums, x, o, shape->outputs, epilogue);
            block += block_floats;
        }
    }
}
