/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/kernels8.h"

/*
 * The kernel table: one slot per inner loop, filled with the scalar reference and then
 * overlaid with what the machine has. No slot is ever NULL. A kernel is a pure loop over
 * one row of planes (nn/tensor.h): no allocation, no branch on type, no edge of the picture.
 *
 * The kernels of the network work on whole groups of AR_TENSOR_GROUP pixels: `width` of them are wanted, and
 * those up to the next multiple are undefined, written all the same, and count for nothing.
 *
 * The table is filled once, then read by any thread. Two tables can coexist, which is how
 * the tests compare tiers.
 */

/*
 * Depthwise k x k filter of one output row, or of some that follow each other, of which each but the first shares tap rows
 * with the one before. rows[i] is tap row i of the first channel, at output pixel
 * 0's centre column: pixels from -(k / 2) to stride * (whole groups of outputs) + 2 * AR_TENSOR_GROUP - 1 may be
 * read. weights are [channel][k * k].
 */
struct ar_dwconv_shape {
    uint32_t width;  /* output pixels */
    uint32_t height; /* output rows */
    uint32_t channels;
    size_t src_stride; /* floats from a plane to the next */
    size_t dst_stride;
    size_t dst_row_stride; /* floats from an output row to the next */
};

typedef void ar_dwconv_row_fn(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape);

/*
 * What happens to a sum before it is stored, in this order:
 * v = sum * scale + bias; relu; v += add. Arrays have `outputs` entries. ReLU makes zero of
 * not-a-number.
 */
struct ar_epilogue {
    const float *scale; /* never NULL */
    const float *bias;  /* never NULL */
    const float *add;   /* first plane of the row to add, or NULL */
    size_t add_stride;
    uint32_t add_channels; /* the first so many outputs get it */
    bool relu;
    float *sums; /* NULL, or [2][outputs]: += the row's raw sums, and their squares */
};

/*
 * Pointwise (1 x 1) product of one row: dst[o][x] = epilogue(sum over i of src[i][x] * w[i][o]). Each input is a
 * plane anywhere, aligned or not: a dense k x k filter is a product of k * k planes for each channel.
 * Inputs and what is added are read to the end of their last whole group.
 * weights: blocks of AR_PWCONV_BLOCK outputs, each block [block_inputs][AR_PWCONV_BLOCK], so that any
 * prefix of inputs and outputs is a view of one packing. Weights past `outputs` in the last block may
 * be a wider network's; nothing is stored of them.
 */
#define AR_PWCONV_BLOCK 4

struct ar_pwconv_shape {
    uint32_t width; /* pixels */
    uint32_t inputs;
    uint32_t outputs;
    uint32_t block_inputs;
    size_t dst_stride; /* floats from a plane to the next */
};

typedef void ar_pwconv_row_fn(float *restrict dst, const float *const *restrict src,
                              const float *restrict weights,
                              const struct ar_pwconv_shape *restrict shape,
                              const struct ar_epilogue *restrict epilogue);

/*
 * One plane of a row. split: even[x] = src[2x], odd[x] = src[2x + 1], for filters that skip every other pixel.
 * widen: dst[x] = src[x / 2] + add[x], where add may be NULL. Both work on whole groups of their results, and
 * read what these are made of. Every tier gives the same bits.
 */
typedef void ar_split_row_fn(float *restrict even, float *restrict odd,
                             const float *restrict src, uint32_t width);
typedef void ar_widen_row_fn(float *restrict dst, const float *restrict src,
                             const float *restrict add, uint32_t width);

/* Bytes of picture rows to and from planes: see nn/image.h for the meaning of each field. */
struct ar_image_rows;
struct ar_image_scale;

typedef void ar_ingest_row_fn(float *restrict dst, const struct ar_image_rows *restrict src,
                              const struct ar_image_scale *restrict scale);

/*
 * The same to int8's planes: the bytes themselves in fours, in which a scale's strides are bytes. Those of rgb planes are full-range; those of
 * yuv420 planes have the frame's own range, and a mean of two is rounded up.
 */
typedef void ar_ingest8_row_fn(uint8_t *restrict dst, const struct ar_image_rows *restrict src,
                               const struct ar_image_scale *restrict scale);
typedef void ar_emit_row_fn(const struct ar_image_rows *restrict dst, const float *restrict src,
                            const struct ar_image_scale *restrict scale);

#define AR_KERNELS_N_PLANES  2 /* enum ar_image_planes */
#define AR_KERNELS_N_FORMATS 4 /* enum ar_frame_format */

/*
 * The filter that calms painted video (decoder/temporal.h): four rows of work per pair of picture
 * rows. Values are bytes times AR_CALM_LEVEL, gains are of AR_CALM_WHOLE; both fit 16 signed bits.
 * All of it is integer, and the same in every tier.
 */
#define AR_CALM_LEVEL 128
#define AR_CALM_WHOLE 32768

/* change: how far the picture may be from what is shown, in quarters of a level, 255 and more as 255. */
#define AR_CALM_CHANGE 32

/* The largest gain: what it leaves of a difference is less than half a level. */
#define AR_CALM_GAIN_MAX (AR_CALM_WHOLE - 1)

