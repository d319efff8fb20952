/* SPDX-License-Identifier: MIT */
#include "nn/border.h"

#include <stddef.h>
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

/* The pixels that stand for those of the halo, from the nearest one on. */
struct halo {
    uint32_t left[AR_TENSOR_HALO];
    uint32_t right[AR_TENSOR_HALO];
};

static struct halo find_halo(enum ar_layer_border border, uint32_t width)
{
    struct halo halo;

    for (int32_t i = 0; i < AR_TENSOR_HALO; i++) {
        halo.left[i] = ar_border_index(border, -1 - i, width);
        halo.right[i] = ar_border_index(border, (int32_t)width + i, width);
    }
    return halo;
}

void ar_border_fill(enum ar_layer_border border, const struct ar_tensor *tensor, uint32_t row)
{
    const struct halo halo = find_halo(border, tensor->width);
    float *plane = ar_tensor_row(tensor, row);

    for (uint32_t c = 0; c < tensor->channels; c++) {
        for (ptrdiff_t i = 0; i < AR_TENSOR_HALO; i++) {
            plane[-1 - i] = plane[halo.left[i]];
            plane[(ptrdiff_t)tensor->width + i] = plane[halo.right[i]];
        }
        plane += tensor->plane_stride;
    }
}

static void fill_bytes(const struct halo *halo, uint8_t *plane, ptrdiff_t width)
{
    for (ptrdiff_t i = 0; i < AR_TENSOR_HALO; i++) {
        plane[-1 - i] = plane[halo->left[i]];
        plane[width + i] = plane[halo->right[i]];
    }
}

static void fill_fours(const struct halo *halo, uint8_t *plane, ptrdiff_t width)
{
    for (ptrdiff_t i = 0; i < AR_TENSOR_HALO; i++) {
        memcpy(plane + 4 * (-1 - i), plane + 4 * (size_t)halo->left[i], 4);
        memcpy(plane + 4 * (width + i), plane + 4 * (size_t)halo->right[i], 4);
    }
}

void ar_border_fill8(enum ar_layer_border border, const struct ar_tensor8 *tensor, uint32_t row)
{
    const struct halo halo = find_halo(border, tensor->width);
    uint8_t *plane = ar_tensor8_row(tensor, row);

    for (uint32_t i = 0; i < ar_tensor8_planes(tensor->channels, tensor->fours); i++) {
        if (tensor->fours)
            fill_fours(&halo, plane, (ptrdiff_t)tensor->width);
        else
            fill_bytes(&halo, plane, (ptrdiff_t)tensor->width);
        plane += tensor->plane_stride;
    }
}
