/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/model.h"
#include "tests/bench/precision.h"

/* Bytes that a frame moves at least, when layers run one after another: ar_model_layer_bytes(). */
uint64_t bench_traffic_b(const struct ar_model *model, enum bench_precision precision,
                         uint32_t rung, uint32_t width_px, uint32_t height_px);
