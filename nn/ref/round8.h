/* SPDX-License-Identifier: MIT */
#pragma once

#include <math.h>
#include <stdint.h>

#include "nn/ref/bytes.h"

/* The nearest whole number within limits that are whole, halves to even; not-a-number becomes low. */
static inline int32_t ar_ref_round8(float value, float low, float high)
{
    return (int32_t)rintf(ar_ref_clamp(value, low, high));
}
