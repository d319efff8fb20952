/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The kernels of int8 (nn/tensor8.h), with slots in struct ar_kernels. Bytes times signed bytes, summed in 32
 * bits, then one float per sum: every tier gives the same bits. A product and the sum that takes it are one fused
 * operation, except where a sum says otherwise; to whole numbers it is rounded as IEEE does, halves to even.
 * Scales and biases are such that no value is infinite.
 *
 * Like those of float32 they work on whole groups of AR_TENSOR_GROUP pixels. A sum starts at what makes up for the zeros
 * of its inputs: minus their zero times the sum of the weights. Weights are -127 to 127. Kernels that have only products of
 * signed bytes take 128 from each byte, and start where that is made up for too.
 */

/*
 * Depthwise k x k filter of one output row, k 3 or 5. rows[i] is tap row i of the first channel at output pixel 0's centre
 * column. dst gets channels in fours, [channels / 4][width][4]: 128 + the sum times scale, 1 to 255.
 */
struct ar_dwconv8_shape {
    uint32_t width;    /* output pixels */
    uint32_t channels; /* a multiple of 4 */
    size_t src_stride; /* bytes from a plane to the next */
    size_t dst_stride; /* bytes from four channels to the next */
};

struct ar_dwconv8_filter {
    const int8_t *weights;       /* [channel][k][fours of a row][4]: its taps, and zeros */
    const int32_t *start;        /* [channel] */
    const int32_t *signed_start; /* [channel]: start + 128 times the sum of its weights */
    const float *scale; /* [channel], at most AR_DWCONV8_MAX_SCALE, of AR_DWCONV8_SCALE_BITS */
};

/* Fours that the taps of a row take. */
static inline size_t ar_dwconv8_fours(size_t kernel)
{
    return (kernel + 3) / 4;
}

/* A sum of one is beyond the largest byte: larger scales change nothing, and no product leaves 32 bits. */
#define AR_DWCONV8_MAX_SCALE 1024.0F

/* A sum has 21 bits with its sign, a scale so many significant ones: what is left of 24 lets kernels do without conversions. */
#define AR_DWCONV8_SCALE_BITS 22

typedef void ar_dwconv8_row_fn(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                               const struct ar_dwconv8_filter *restrict filter,
                               const struct ar_dwconv8_shape *restrict shape);

enum ar_store8 {
    AR_STORE8_PLANES, /* bytes, a plane an output */
    AR_STORE8_FOURS,  /* bytes, four outputs a pixel */
    AR_STORE8_FLOATS, /* float32 planes, neither rounded nor limited */
    AR_STORE8_N,
};

/*
 * What happens to a sum before it is stored, in this order: v = sum * scale + bias; relu; v += add * add_scale +
 * add_bias; limits; rounding. Everything is in steps of the result, and its zero is in the biases.
 * Arrays have entries for whole blocks of AR_PWCONV8_BLOCK outputs: those past `outputs` are read, and count for nothing.
 */
struct ar_epilogue8 {
    const int32_t *start;
    const int32_t *signed_start; /* start + 128 times the sum of the output's weights */
    const float *scale;
    const float *bias;
    const uint8_t *add;      /* first plane of the row to add, or NULL */
    const float *add_floats; /* the same for AR_STORE8_FLOATS, added as it is */
    size_t add_stride;       /* bytes, or floats, from a plane to the next */
    uint32_t add_channels;   /* the first so many outputs get it */
    float add_scale;
    float add_bias;
    bool relu;
    float low;  /* of the byte: 0 or 1 */
    float high; /* 255 */
    /*
     * NULL, or [outputs][2][AR_TENSOR_GROUP]: += the row's sums, and their squares, lane x % 16 those of pixel
     * x, in the order of the pixels; a square and its addition are one fused operation.
     */
    float *lanes;
};

/*
 * Pointwise product of one row. Each input is four channels of a pixel, one after the other: src[i][x][4], anywhere.
 * weights: blocks of 4 outputs, each block [block_inputs][4 outputs][4 channels].
 */
#define AR_PWCONV8_BLOCK 4

struct ar_pwconv8_shape {
    uint32_t width;
    uint32_t inputs; /* fours */
    uint32_t outputs;
    uint32_t block_inputs;
    enum ar_store8 store;
    size_t dst_stride; /* bytes, or floats, from a plane (from four) to the next */
};

typedef void ar_pwconv8_row_fn(void *restrict dst, const uint8_t *const *restrict src,
                               const int8_t *restrict weights,
                               const struct ar_pwconv8_shape *restrict shape,
                               const struct ar_epilogue8 *restrict epilogue);

/* One plane: dst[x] = limits(src[x / 2] + add[x] * add_scale + add_bias), rounded; add may be NULL. */
struct ar_widen8 {
    float add_scale;
    float add_bias;
    float low;
    float high;
};

typedef void ar_widen8_row_fn(uint8_t *restrict dst, const float *restrict src,
                              const uint8_t *restrict add,
                              const struct ar_widen8 *restrict widen, uint32_t width);

/*
 * Fours to the planes that they are made of, the first `n` of four: dst[i][x] = src[x][i] * mul + add[i], one fused operation.
 */
struct ar_dequantise8 {
    float mul;
    float add[4];
    uint32_t n;
    size_t dst_stride; /* floats from a plane to the next */
};

typedef void ar_dequantise8_row_fn(float *restrict dst, const uint8_t *restrict src,
                                   const struct ar_dequantise8 *restrict dequantise,
                                   uint32_t width);

/*
 * Bytes of a limited range to full range, in place: what is above `low`, times mul / 256, less sub, in 128ths of a level; nothing
 * is rounded on the way. n is a multiple of 4 * AR_TENSOR_GROUP.
 */
struct ar_stretch8 {
    uint8_t low;
    uint16_t mul;
    uint16_t sub;
};

typedef void ar_stretch8_row_fn(uint8_t *restrict bytes,
                                const struct ar_stretch8 *restrict stretch, uint32_t n);
