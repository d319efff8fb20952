/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/workers.h"
#include "nn/kernels.h"
#include "nn/model.h"
#include "nn/pack.h"
#include "nn/tensor.h"
#include "nn/tensor8.h"

/*
 * Private to nn/: computes rows of one layer's result, any worker any row.
 *
 * A row is one of the filter's result: its depthwise part, or the gathered taps of a dense
 * filter, is made in scratch memory that stays in the cache, and the pointwise product runs on
 * it at once; no map of it is ever written. An upsampled row goes to scratch first and then to
 * two rows of the map.
 */

enum ar_rows_pass {
    AR_ROWS_SQUEEZE, /* only sums of the depthwise result, for a gate */
    AR_ROWS_MEASURE, /* only sums of the layer's result before its norm */
    AR_ROWS_STORE,
    AR_ROWS_N_PASSES,
};

struct ar_rows8;

struct ar_rows {
    enum ar_rows_pass pass;
    const struct ar_kernels *kernels;
    const struct ar_layer *layer;
    const struct ar_pack *pack;
    enum ar_layer_border border;
    const struct ar_tensor *input; /* these three: NULL where int8 has its own */
    const struct ar_tensor *add;   /* or NULL: nothing to add */
    const struct ar_tensor *result;
    /* Where int8 has the planes, or NULL: what of them is read as float32 is made as it is read, and `input` or `add` has no rows. */
    const struct ar_tensor8 *planes8;
    const struct ar_image_layout *layout; /* of these */
    uint32_t width; /* of the filter's result; of a shuffle's: the map itself */
    uint32_t height;
    uint32_t outputs;

    const float *scale; /* of the epilogue */
    const float *bias;
    const float *gates; /* factor of each depthwise result, or NULL */

    /* Sums to gather, or NULL, row by row: each row's are set by whoever computes it. */
    float *sums;         /* [height][2][outputs], as struct ar_epilogue has them */
    float *squeeze_sums; /* [height][inputs]: of the depthwise result before the gates */

    float *scratch; /* one part for each worker */
    uint64_t scratch_stride;

    const struct ar_rows8 *int8; /* NULL: float32 */
};

/* The first plane of the row to add, NULL if there is none. */
struct ar_rows_add {
    const float *data;
    size_t stride; /* floats from a plane to the next */
    uint32_t channels;
};

/* `scratch` has room for a row of the job's outputs. */
struct ar_rows_add ar_rows_find_add(const struct ar_rows *job, uint32_t y, float *scratch);

/* Floats of scratch memory that a worker needs for a layer at its widest. */
uint64_t ar_rows_scratch(const struct ar_layer *layer, uint32_t width);

/* An ar_workers_fn; the job is a struct ar_rows. */
void ar_rows_work(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker);
