/* SPDX-License-Identifier: MIT */
#pragma once

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/tensor.h"

#define AR_NEON_LANES ((size_t)4)

/* Vectors of a group of pixels, the least that kernels work on. */
#define AR_NEON_GROUP (AR_TENSOR_GROUP / AR_NEON_LANES)

/* Vectors in the whole groups that kernels work on. */
static inline size_t ar_neon_vectors(uint32_t width)
{
    return ar_tensor_whole(width) / AR_NEON_LANES;
}

/* The first `count` lanes, all of them from 4 on; zero in the others. */
static inline float32x4_t ar_neon_keep_first(float32x4_t values, size_t count)
{
    static const uint32_t index[AR_NEON_LANES] = { 0, 1, 2, 3 };
    const uint32_t limit = (uint32_t)(count < AR_NEON_LANES ? count : AR_NEON_LANES);
    const uint32x4_t kept = vcltq_u32(vld1q_u32(index), vdupq_n_u32(limit));

    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(values), kept));
}