/* A painted byte this many levels from what is shown opens its own gain, from the first to the second. */
#define AR_CALM_OPEN_FROM 32
#define AR_CALM_OPEN_TO   96

/*
 * What the camera sees of a row of 2 x 2 blocks: now[x] = mean luma, change[x] = |now[x] - shown[x]|.
 * src's bytes are read only.
 */
typedef void ar_guide_row_fn(int16_t *restrict now, uint8_t *restrict change,
                             const int16_t *restrict shown,
                             const struct ar_image_rows *restrict src);

/*
 * Adds to counts[i] how many of the changes 8 * i to 8 * i + 7 are at least `least`. The last count may have
 * fewer of them.
 */
typedef void ar_moving_row_fn(uint8_t *restrict counts, const uint8_t *restrict change,
                              uint8_t least, uint32_t width);

/*
 * Gain of each block by the sum of change over 3 x 3 of them: `still` up to `from`, then `slope` for each
 * unit above, at most `span` of these, and never more than AR_CALM_GAIN_MAX. So slope * span < 2^16 - still.
 */
struct ar_gain_curve {
    uint16_t still;
    uint16_t from;
    uint16_t span;
    uint16_t slope;
};

/* The least gain, by what moves farther away: from rows[0] the given share of the way to rows[1]. */
struct ar_gain_reach {
    const int16_t *rows[2];
    int16_t share;
};

/*
 * change[i] is row i of three, read from -1 to width. shown moves towards now by the gain, as what is
 * painted of the block will.
 */
typedef void ar_gain_row_fn(int16_t *restrict gains, int16_t *restrict shown,
                            const int16_t *restrict now, const uint8_t *const *restrict change,
                            const struct ar_gain_curve *restrict curve,
                            const struct ar_gain_reach *restrict reach, uint32_t width);

/*
 * shown moves towards the painted bytes by the gains, each of which is for 1 << slot bytes in a row;
 * the bytes become what is shown.
 */
typedef void ar_calm_row_fn(uint8_t *restrict bytes, int16_t *restrict shown,
                            const int16_t *restrict gains, uint32_t n_gains);

#define AR_KERNELS_N_SHARES 4 /* a gain for 1, 2, 4 or 8 bytes: 1 << slot */

/*
 * A picture turned (nn/orient.h). Elements are of 1 << slot bytes; the last slot of mirror is two pixels of YUYV, whose
 * chroma stays between them.
 *
 * mirror: dst[i] = src[n - 1 - i]. transpose: dst[x][y] = src[y][x]; strides may be negative. Every tier gives the same.
 */
typedef void ar_mirror_row_fn(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n);

struct ar_transpose {
    uint8_t *dst;
    ptrdiff_t dst_stride_b;
    const uint8_t *src; /* does not overlap with dst */
    ptrdiff_t src_stride_b;
    uint32_t width; /* of src, elements */
    uint32_t height;
};

typedef void ar_transpose_fn(const struct ar_transpose *restrict job);

#define AR_KERNELS_YUYV_PAIR    3 /* the slot */
#define AR_KERNELS_N_MIRRORS    4
#define AR_KERNELS_N_TRANSPOSES 3

struct ar_kernels {
    const char *tier;                   /* widest instruction set in use: see nn/cpu.h */
    ar_dwconv_row_fn *dwconv_row[2][2]; /* [kernel 3 or 5][stride 1 or 2] */
    ar_pwconv_row_fn *pwconv_row;
    ar_split_row_fn *split_row;
    ar_widen_row_fn *widen_row;
    ar_dwconv8_row_fn *dwconv8_row[2][2]; /* [kernel 3 or 5][stride 1 or 2] */
    ar_pwconv8_row_fn *pwconv8_row;
    ar_widen8_row_fn *widen8_row;
    ar_dequantise8_row_fn *dequantise8_row;
    ar_stretch8_row_fn *stretch8_row;
    bool has_fast_int8; /* dot products: int8 is surely faster than float32 */
    /* Two picture rows to and from one row of yuv420 planes, or two rows of rgb planes. */
    ar_ingest_row_fn *ingest_row[AR_KERNELS_N_PLANES][AR_KERNELS_N_FORMATS];
    ar_ingest8_row_fn *ingest8_row[AR_KERNELS_N_PLANES][AR_KERNELS_N_FORMATS];
    ar_emit_row_fn *emit_row[AR_KERNELS_N_PLANES][AR_KERNELS_N_FORMATS];
    ar_guide_row_fn *guide_row[AR_KERNELS_N_FORMATS];
    ar_moving_row_fn *moving_row;
    ar_gain_row_fn *gain_row;
    ar_calm_row_fn *calm_row[AR_KERNELS_N_SHARES];
    ar_mirror_row_fn *mirror_row[AR_KERNELS_N_MIRRORS];
    ar_transpose_fn *transpose[AR_KERNELS_N_TRANSPOSES];
};

/* cpu_flags: bits of nn/cpu.h that may be used, 0 for the reference alone. */
void ar_kernels_init(struct ar_kernels *kernels, uint32_t cpu_flags);
