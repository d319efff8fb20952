/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/model.h"
#include "tests/bench/precision.h"

/*
 * Bytes that a frame moves at least, when layers run one after another and nothing is computed twice: each
 * layer reads its input once, what it adds once and its weights, scales and biases once, and writes its result
 * once. Depthwise results inside a separable layer, halos and padding do not count. What of this is
 * in a cache is not asked.
 *
 * Values have 4 bytes in f32; in int8 maps and weights have 1, scales and biases 4.
 */
uint64_t bench_traffic_b(const struct ar_model *model, enum bench_precision precision,
                         uint32_t rung, uint32_t width_px, uint32_t height_px);
