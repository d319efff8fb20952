/* SPDX-License-Identifier: MIT */
#include "nn/border.h"

#include <stddef.h>

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

void ar_border_fill(enum ar_layer_border border, const struct ar_tensor *tensor, uint32_t row)
{
    const ptrdiff_t width = (ptrdiff_t)tensor->width;
    float *plane = ar_tensor_row(tensor, row);
    uint32_t left[AR_TENSOR_HALO];
    uint32_t right[AR_TENSOR_HALO];

    for (int32_t i = 0; i < AR_TENSOR_HALO; i++) {
        left[i] = ar_border_index(border, -1 - i, tensor->width);
        right[i] = ar_border_index(border, (int32_t)width + i, tensor->width);
    }
    for (uint32_t c = 0; c < tensor->channels; c++) {
        for (ptrdiff_t i = 0; i < AR_TENSOR_HALO; i++) {
            plane[-1 - i] = plane[left[i]];
            plane[width + i] = plane[right[i]];
        }
        plane += tensor->plane_stride;
    }
}
