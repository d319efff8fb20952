/* SPDX-License-Identifier: MIT */
#pragma once

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#define AR_NEON_LANES ((size_t)4)

/* The first `count` floats, 4 at most; the other lanes are zero and not read. */
static inline float32x4_t ar_neon_load_first(const float *from, size_t count)
{
    float lanes[AR_NEON_LANES] = { 0.0F };

    if (count >= AR_NEON_LANES)
        return vld1q_f32(from);
    for (size_t i = 0; i < count; i++)
        lanes[i] = from[i];
    return vld1q_f32(lanes);
}

/* All bits of the first `count` lanes. */
static inline uint32x4_t ar_neon_first_lanes(size_t count)
{
    static const uint32_t index[AR_NEON_LANES] = { 0, 1, 2, 3 };

    return vcltq_u32(vld1q_u32(index), vdupq_n_u32((uint32_t)count));
}
