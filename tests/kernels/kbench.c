/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"
#include "nn/cpu.h"
#include "nn/image.h"
#include "nn/kernels.h"

/*
 * Nanoseconds a row, median of several runs, of the reference and of the widest tier that this
 * machine has. Not a test: the only source of kernel timings in reports.
 */

#define N_RUNS   15
#define RUN_NS   2e6 /* rows are repeated until a run takes so long */
#define MAX_PX   640
#define MAX_CHAN 128
#define N_FLOATS ((size_t)(2 * MAX_PX + 8) * MAX_CHAN)

enum operation {
    DWCONV,
    PWCONV,
    INGEST,
    EMIT,
    GUIDE,
    MOVING,
    GAIN,
    CALM,
};

struct workload {
    const char *name;
    enum operation operation;
    uint32_t width_px;
    uint32_t inputs;
    uint32_t outputs;
    uint32_t kernel;
    uint32_t stride;
    enum ar_frame_format format;
    uint32_t share_slot; /* 1 << slot bytes have one gain */
    bool everything;     /* ReLU, addition and sums: the whole epilogue */
};

static const struct workload workloads[] = {
    { "dwconv3x3 s1", DWCONV, 320, 32, .kernel = 3, .stride = 1 },
    { "dwconv3x3 s1", DWCONV, 160, 64, .kernel = 3, .stride = 1 },
    { "dwconv3x3 s2", DWCONV, 160, 64, .kernel = 3, .stride = 2 },
    { "dwconv5x5 s1", DWCONV, 160, 64, .kernel = 5, .stride = 1 },
    { "dwconv5x5 s2", DWCONV, 160, 64, .kernel = 5, .stride = 2 },
    { "pwconv", PWCONV, 320, 6, 8 },
    { "pwconv", PWCONV, 160, 16, 16 },
    { "pwconv", PWCONV, 320, 32, 32 },
    { "pwconv", PWCONV, 160, 64, 64 },
    { "pwconv", PWCONV, 80, 128, 128 },
    { "pwconv", PWCONV, 320, 24, 24 },
    { "pwconv all", PWCONV, 160, 64, 64, .everything = true },
    { "ingest I420", INGEST, 640, .format = AR_FRAME_I420 },
    { "ingest NV12", INGEST, 640, .format = AR_FRAME_NV12 },
    { "ingest YUYV", INGEST, 640, .format = AR_FRAME_YUYV },
    { "emit I420", EMIT, 640, .format = AR_FRAME_I420 },
    { "emit NV12", EMIT, 640, .format = AR_FRAME_NV12 },
    { "emit YUYV", EMIT, 640, .format = AR_FRAME_YUYV },
    { "emit XRGB", EMIT, 640, .format = AR_FRAME_XRGB },
    { "guide I420", GUIDE, 640, .format = AR_FRAME_I420 },
    { "guide YUYV", GUIDE, 640, .format = AR_FRAME_YUYV },
    { "moving", MOVING, 640 },
    { "gain", GAIN, 640 },
    { "calm U, V", CALM, 640, .share_slot = 0 },
    { "calm Y, UV", CALM, 640, .share_slot = 1 },
    { "calm YUYV", CALM, 640, .share_slot = 2 },
    { "calm XRGB", CALM, 640, .share_slot = 3 },
};

struct arena {
    float *dst;
    float *src;
    float *weights;
    float *add;
    float vectors[4][MAX_CHAN]; /* scale, bias, sums and squares */
    uint8_t rows[4][4 * MAX_PX];
    int16_t words[3][4 * MAX_PX];
};

static void run_dwconv(const struct ar_kernels *kernels, const struct workload *w,
                       struct arena *arena)
{
    const float *const row = arena->src + (size_t)w->inputs * 2;
    const float *const rows[5] = { row, row, row, row, row };
    const struct ar_dwconv_shape shape = { w->width_px, w->inputs, w->inputs, w->inputs,
                                           w->inputs };

    kernels->dwconv_row[w->kernel == 5][w->stride - 1](arena->dst, rows, arena->weights,
                                                       &shape);
}

static void run_pwconv(const struct ar_kernels *kernels, const struct workload *w,
                       struct arena *arena)
{
    const struct ar_pwconv_shape shape = { .width = w->width_px,
                                           .inputs = w->inputs,
                                           .outputs = w->outputs,
                                           .src_stride = w->inputs,
                                           .dst_stride = w->outputs,
                                           .block_inputs = w->inputs };
    const struct ar_epilogue epilogue = { .scale = arena->vectors[0],
                                          .bias = arena->vectors[1],
                                          .add = w->everything ? arena->add : NULL,
                                          .add_stride = w->outputs,
                                          .add_channels = w->outputs,
                                          .relu = w->everything,
                                          .sums = w->everything ? arena->vectors[2] : NULL };

    kernels->pwconv_row(arena->dst, arena->src, arena->weights, &shape, &epilogue);
}

static void run_image(const struct ar_kernels *kernels, const struct workload *w,
                      struct arena *arena)
{
    const struct ar_image_layout layout = { .planes = AR_IMAGE_YUV420,
                                            .offset = { 0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F },
                                            .gain = 4.0F };
    const struct ar_tensor planes = { .pixel_stride = AR_TENSOR_GROUP };
    const struct ar_image_rows rows = { .y = { arena->rows[0], arena->rows[1] },
                                        .u = arena->rows[2],
                                        .v = arena->rows[3],
                                        .width_px = w->width_px };
    struct ar_image_scale scale;

