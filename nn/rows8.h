/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/kernels8.h"
#include "nn/pack8.h"
#include "nn/rows.h"
#include "nn/tensor8.h"

/*
 * Private to nn/: computes rows of one layer's result in int8. The float32 job (nn/rows.h) says which rows, which norm and
 * where sums go; what int8 has beside it is here.
 */

/* What a depthwise filter starts with and is scaled by: see nn/kernels8.h. */
struct ar_rows8_filter {
    int32_t start[AR_MODEL_MAX_CHANNELS];
    int32_t signed_start[AR_MODEL_MAX_CHANNELS];
    float scale[AR_MODEL_MAX_CHANNELS];
};

struct ar_rows8 {
    /* Set by whoever describes the job. */
    const struct ar_pack8 *pack;
    const struct ar_pack8_product *product; /* of the rung */
    const struct ar_tensor8 *input;
    const struct ar_tensor8 *add;    /* NULL: nothing, or the job's float map */
    const struct ar_tensor8 *result; /* NULL: the job's float map */
    uint32_t input_rung;             /* that the input ran at */

    /* Set by ar_rows8_prepare(). */
    float units[AR_MODEL_MAX_CHANNELS]; /* what one of a sum stands for, before the norm */
    int32_t start[AR_MODEL_MAX_CHANNELS];
    int32_t signed_start[AR_MODEL_MAX_CHANNELS];
    float scale[AR_MODEL_MAX_CHANNELS];
    float bias[AR_MODEL_MAX_CHANNELS];
    struct ar_rows8_filter filters[AR_PACK8_BRANCHES];
    float add_scale;
    float add_bias;
    float low;
    float high;
};

/* Bytes of scratch memory that a worker needs for a layer at its widest. */
uint64_t ar_rows8_scratch_b(const struct ar_layer *layer, uint32_t width);

/* Brings scale and bias of a pass, as the job has them, into the steps of what enters and what comes out. */
void ar_rows8_prepare(struct ar_rows8 *rows8, const struct ar_rows *job);

/* An ar_workers_fn; the job is a struct ar_rows whose `int8` is prepared. */
void ar_rows8_work(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker);
