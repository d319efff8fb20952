/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/cpu.h"
#include "nn/model.h"
#include "nn/net.h"

/*
 * net_frames STYLE PRECISION WIDTH WIDTH_PX HEIGHT_PX N_FRAMES: runs a style's network so many times on one thread, in
 * f32 or int8, and nothing else, for arm_instructions.py to count what that takes. Its planes are a slope: no time or count depends
 * on what is painted.
 */

static uint32_t nearest_rung(const struct ar_model *model, double width)
{
    uint32_t nearest = 0;

    for (uint32_t i = 1; i < model->n_rungs; i++)
        if (fabs(model->widths[i] - width) < fabs(model->widths[nearest] - width))
            nearest = i;
    return nearest;
}

static float level_at(uint32_t y, uint32_t x)
{
    return (float)((x + 3 * y) % 255);
}

static void fill_floats(const struct ar_tensor *planes)
{
    for (uint32_t y = 0; y < planes->height; y++) {
        float *const row = ar_tensor_row(planes, y);

        for (uint32_t c = 0; c < planes->channels; c++)
            for (uint32_t x = 0; x < planes->width; x++)
                row[c * planes->plane_stride + x] = level_at(y, x) / 128.0F - 1.0F;
    }
}

static void fill_bytes(const struct ar_tensor8 *planes)
{
    for (uint32_t y = 0; y < planes->height; y++) {
        uint8_t *const row = ar_tensor8_row(planes, y);

        for (uint32_t i = 0; i < ar_tensor8_planes(planes->channels, true); i++)
            for (size_t x = 0; x < (size_t)4 * planes->width; x++)
                row[i * planes->plane_stride + x] = (uint8_t)level_at(y, (uint32_t)x / 4);
    }
}

/* A function of its own in the counts. */
static __attribute__((noinline)) void fill(const struct ar_net *net)
{
    if (ar_net_planes8(net))
        fill_bytes(ar_net_planes8(net));
    else
        fill_floats(ar_net_planes(net));
}

static void run(struct ar_net *net, uint32_t rung, unsigned long n_frames)
{
    for (unsigned long frame = 0; frame < n_frames; frame++) {
        fill(net);
        ar_net_finish_rows(net, 0, ar_net_planes_height(net));
        for (uint32_t segment = 0; segment < ar_net_model(net)->n_segments; segment++)
            ar_net_run(net, segment, rung);
        ar_net_end_frame(net);
    }
}

int main(int argc, char **argv)
{
    struct ar_workers *workers = NULL;
    struct ar_model *model = NULL;
    struct ar_net *net = NULL;
    struct ar_kernels kernels;
    struct ar_reason reason = {
        .text = "net_frames STYLE PRECISION WIDTH WIDTH_PX HEIGHT_PX N_FRAMES"
    };
    uint32_t flags;
    int ret = -EINVAL;

    if (argc == 7)
        ret = ar_cpu_flags(&flags, &reason);
    if (ret == 0)
        ret = ar_model_open(&model, argv[1], &reason);
    if (ret == 0)
        ret = ar_workers_create(&workers, 1);
    if (ret == 0) {
        const struct ar_net_params params = { .model = model,
                                              .kernels = &kernels,
                                              .workers = workers,
                                              .width_px = (uint32_t)atoi(argv[4]),
                                              .height_px = (uint32_t)atoi(argv[5]),
                                              .precision = strcmp(argv[2], "int8") == 0
                                                               ? AR_NET_INT8
                                                               : AR_NET_F32 };

        ar_kernels_init(&kernels, flags);
        ret = ar_net_create(&net, &params, &reason);
    }
    if (ret == 0)
        run(net, nearest_rung(model, strtod(argv[3], NULL)), strtoul(argv[6], NULL, 10));
    else
        fprintf(stderr, "%s\n", reason.text);
    ar_net_destroy(net);
    ar_workers_destroy(workers);
    ar_model_close(model);
    return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
