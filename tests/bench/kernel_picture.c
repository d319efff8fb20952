/* SPDX-License-Identifier: MIT */
#include "base/macros.h"
#include "nn/image.h"
#include "tests/bench/kernel_case.h"

static struct ar_image_rows rows_of(const struct bench_case *c,
                                    const struct bench_case_memory *memory)
{
    return (struct ar_image_rows){ .y = { memory->bytes[0], memory->bytes[1] },
                                   .u = memory->bytes[2],
                                   .v = memory->bytes[3],
                                   .width_px = c->width_px };
}

static struct ar_image_scale scale_of(const struct bench_case *c)
{
    const struct ar_image_layout layout = { .planes = AR_IMAGE_YUV420,
                                            .offset = { 0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F },
                                            .gain = 4.0F };
    const struct ar_tensor planes = { .plane_stride = bench_case_stride(c) };
    struct ar_image_scale scale;

    ar_image_scale_init(&scale, &layout, AR_FRAME_FULL, &planes);
    return scale;
}

static void run_ingest(const struct ar_kernels *kernels, const struct bench_case *c,
                       struct bench_case_memory *memory)
{
    const struct ar_image_rows rows = rows_of(c, memory);
    const struct ar_image_scale scale = scale_of(c);

    kernels->ingest_row[AR_IMAGE_YUV420][c->format](memory->floats[0], &rows, &scale);
}

static void run_emit(const struct ar_kernels *kernels, const struct bench_case *c,
                     struct bench_case_memory *memory)
{
    const struct ar_image_rows rows = rows_of(c, memory);
    const struct ar_image_scale scale = scale_of(c);

    kernels->emit_row[AR_IMAGE_YUV420][c->format](&rows, memory->floats[1], &scale);
}

static void run_guide(const struct ar_kernels *kernels, const struct bench_case *c,
                      struct bench_case_memory *memory)
{
    const struct ar_image_rows rows = rows_of(c, memory);

    kernels->guide_row[c->format](memory->words[0], memory->bytes[2], memory->words[1], &rows);
}

static void run_moving(const struct ar_kernels *kernels, const struct bench_case *c,
                       struct bench_case_memory *memory)
{
    kernels->moving_row(memory->bytes[0], memory->bytes[1], 20, c->width_px / 2);
}

static void run_gain(const struct ar_kernels *kernels, const struct bench_case *c,
                     struct bench_case_memory *memory)
{
    const uint8_t *const changes[3] = { memory->bytes[1] + 1, memory->bytes[2] + 1,
                                        memory->bytes[3] + 1 };
    const struct ar_gain_curve curve = { 10000, 72, 108, 211 };
    const struct ar_gain_reach reach = { { memory->words[2], memory->words[3] }, 2048 };

    kernels->gain_row(memory->words[0], memory->words[1], memory->words[2], changes, &curve,
                      &reach, c->width_px / 2);
}

static void run_calm(const struct ar_kernels *kernels, const struct bench_case *c,
                     struct bench_case_memory *memory)
{
    kernels->calm_row[c->slot](memory->bytes[0], memory->words[1], memory->words[0],
                               c->width_px / 2);
}

/* Two picture rows, or the blocks of these. */
static const struct bench_case cases[] = {
    { "ingest I420", run_ingest, 640, .format = AR_FRAME_I420 },
    { "ingest NV12", run_ingest, 640, .format = AR_FRAME_NV12 },
    { "ingest YUYV", run_ingest, 640, .format = AR_FRAME_YUYV },
    { "ingest XRGB", run_ingest, 640, .format = AR_FRAME_XRGB },
    { "emit I420", run_emit, 640, .format = AR_FRAME_I420 },
    { "emit NV12", run_emit, 640, .format = AR_FRAME_NV12 },
    { "emit YUYV", run_emit, 640, .format = AR_FRAME_YUYV },
    { "emit XRGB", run_emit, 640, .format = AR_FRAME_XRGB },
    { "guide I420", run_guide, 640, .format = AR_FRAME_I420 },
    { "guide YUYV", run_guide, 640, .format = AR_FRAME_YUYV },
    { "guide XRGB", run_guide, 640, .format = AR_FRAME_XRGB },
    { "moving", run_moving, 640 },
    { "gain", run_gain, 640 },
    { "calm U, V", run_calm, 640, .slot = 0 },
    { "calm Y, UV", run_calm, 640, .slot = 1 },
    { "calm YUYV", run_calm, 640, .slot = 2 },
    { "calm XRGB", run_calm, 640, .slot = 3 },
};

const struct bench_case_table bench_cases_picture = { BENCH_F32, cases, AR_ARRAY_LEN(cases) };
