/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/ref/ref.h"
#include "nn/ref/round8.h"
#include "nn/tensor.h"

static int32_t multiply(const uint8_t *const *restrict src, const int8_t *restrict weights,
                        uint32_t inputs, size_t x, int32_t start)
{
    int32_t sum = start;

    for (size_t i = 0; i < inputs; i++)
        for (size_t c = 0; c < 4; c++)
            sum += src[i][4 * x + c] * weights[i * 4 * AR_PWCONV8_BLOCK + c];
    return sum;
}

static void count(const struct ar_epilogue8 *restrict epilogue, size_t output, size_t x,
                  float sum)
{
    float *const lane = epilogue->lanes + output * 2 * AR_TENSOR_GROUP + x % AR_TENSOR_GROUP;

    lane[0] += sum;
    lane[AR_TENSOR_GROUP] = fmaf(sum, sum, lane[AR_TENSOR_GROUP]);
}

static float finish(const struct ar_epilogue8 *restrict epilogue, size_t output, size_t x,
                    float sum)
{
    const size_t at = output * epilogue->add_stride + x;
    float value = fmaf(sum, epilogue->scale[output], epilogue->bias[output]);

    /* Written so that not-a-number becomes zero, as the vector units' maximum does. */
    if (epilogue->relu)
        value = value > 0.0F ? value : 0.0F;
    if (output >= epilogue->add_channels)
        return value;
    if (epilogue->add)
        value += fmaf(epilogue->add[at], epilogue->add_scale, epilogue->add_bias);
    if (epilogue->add_floats)
        value += epilogue->add_floats[at];
    return value;
}

static void store(void *restrict dst, const struct ar_pwconv8_shape *restrict shape,
                  const struct ar_epilogue8 *restrict epilogue, size_t output, size_t x,
                  float value)
{
    uint8_t *const bytes = dst;
    uint8_t byte;

    if (shape->store == AR_STORE8_FLOATS) {
        ((float *)dst)[output * shape->dst_stride + x] = value;
        return;
    }
    byte = (uint8_t)ar_ref_round8(value, epilogue->low, epilogue->high);
    if (shape->store == AR_STORE8_PLANES)
        bytes[output * shape->dst_stride + x] = byte;
    else
        bytes[output / 4 * shape->dst_stride + 4 * x + output % 4] = byte;
}

void ar_pwconv8_row_ref(void *restrict dst, const uint8_t *const *restrict src,
                        const int8_t *restrict weights,
                        const struct ar_pwconv8_shape *restrict shape,
                        const struct ar_epilogue8 *restrict epilogue)
{
    for (size_t o = 0; o < shape->outputs; o++) {
        const int8_t *const column =
            weights + (o / AR_PWCONV8_BLOCK * shape->block_inputs * AR_PWCONV8_BLOCK +
                       o % AR_PWCONV8_BLOCK) *
                          4;

        for (size_t x = 0; x < shape->width; x++) {
            const float sum =
                (float)multiply(src, column, shape->inputs, x, epilogue->start[o]);

            if (epilogue->lanes)
                count(epilogue, o, x, sum);
            store(dst, shape, epilogue, o, x, finish(epilogue, o, x, sum));
        }
    }
}
