/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "base/reason.h"
#include "nn/model.h"

/*
 * Private to nn/: how a model's layers run in int8.
 *
 * The picture's planes are bytes anyway. What is added to the picture at the end stays float32, and so does the
 * last layer's sum: its rounding would be seen.
 */

struct ar_plan8_layer {
    bool is_float;    /* runs in float32: a product of the planes that the last layer adds */
    bool fours;       /* the result has its channels in fours: see nn/tensor8.h */
    bool is_unsigned; /* the result cannot be negative */
};

struct ar_plan8 {
    struct ar_plan8_layer layers[AR_MODEL_MAX_LAYERS];
};

/* -ENOTSUP, with the layer and what it has, where int8 knows no way; *plan is then of no use. */
int ar_plan8_make(struct ar_plan8 *plan, const struct ar_model *model,
                  struct ar_reason *reason);
