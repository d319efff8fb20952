/* SPDX-License-Identifier: MIT */
#include "nn/ref/ref.h"

static float multiply(const float *const *restrict src, const float *restrict weights,
                      uint32_t inputs, size_t x)
{
    float sum = 0.0F;

    for (size_t i = 0; i < inputs; i++)
        sum += src[i][x] * weights[i * AR_PWCONV_BLOCK];
    return sum;
}

static float finish(float sum, const struct ar_epilogue *restrict epilogue, size_t x,
                    size_t output)
{
    float value = sum * epilogue->scale[output] + epilogue->bias[output];

    /* Written so that not-a-number becomes zero, as the vector units' maximum does. */
    if (epilogue->relu)
        value = value > 0.0F ? value : 0.0F;
    if (epilogue->add && output < epilogue->add_channels)
        value += epilogue->add[output * epilogue->add_stride + x];
    return value;
}

void ar_pwconv_row_ref(float *restrict dst, const float *const *restrict src,
                       const float *restrict weights,
                       const struct ar_pwconv_shape *restrict shape,
                       const struct ar_epilogue *restrict epilogue)
{
    for (size_t o = 0; o < shape->outputs; o++) {
        const float *const column =
            weights + o / AR_PWCONV_BLOCK * AR_PWCONV_BLOCK * shape->block_inputs +
            o % AR_PWCONV_BLOCK;

        for (size_t x = 0; x < shape->width; x++) {
            const float sum = multiply(src, column, shape->inputs, x);

            if (epilogue->sums) {
                epilogue->sums[o] += sum;
                epilogue->sums[shape->outputs + o] += sum * sum;
            }
            dst[o * shape->dst_stride + x] = finish(sum, epilogue, x, o);
        }
    }
}
