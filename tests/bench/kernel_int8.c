/* SPDX-License-Identifier: MIT */
#include "base/macros.h"
#include "nn/image.h"
#include "nn/kernels8.h"
#include "tests/bench/kernel_case.h"

static void run_dwconv8(const struct ar_kernels *kernels, const struct bench_case *c,
                        struct bench_case_memory *memory)
{
    const uint8_t *const row = memory->bytes[1];
    const uint8_t *const rows[5] = { row, row, row, row, row };
    const struct ar_dwconv8_filter filter = { .weights = (const int8_t *)memory->bytes[2],
                                              .start = memory->starts,
                                              .signed_start = memory->starts,
                                              .scale = memory->vectors[0] };
    const struct ar_dwconv8_shape shape = { .width = c->width_px,
                                            .channels = c->inputs,
                                            .src_stride = bench_case_stride(c),
                                            .dst_stride = bench_case_stride(c) * 4 };

    kernels->dwconv8_row[c->kernel == 5][c->stride - 1](memory->bytes[0], rows, &filter,
                                                        &shape);
}

static void multiply(const struct ar_kernels *kernels, const struct bench_case *c,
                     struct bench_case_memory *memory, const struct ar_epilogue8 *epilogue)
{
    const enum ar_store8 store = c->slot;
    const uint32_t fours = (c->inputs + 3) / 4;
    const uint32_t inputs = fours * c->kernel * c->kernel;
    const struct ar_pwconv8_shape shape = {
        .width = c->width_px,
        .inputs = inputs,
        .outputs = c->outputs,
        .block_inputs = inputs,
        .store = store,
        .dst_stride = bench_case_stride(c) * (store == AR_STORE8_FOURS ? 4 : 1),
    };
    void *const dst = store == AR_STORE8_FLOATS ? (void *)memory->floats[0] : memory->bytes[0];

    for (uint32_t i = 0; i < inputs; i++)
        memory->fours[i] =
            memory->bytes[1] + (i % fours * bench_case_stride(c) + i / fours % c->kernel) * 4;
    kernels->pwconv8_row(dst, memory->fours, (const int8_t *)memory->bytes[2], &shape,
                         epilogue);
}

static struct ar_epilogue8 plain(const struct bench_case_memory *memory)
{
    return (struct ar_epilogue8){ .start = memory->starts,
                                  .signed_start = memory->starts,
                                  .scale = memory->vectors[0],
                                  .bias = memory->vectors[1],
                                  .relu = true,
                                  .high = 255.0F };
}

static void run_pwconv8(const struct ar_kernels *kernels, const struct bench_case *c,
                        struct bench_case_memory *memory)
{
    const struct ar_epilogue8 epilogue = plain(memory);

    multiply(kernels, c, memory, &epilogue);
}

/* Addition and sums too. */
static void run_pwconv8_all(const struct ar_kernels *kernels, const struct bench_case *c,
                            struct bench_case_memory *memory)
{
    struct ar_epilogue8 epilogue = plain(memory);

    epilogue.add = memory->bytes[3];
    epilogue.add_stride = bench_case_stride(c);
    epilogue.add_channels = c->outputs;
    epilogue.add_scale = 1.0F;
    epilogue.lanes = memory->floats[3];
    multiply(kernels, c, memory, &epilogue);
}

static void run_widen8(const struct ar_kernels *kernels, const struct bench_case *c,
                       struct bench_case_memory *memory)
{
    const struct ar_widen8 widen = { .add_scale = 1.0F, .high = 255.0F };

    kernels->widen8_row(memory->bytes[0], memory->floats[1], memory->bytes[1], &widen,
                        c->width_px);
}

static void run_dequantise8(const struct ar_kernels *kernels, const struct bench_case *c,
                            struct bench_case_memory *memory)
{
    const struct ar_dequantise8 dequantise = { .mul = 1.0F,
                                               .n = 4,
                                               .dst_stride = bench_case_stride(c) };

    kernels->dequantise8_row(memory->floats[0], memory->bytes[0], &dequantise, c->width_px);
}

