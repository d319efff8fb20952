/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "nn/kernels.h"
#include "nn/tile.h"

/*
 * What the tiers' transpositions share: the way over a picture in tiles. A tile is AR_TRANSPOSE_TILE_B bytes wide, and as
 * many elements high as wide.
 */

#define AR_TRANSPOSE_TILE_B 16

typedef void ar_transpose_tile_fn(uint8_t *dst, ptrdiff_t dst_stride_b, const uint8_t *src,
                                  ptrdiff_t src_stride_b);

/* The whole tiles, down a column first: what is written lies in a row. The reference does what is beside and below them. */
AR_TILE void ar_transpose_by_tiles(const struct ar_transpose *job, ptrdiff_t size_b,
                                   ar_transpose_tile_fn *tile, ar_transpose_fn *reference)
{
    const ptrdiff_t n = AR_TRANSPOSE_TILE_B / size_b;
    const ptrdiff_t width = job->width - job->width % n;
    const ptrdiff_t height = job->height - job->height % n;
    struct ar_transpose beside = *job;
    struct ar_transpose below = *job;

    for (ptrdiff_t x = 0; x < width; x += n)
        for (ptrdiff_t y = 0; y < height; y += n)
            tile(job->dst + x * job->dst_stride_b + y * size_b, job->dst_stride_b,
                 job->src + y * job->src_stride_b + x * size_b, job->src_stride_b);
    beside.dst += width * job->dst_stride_b;
    beside.src += width * size_b;
    beside.width -= (uint32_t)width;
    reference(&beside);
    below.dst += height * size_b;
    below.src += height * job->src_stride_b;
    below.width = (uint32_t)width;
    below.height -= (uint32_t)height;
    reference(&below);
}
