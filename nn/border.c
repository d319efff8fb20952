/* SPDX-License-Identifier: MIT */
#include "nn/border.h"

#include <string.h>

#include "base/macros.h"

uint32_t ar_border_index(enum ar_layer_border border, int32_t index, uint32_t size)
{
    const int32_t last = (int32_t)size - 1;
    int32_t phase;

    if (index >= 0 && index <= last)
        return (uint32_t)index;
    if (border == AR_LAYER_REPLICATE || last == 0)
        return (uint32_t)ar_clamp_i32(index, 0, last);
    /* Even about 0 and periodic: 0 1 .. last .. 1, and again. */
    phase = (index < 0 ? -index : index) % (2 * last);
    return (uint32_t)(phase <= last ? phase : 2 * last - phase);
}

static void copy_pixel(const struct ar_tensor *tensor, uint32_t row, int32_t to, uint32_t from)
{
    float *const start = ar_tensor_row(tensor, row);

    memcpy(start + (ptrdiff_t)to * (ptrdiff_t)tensor->pixel_stride,
           start + (size_t)from * tensor->pixel_stride, tensor->pixel_stride * sizeof(float));
}

void ar_border_fill(enum ar_layer_border border, const struct ar_tensor *tensor, uint32_t row)
{
    const int32_t width = (int32_t)tensor->width;

    for (int32_t i = 0; i < AR_TENSOR_HALO; i++) {
        const int32_t left = -1 - i;
        const int32_t right = width + i;

        copy_pixel(tensor, row, left, ar_border_index(border, left, tensor->width));
        copy_pixel(tensor, row, right, ar_border_index(border, right, tensor->width));
    }
}
