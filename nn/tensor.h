/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A feature map: float32, height x width x channels (NHWC, one picture).
 *
 * Each row carries AR_TENSOR_HALO pixels on its left and right, filled by the layer that
 * writes the row according to the network's border rule, so that row kernels never test
 * for edges. Rows outside the map are resolved by pointer: see ar_tensor_row().
 * A view: the memory belongs to the arena.
 */

#define AR_TENSOR_HALO  2
#define AR_TENSOR_GROUP 8 /* channels are stored in multiples of this, the rest is zero */

struct ar_tensor {
    float *data; /* pixel (0, 0), 32-byte aligned */
    uint32_t height;
    uint32_t width;
    uint32_t channels;
    uint32_t pixel_stride; /* floats from a pixel to the next, a multiple of AR_TENSOR_GROUP */
    size_t row_stride;     /* floats from a row to the next, halo included */
};

static inline float *ar_tensor_row(const struct ar_tensor *tensor, uint32_t y)
{
    return tensor->data + (size_t)y * tensor->row_stride;
}

/* Channels as stored: whole groups. */
static inline uint32_t ar_tensor_padded(uint32_t channels)
{
    return (channels + AR_TENSOR_GROUP - 1) / AR_TENSOR_GROUP * AR_TENSOR_GROUP;
}

/*
 * Floats that a map needs, halo included. 64 bits: what a file asks for may not fit the
 * machine.
 */
static inline uint64_t ar_tensor_floats(uint32_t height, uint32_t width, uint32_t channels)
{
    return (uint64_t)height * (width + 2u * AR_TENSOR_HALO) * ar_tensor_padded(channels);
}
