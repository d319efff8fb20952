/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "nn/ref/ref.h"

void ar_split_row_ref(float *restrict even, float *restrict odd, const float *restrict src,
                      uint32_t width)
{
    for (size_t x = 0; x < width; x++) {
        even[x] = src[2 * x];
        odd[x] = src[2 * x + 1];
    }
}

void ar_widen_row_ref(float *restrict dst, const float *restrict src, const float *restrict add,
                      uint32_t width)
{
    for (size_t x = 0; x < width; x++)
        dst[x] = add ? src[x / 2] + add[x] : src[x / 2];
}
