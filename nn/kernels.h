/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The kernel table: one slot per inner loop, filled with the scalar reference and then
 * overlaid with what the machine has. No slot is ever NULL. A kernel is a pure loop over
 * one row: no allocation, no branch on type, no edge of the picture.
 *
 * The table is filled once, then read by any thread. Two tables can coexist, which is how
 * the tests compare tiers.
 */

/*
 * Depthwise k x k filter of one output row. rows[i] is tap row i at output pixel 0's centre
 * column, so taps read from -(k / 2) pixels on: the halo. weights are [k * k][channels].
 * dst pixels are dst_stride floats apart and get `channels` floats each.
 */
struct ar_dwconv_shape {
    uint32_t width;      /* output pixels */
    uint32_t channels;   /* any count >= 1 */
    uint32_t src_stride; /* floats from a source pixel to the next */
    uint32_t dst_stride;
    uint32_t weight_stride; /* floats from a tap to the next, >= channels */
};

typedef void ar_dwconv_row_fn(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape);

/*
 * What happens to a sum before it is stored, in this order:
 * v = sum * scale + bias; relu; v += add. Every array has `outputs` entries. ReLU makes zero of
 * not-a-number.
 */
struct ar_epilogue {
    const float *scale; /* never NULL */
    const float *bias;  /* never NULL */
    const float *add;   /* first pixel of the row to add, or NULL */
    uint32_t add_stride;
    uint32_t add_channels; /* the first so many outputs get it */
    bool relu;
    float *sums; /* NULL, or [2][outputs]: += the row's raw sums, and their squares */
};

/*
 * Pointwise (1 x 1) product of one row: dst[p][o] = epilogue(sum over i of src[p][i] * w[i][o]).
 * weights: blocks of AR_PWCONV_LANES outputs, each block [block_inputs][AR_PWCONV_LANES], so that any
 * prefix of inputs and outputs is a view of one packing: lanes past `outputs` may hold a wider network's
 * weights. Outputs past `outputs` up to a multiple of AR_TENSOR_GROUP are stored as zero.
 */
#define AR_PWCONV_LANES 16

struct ar_pwconv_shape {
    uint32_t width; /* pixels */
    uint32_t inputs;
    uint32_t outputs;
    uint32_t src_stride;
    uint32_t dst_stride; /* >= outputs rounded up to AR_TENSOR_GROUP */
    uint32_t block_inputs;
};

typedef void ar_pwconv_row_fn(float *restrict dst, const float *restrict src,
                              const float *restrict weights,
                              const struct ar_pwconv_shape *restrict shape,
                              const struct ar_epilogue *restrict epilogue);

/* Bytes of picture rows to and from planes: see nn/image.h for the meaning of each field. */
struct ar_image_rows;
struct ar_image_scale;

typedef void ar_ingest_row_fn(float *restrict dst, const struct ar_image_rows *restrict src,
                              const struct ar_image_scale *restrict scale);
typedef void ar_emit_row_fn(const struct ar_image_rows *restrict dst, const float *restrict src,
                            const struct ar_image_scale *restrict scale);

#define AR_KERNELS_N_PLANES  2 /* enum ar_image_planes */
#define AR_KERNELS_N_FORMATS 4 /* enum ar_frame_format */

struct ar_kernels {
    const char *tier; /* widest instruction set in use: "scalar", "avx2", "neon" */
    ar_dwconv_row_fn *dwconv_row[2][2]; /* [kernel 3 or 5][stride 1 or 2] */
    ar_pwconv_row_fn *pwconv_row;
    /* Two picture rows to and from one row of yuv420 planes, or two rows of rgb planes. */
    ar_ingest_row_fn *ingest_row[AR_KERNELS_N_PLANES][AR_KERNELS_N_FORMATS];
    ar_emit_row_fn *emit_row[AR_KERNELS_N_PLANES][AR_KERNELS_N_FORMATS];
};

/* cpu_flags: bits of nn/cpu.h that may be used, 0 for the reference alone. */
void ar_kernels_init(struct ar_kernels *kernels, uint32_t cpu_flags);