static void run_stretch8(const struct ar_kernels *kernels, const struct bench_case *c,
                         struct bench_case_memory *memory)
{
    const struct ar_stretch8 stretch = { 15, 38155, 85 };

    kernels->stretch8_row(memory->bytes[0], &stretch, 4 * c->width_px);
}

static void run_ingest8(const struct ar_kernels *kernels, const struct bench_case *c,
                        struct bench_case_memory *memory)
{
    const struct ar_image_rows rows = { .y = { memory->bytes[1], memory->bytes[2] },
                                        .u = memory->bytes[3],
                                        .v = memory->bytes[3],
                                        .width_px = c->width_px };
    const struct ar_image_scale strides = { .plane_stride = bench_case_stride(c) * 4 };

    kernels->ingest8_row[AR_IMAGE_YUV420][c->format](memory->bytes[0], &rows, &strides);
}

/* Those of the network that ships, at widths 1 and 0.25, in the parts in which it runs them; and larger filters. */
static const struct bench_case cases[] = {
    { "dwconv8 s1", run_dwconv8, 80, 96, .kernel = 3, .stride = 1 },
    { "dwconv8 s1", run_dwconv8, 160, 64, .kernel = 3, .stride = 1 },
    { "dwconv8 s1", run_dwconv8, 160, 24, .kernel = 3, .stride = 1 },
    { "dwconv8 s1", run_dwconv8, 160, 8, .kernel = 3, .stride = 1 },
    { "dwconv8 s2", run_dwconv8, 80, 64, .kernel = 3, .stride = 2 },
    { "dwconv8 s2", run_dwconv8, 80, 16, .kernel = 3, .stride = 2 },
    { "dwconv8 5x5 s1", run_dwconv8, 80, 96, .kernel = 5, .stride = 1 },
    { "dwconv8 5x5 s1", run_dwconv8, 80, 24, .kernel = 5, .stride = 1 },
    { "dwconv8 5x5 s2", run_dwconv8, 80, 64, .kernel = 5, .stride = 2 },
    { "pwconv8", run_pwconv8, 80, 96, 96, .kernel = 1 },
    { "pwconv8", run_pwconv8, 80, 64, 96, .kernel = 1 },
    { "pwconv8", run_pwconv8, 160, 64, 64, .kernel = 1 },
    { "pwconv8", run_pwconv8, 160, 24, 24, .kernel = 1 },
    { "pwconv8", run_pwconv8, 160, 16, 16, .kernel = 1 },
    { "pwconv8", run_pwconv8, 160, 8, 8, .kernel = 1 },
    { "pwconv8 fours", run_pwconv8, 160, 24, 24, .kernel = 1, .slot = AR_STORE8_FOURS },
    { "pwconv8 all", run_pwconv8_all, 80, 96, 96, .kernel = 1 },
    { "pwconv8 all", run_pwconv8_all, 80, 24, 24, .kernel = 1 },
    { "conv8 in", run_pwconv8, 160, 6, 32, .kernel = 3 },
    { "conv8 in", run_pwconv8, 160, 6, 8, .kernel = 3 },
    { "conv8 out", run_pwconv8, 320, 24, 6, .kernel = 3, .slot = AR_STORE8_FLOATS },
    { "conv8 out", run_pwconv8, 320, 8, 6, .kernel = 3, .slot = AR_STORE8_FLOATS },
    { "widen8", run_widen8, 320 },
    { "dequantise8", run_dequantise8, 80 },
    { "stretch8", run_stretch8, 320 },
    { "ingest8 I420", run_ingest8, 640, .format = AR_FRAME_I420 },
    { "ingest8 NV12", run_ingest8, 640, .format = AR_FRAME_NV12 },
    { "ingest8 YUYV", run_ingest8, 640, .format = AR_FRAME_YUYV },
    { "ingest8 XRGB", run_ingest8, 640, .format = AR_FRAME_XRGB },
};

const struct bench_case_table bench_cases_int8 = { BENCH_INT8, cases, AR_ARRAY_LEN(cases) };
