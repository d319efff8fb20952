/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/kernels.h"

/*
 * One step from `shown` towards `to`: the difference times the gain, rounded to nearest with halves up, as
 * vector units do it. Never past `to`, so the result stays within 16 bits where both arguments are.
 */
static inline int16_t ar_ref_step(int16_t shown, int32_t to, int32_t gain)
{
    const int32_t whole = AR_CALM_WHOLE;

    return (int16_t)(shown + (((to - shown) * gain + whole / 2) >> 15));
}