    ar_image_scale_init(&scale, &layout, AR_FRAME_FULL, &planes);
    if (w->operation == INGEST)
        kernels->ingest_row[AR_IMAGE_YUV420][w->format](arena->dst, &rows, &scale);
    else
        kernels->emit_row[AR_IMAGE_YUV420][w->format](&rows, arena->src, &scale);
}

static void run_calm(const struct ar_kernels *kernels, const struct workload *w,
                     struct arena *arena)
{
    const uint8_t *const changes[3] = { arena->rows[1] + 1, arena->rows[2] + 1,
                                        arena->rows[3] + 1 };
    const struct ar_gain_curve curve = { 10000, 72, 108, 211 };
    const struct ar_gain_reach reach = { { arena->words[2], arena->words[2] + MAX_PX }, 2048 };
    const struct ar_image_rows rows = { .y = { arena->rows[0], arena->rows[1] },
                                        .width_px = w->width_px };
    const uint32_t n_blocks = w->width_px / 2;

    if (w->operation == GUIDE)
        kernels->guide_row[w->format](arena->words[0], arena->rows[2], arena->words[1], &rows);
    else if (w->operation == MOVING)
        kernels->moving_row(arena->rows[0], arena->rows[1], 20, n_blocks);
    else if (w->operation == GAIN)
        kernels->gain_row(arena->words[0], arena->words[1], arena->words[2], changes, &curve,
                          &reach, n_blocks);
    else
        kernels->calm_row[w->share_slot](arena->rows[0], arena->words[1], arena->words[0],
                                         n_blocks);
}

static void run(const struct ar_kernels *kernels, const struct workload *w, struct arena *arena)
{
    if (w->operation == DWCONV)
        run_dwconv(kernels, w, arena);
    else if (w->operation == PWCONV)
        run_pwconv(kernels, w, arena);
    else if (w->operation == INGEST || w->operation == EMIT)
        run_image(kernels, w, arena);
    else
        run_calm(kernels, w, arena);
}

static double now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double time_rows(const struct ar_kernels *kernels, const struct workload *w,
                        struct arena *arena, uint32_t n_rows)
{
    const double begin_ns = now_ns();

    for (uint32_t i = 0; i < n_rows; i++)
        run(kernels, w, arena);
    return now_ns() - begin_ns;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_row_ns(const struct ar_kernels *kernels, const struct workload *w,
                            struct arena *arena)
{
    double rows_ns[N_RUNS];
    uint32_t n_rows = 1;

    while (time_rows(kernels, w, arena, n_rows) < RUN_NS)
        n_rows *= 2;
    for (uint32_t i = 0; i < N_RUNS; i++)
        rows_ns[i] = time_rows(kernels, w, arena, n_rows) / n_rows;
    qsort(rows_ns, N_RUNS, sizeof(*rows_ns), compare_doubles);
    return rows_ns[N_RUNS / 2];
}

static double macs(const struct workload *w)
{
    if (w->operation == DWCONV)
        return (double)w->width_px * w->inputs * w->kernel * w->kernel;
    return (double)w->width_px * w->inputs * w->outputs;
}

static float *allocate_floats(void)
{
    float *const floats = aligned_alloc(64, N_FLOATS * sizeof(*floats));

    for (size_t i = 0; floats && i < N_FLOATS; i++)
        floats[i] = (float)(i % 251) / 251.0F - 0.5F;
    return floats;
}

int main(void)
{
    struct arena arena = { .dst = allocate_floats(),
                           .src = allocate_floats(),
                           .weights = allocate_floats(),
                           .add = allocate_floats() };
    struct ar_kernels reference;
    struct ar_kernels widest;
    struct ar_reason reason;
    uint32_t flags;
    int ret = EXIT_FAILURE;

    if (!arena.dst || !arena.src || !arena.weights || !arena.add)
        goto out;
    if (ar_cpu_flags(&flags, &reason) < 0) {
        fprintf(stderr, "%s\n", reason.text);
        goto out;
    }
    ar_kernels_init(&reference, 0);
    ar_kernels_init(&widest, flags);
    printf("%-14s %5s %9s %12s %12s %9s %7s\n", "kernel", "px", "channels", "scalar ns",
           widest.tier, "GMAC/s", "ratio");
    for (size_t i = 0; i < AR_ARRAY_LEN(workloads); i++) {
        const struct workload *const w = &workloads[i];
        const double reference_ns = median_row_ns(&reference, w, &arena);
        const double widest_ns = median_row_ns(&widest, w, &arena);

        printf("%-14s %5u %4u %4u %12.0f %12.0f %9.1f %7.2f\n", w->name, w->width_px, w->inputs,
               w->outputs, reference_ns, widest_ns, macs(w) / widest_ns,
               reference_ns / widest_ns);
    }
    ret = EXIT_SUCCESS;
out:
    free(arena.dst);
    free(arena.src);
    free(arena.weights);
    free(arena.add);
    return ret;
}
