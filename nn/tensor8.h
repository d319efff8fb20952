/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tensor.h"

/*
 * A feature map in int8: one byte b stands for (b - zero) * step. zero is 0 where nothing can be negative, else 128.
 *
 * Rows of planes as in nn/tensor.h, with the same halo and room. Maps that only pointwise products and dense
 * filters read have their channels in fours instead: [y][channel / 4][x][4], so that a pixel's four bytes are
 * one lane of a dot product; a last four that is not full ends in bytes that count for nothing.
 */
struct ar_tensor8 {
    uint8_t *data; /* row 0, channel 0, pixel 0; 64-byte aligned */
    uint32_t height;
    uint32_t width;
    uint32_t channels;
    bool fours;
    size_t plane_stride; /* bytes from a plane, or from four of them, to the next */
    size_t row_stride;   /* bytes from a row to the next */
    uint32_t n_rows;     /* in memory: see nn/tensor.h */
    bool has_twins;
    float step;
    int32_t zero;
};

#define AR_TENSOR8_ZERO 128 /* of what can be negative */
#define AR_TENSOR8_MARGIN \
    (4 * AR_TENSOR_MARGIN) /* bytes before the first plane and behind the last one */

static inline uint8_t *ar_tensor8_row(const struct ar_tensor8 *tensor, uint32_t y)
{
    return tensor->data +
           (size_t)((tensor->has_twins ? y / 2 : y) % tensor->n_rows) * tensor->row_stride;
}

/* Planes, or fours of them, in a row. */
static inline uint32_t ar_tensor8_planes(uint32_t channels, bool fours)
{
    return fours ? (channels + 3) / 4 : channels;
}

/* Bytes from one of these to the next, the halos of both and their room included. */
static inline size_t ar_tensor8_plane_stride(uint32_t width, bool fours)
{
    return ar_tensor_plane_stride(width) * (fours ? 4 : 1);
}

static inline size_t ar_tensor8_row_stride(uint32_t width, uint32_t channels, bool fours)
{
    return ar_tensor8_planes(channels, fours) * ar_tensor8_plane_stride(width, fours) +
           (size_t)AR_TENSOR_GAP * 4;
}

/* Bytes that so many rows need, margins included. */
static inline uint64_t ar_tensor8_bytes(uint32_t n_rows, uint32_t width, uint32_t channels,
                                        bool fours)
{
    return (uint64_t)n_rows * ar_tensor8_row_stride(width, channels, fours) +
           2u * (uint64_t)AR_TENSOR8_MARGIN;
}

/*
 * Gives a map of a known size and layout its channels and its memory, which begins with a margin, for so many rows or all
 * of them.
 */
static inline void ar_tensor8_place_ring(struct ar_tensor8 *tensor, void *memory,
                                         uint32_t channels, uint32_t n_rows)
{
    tensor->data = (uint8_t *)memory + AR_TENSOR8_MARGIN;
    tensor->channels = channels;
    tensor->plane_stride = ar_tensor8_plane_stride(tensor->width, tensor->fours);
    tensor->row_stride = ar_tensor8_row_stride(tensor->width, channels, tensor->fours);
    tensor->n_rows = ar_tensor_stored(tensor->height, tensor->has_twins, n_rows);
}

static inline void ar_tensor8_place(struct ar_tensor8 *tensor, void *memory, uint32_t channels)
{
    ar_tensor8_place_ring(tensor, memory, channels, tensor->height);
}
