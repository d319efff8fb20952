/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/frame.h"
#include "nn/kernels.h"
#include "nn/tensor.h"
#include "tests/bench/precision.h"

/*
 * What the kernels are timed on: tables of calls, one file for each kind of kernel. A call is one row, or the
 * part of a row that the network gives a kernel at once.
 */

#define BENCH_CASE_MAX_PX       640
#define BENCH_CASE_MAX_CHANNELS 128
#define BENCH_CASE_MAX_INPUTS   (9 * BENCH_CASE_MAX_CHANNELS)
#define BENCH_CASE_N_BUFFERS    4

/* Buffers hold the widest row of the most channels, and more on both sides. */
struct bench_case_memory {
    float *floats[BENCH_CASE_N_BUFFERS];
    uint8_t *bytes[BENCH_CASE_N_BUFFERS];
    int16_t *words[BENCH_CASE_N_BUFFERS];
    float vectors[BENCH_CASE_N_BUFFERS][BENCH_CASE_MAX_CHANNELS]; /* about 1 */
    int32_t starts[BENCH_CASE_MAX_CHANNELS];                      /* 0 */
    const float *planes[BENCH_CASE_MAX_INPUTS];
    const uint8_t *fours[BENCH_CASE_MAX_INPUTS];
};

struct bench_case {
    const char *name;
    void (*run)(const struct ar_kernels *kernels, const struct bench_case *c,
                struct bench_case_memory *memory);
    uint32_t width_px; /* of the result */
    uint32_t inputs;   /* channels; 0: there are none */
    uint32_t outputs;  /* 0: each input by itself */
    uint32_t kernel;   /* 0: no multiply-accumulates that count */
    uint32_t stride;
    enum ar_frame_format format;
    uint32_t slot;
};

/* Floats, or bytes, from a plane to the next, as in the network's maps. */
static inline size_t bench_case_stride(const struct bench_case *c)
{
    return ar_tensor_plane_stride(c->width_px * (c->stride == 2 ? 2 : 1));
}

struct bench_case_table {
    enum bench_precision precision; /* whose peak counts */
    const struct bench_case *cases;
    uint32_t n_cases;
};

extern const struct bench_case_table bench_cases_f32;
extern const struct bench_case_table bench_cases_int8;
extern const struct bench_case_table bench_cases_picture;
