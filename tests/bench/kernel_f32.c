/* SPDX-License-Identifier: MIT */
#include "base/macros.h"
#include "tests/bench/kernel_case.h"

#define MAX_TAPS 5

/* The rows of a filter are all one: where they lie is what matters. */
static void run_dwconv(const struct ar_kernels *kernels, const struct bench_case *c,
                       struct bench_case_memory *memory)
{
    const float *const row = memory->floats[1];
    const float *const rows[MAX_TAPS] = { row, row, row, row, row };
    const struct ar_dwconv_shape shape = { .width = c->width_px,
                                           .height = 1,
                                           .channels = c->inputs,
                                           .src_stride = bench_case_stride(c),
                                           .dst_stride = bench_case_stride(c) };

    kernels->dwconv_row[c->kernel == 5][c->stride - 1](memory->floats[0], rows,
                                                       memory->floats[2], &shape);
}

static void multiply(const struct ar_kernels *kernels, const struct bench_case *c,
                     struct bench_case_memory *memory, bool everything)
{
    const uint32_t inputs = c->inputs * c->kernel * c->kernel;
    const struct ar_pwconv_shape shape = { .width = c->width_px,
                                           .inputs = inputs,
                                           .outputs = c->outputs,
                                           .block_inputs = inputs,
                                           .dst_stride = bench_case_stride(c) };
    const struct ar_epilogue epilogue = { .scale = memory->vectors[0],
                                          .bias = memory->vectors[1],
                                          .add = everything ? memory->floats[3] : NULL,
                                          .add_stride = bench_case_stride(c),
                                          .add_channels = c->outputs,
                                          .relu = everything,
                                          .sums = everything ? memory->vectors[2] : NULL };

    for (uint32_t i = 0; i < inputs; i++)
        memory->planes[i] = memory->floats[1] + i % c->inputs * bench_case_stride(c) +
                            i / c->inputs % c->kernel;
    kernels->pwconv_row(memory->floats[0], memory->planes, memory->floats[2], &shape,
                        &epilogue);
}

static void run_pwconv(const struct ar_kernels *kernels, const struct bench_case *c,
                       struct bench_case_memory *memory)
{
    multiply(kernels, c, memory, false);
}

/* ReLU, addition and sums too. */
static void run_pwconv_all(const struct ar_kernels *kernels, const struct bench_case *c,
                           struct bench_case_memory *memory)
{
    multiply(kernels, c, memory, true);
}

static void run_split(const struct ar_kernels *kernels, const struct bench_case *c,
                      struct bench_case_memory *memory)
{
    kernels->split_row(memory->floats[0], memory->floats[3], memory->floats[1], c->width_px);
}

static void run_widen(const struct ar_kernels *kernels, const struct bench_case *c,
                      struct bench_case_memory *memory)
{
    kernels->widen_row(memory->floats[0], memory->floats[1], memory->floats[3], c->width_px);
}

/* Those of the network that ships, at widths 1 and 0.25, in the parts in which it runs them. */
static const struct bench_case cases[] = {
    { "dwconv3x3 s1", run_dwconv, 80, 96, .kernel = 3, .stride = 1 },
    { "dwconv3x3 s1", run_dwconv, 80, 64, .kernel = 3, .stride = 1 },
    { "dwconv3x3 s1", run_dwconv, 80, 24, .kernel = 3, .stride = 1 },
    { "dwconv3x3 s1", run_dwconv, 80, 8, .kernel = 3, .stride = 1 },
    { "dwconv3x3 s2", run_dwconv, 80, 64, .kernel = 3, .stride = 2 },
    { "dwconv3x3 s2", run_dwconv, 80, 16, .kernel = 3, .stride = 2 },
    { "dwconv5x5 s1", run_dwconv, 80, 64, .kernel = 5, .stride = 1 },
    { "dwconv5x5 s2", run_dwconv, 80, 64, .kernel = 5, .stride = 2 },
    { "pwconv", run_pwconv, 80, 96, 96, .kernel = 1 },
    { "pwconv", run_pwconv, 80, 64, 96, .kernel = 1 },
    { "pwconv", run_pwconv, 80, 64, 64, .kernel = 1 },
    { "pwconv", run_pwconv, 80, 24, 24, .kernel = 1 },
    { "pwconv", run_pwconv, 80, 16, 16, .kernel = 1 },
    { "pwconv", run_pwconv, 80, 8, 8, .kernel = 1 },
    { "pwconv all", run_pwconv_all, 80, 96, 96, .kernel = 1 },
    { "pwconv all", run_pwconv_all, 80, 24, 24, .kernel = 1 },
    { "conv3x3 in", run_pwconv, 160, 6, 32, .kernel = 3 },
    { "conv3x3 in", run_pwconv, 160, 6, 8, .kernel = 3 },
    { "conv3x3 out", run_pwconv, 320, 24, 6, .kernel = 3 },
    { "conv3x3 out", run_pwconv, 320, 8, 6, .kernel = 3 },
    { "mix", run_pwconv, 320, 6, 6, .kernel = 1 },
    { "split", run_split, 160 },
    { "widen", run_widen, 320 },
};

const struct bench_case_table bench_cases_f32 = { BENCH_F32, cases, AR_ARRAY_LEN(cases) };
