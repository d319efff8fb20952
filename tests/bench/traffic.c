/* SPDX-License-Identifier: MIT */
#include "tests/bench/traffic.h"

uint64_t bench_traffic_b(const struct ar_model *model, enum bench_precision precision,
                         uint32_t rung, uint32_t width_px, uint32_t height_px)
{
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];
    uint64_t sum_b = 0;

    for (uint32_t i = 0; i < model->n_segments; i++)
        rungs[i] = rung;
    for (uint32_t i = 0; i < model->n_layers; i++)
        sum_b += ar_model_layer_bytes(model, i, rungs, width_px, height_px,
                                      precision == BENCH_INT8 ? 1 : 4);
    return sum_b;
}
