/* SPDX-License-Identifier: MIT */
#pragma once

#include <arm_neon.h>
#include <stddef.h>

#include "nn/tile.h"

/* Adds to each lane the product of its four bytes and those of one lane, which only a constant can name. */
AR_TILE int32x4_t ar_dot_lane(int32x4_t sums, int8x16_t fours, int8x16_t weights, size_t lane)
{
    switch (lane) {
    case 0:
        return vdotq_laneq_s32(sums, fours, weights, 0);
    case 1:
        return vdotq_laneq_s32(sums, fours, weights, 1);
    case 2:
        return vdotq_laneq_s32(sums, fours, weights, 2);
    default:
        return vdotq_laneq_s32(sums, fours, weights, 3);
    }
}
