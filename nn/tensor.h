/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A feature map: float32, height x channels x width: a row of the picture is one plane after the other,
 * [y][channel][x]. A vector holds neighbouring pixels of one channel, so no lane is lost whatever the
 * count of channels, and a filter that moves along a row stays in a few kilobytes.
 *
 * Each plane of a row has AR_TENSOR_HALO pixels on its left and right, filled by the layer that writes the
 * row according to the network's border rule, so that row kernels never test for edges. Behind them is
 * room: kernels compute whole vectors, and what lies past the halo is undefined. Rows outside the map
 * are resolved by pointer: see ar_tensor_row().
 *
 * A ring has memory for some of its rows only: a row takes the place of the one that many rows before. Rows that are the
 * same two by two, in an upsampled map, are in memory once.
 * A view: the memory belongs to the arena.
 */

#define AR_TENSOR_HALO  2
#define AR_TENSOR_GROUP 16 /* pixels: the widest vector; kernels write whole ones */

/* Floats that lie before the first plane and behind the last one, to be read past its end. */
#define AR_TENSOR_MARGIN ((size_t)4 * AR_TENSOR_GROUP)

/* Floats between two rows, so that what is read past the end of one is not the next, which may be written meanwhile. */
#define AR_TENSOR_GAP ((size_t)3 * AR_TENSOR_GROUP)

struct ar_tensor {
    float *data; /* row 0, channel 0, pixel 0; 64-byte aligned */
    uint32_t height;
    uint32_t width;
    uint32_t channels;
    size_t
        plane_stride; /* floats from a channel to the next of one row, a multiple of AR_TENSOR_GROUP */
    size_t row_stride; /* floats from a row to the next */
    uint32_t n_rows;   /* in memory */
    bool has_twins;    /* rows 2y and 2y + 1 are one */
};

/* Rows of memory for so many rows of a map that follow each other. */
static inline uint32_t ar_tensor_stored(uint32_t height, bool has_twins, uint32_t n_rows)
{
    const uint32_t all = has_twins ? (height + 1) / 2 : height;
    const uint32_t some = has_twins ? n_rows / 2 + 1 : n_rows;

    return some < all ? some : all;
}

/* Row y's first plane. */
static inline float *ar_tensor_row(const struct ar_tensor *tensor, uint32_t y)
{
    return tensor->data +
           (size_t)((tensor->has_twins ? y / 2 : y) % tensor->n_rows) * tensor->row_stride;
}

/* Channel c's plane of row y. */
static inline float *ar_tensor_plane(const struct ar_tensor *tensor, uint32_t y, uint32_t c)
{
    return ar_tensor_row(tensor, y) + c * tensor->plane_stride;
}

/* Pixels in whole groups. */
static inline uint32_t ar_tensor_whole(uint32_t width)
{
    return (width + AR_TENSOR_GROUP - 1) / AR_TENSOR_GROUP * AR_TENSOR_GROUP;
}

/* The halos of neighbours lie between whole groups, out of reach of both. */
static inline size_t ar_tensor_plane_stride(uint32_t width)
{
    return (size_t)ar_tensor_whole(width) + AR_TENSOR_GROUP;
}

/*
 * Floats that so many rows need, margins included. 64 bits: what a file asks for may not fit the machine.
 */
static inline uint64_t ar_tensor_floats(uint32_t n_rows, uint32_t width, uint32_t channels)
{
    return n_rows * (channels * (uint64_t)ar_tensor_plane_stride(width) + AR_TENSOR_GAP) +
           2u * (uint64_t)AR_TENSOR_MARGIN;
}

/*
 * Gives a map of a known size its channels and its memory, which begins with a margin, for so many rows or all of them.
 */
static inline void ar_tensor_place_ring(struct ar_tensor *tensor, float *memory,
                                        uint32_t channels, uint32_t n_rows)
{
    tensor->data = memory + AR_TENSOR_MARGIN;
    tensor->channels = channels;
    tensor->plane_stride = ar_tensor_plane_stride(tensor->width);
    tensor->row_stride = tensor->plane_stride * channels + AR_TENSOR_GAP;
    tensor->n_rows = ar_tensor_stored(tensor->height, tensor->has_twins, n_rows);
}

static inline void ar_tensor_place(struct ar_tensor *tensor, float *memory, uint32_t channels)
{
    ar_tensor_place_ring(tensor, memory, channels, tensor->height);
}
