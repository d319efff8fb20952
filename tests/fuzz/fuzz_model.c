/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "nn/cpu.h"
#include "nn/model.h"
#include "nn/net.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

/* A style's file. What is accepted is packed and painted with, at the ends of its ladder. */

enum { SIZE_PX = 32, MAX_MACS = 50000000 };

static bool is_quick(const struct ar_model *model)
{
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];
    uint64_t macs = 0;

    for (uint32_t s = 0; s < AR_MODEL_MAX_SEGMENTS; s++)
        rungs[s] = model->n_rungs - 1;
    for (uint32_t s = 0; s < model->n_segments; s++)
        macs += ar_model_segment_macs(model, s, rungs, SIZE_PX, SIZE_PX);
    return macs <= MAX_MACS;
}

static void paint(const struct ar_model *model, struct ar_workers *workers,
                  enum ar_net_precision precision)
{
    struct ar_kernels kernels;
    const struct ar_net_params params = { .model = model,
                                          .kernels = &kernels,
                                          .workers = workers,
                                          .width_px = SIZE_PX,
                                          .height_px = SIZE_PX,
                                          .precision = precision };
    struct ar_reason reason;
    struct ar_net *net;
    uint32_t flags;

    if (ar_cpu_flags(&flags, &reason) < 0)
        return;
    ar_kernels_init(&kernels, flags);
    if (ar_net_create(&net, &params, &reason) < 0)
        return;
    for (uint32_t end = 0; end < 2; end++) {
        for (uint32_t s = 0; s < model->n_segments; s++)
            ar_net_run(net, s, end == 0 ? 0 : model->n_rungs - 1);
        ar_net_end_frame(net);
    }
    ar_net_destroy(net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_b)
{
    char path[INPUT_PATH_B];
    const int fd = input_open(data, size_b, path);
    struct ar_workers *workers = NULL;
    struct ar_model *model = NULL;
    struct ar_reason reason;

    if (ar_model_open(&model, path, &reason) == 0 && is_quick(model) &&
        ar_workers_create(&workers, 1) == 0) {
        paint(model, workers, AR_NET_F32);
        if (ar_net_check_int8(model, &reason) == 0)
            paint(model, workers, AR_NET_INT8);
    }
    ar_workers_destroy(workers);
    ar_model_close(model);
    input_close(fd);
    return 0;
}
