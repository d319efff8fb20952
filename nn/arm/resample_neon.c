/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>

#include "nn/arm/lanes_neon.h"
#include "nn/arm/neon.h"

#define LANES AR_NEON_LANES

void ar_split_row_neon(float *restrict even, float *restrict odd, const float *restrict src,
                       uint32_t width)
{
    const size_t n_vectors = ar_neon_vectors(width);

    for (size_t v = 0; v < n_vectors; v++) {
        const float32x4x2_t halves = vld2q_f32(src + 2 * v * LANES);

        vst1q_f32(even + v * LANES, halves.val[0]);
        vst1q_f32(odd + v * LANES, halves.val[1]);
    }
}

void ar_widen_row_neon(float *restrict dst, const float *restrict src,
                       const float *restrict add, uint32_t width)
{
    const size_t n_vectors = ar_neon_vectors(width);

    for (size_t v = 0; v < n_vectors; v += 2) {
        const float32x4_t half = vld1q_f32(src + v * LANES / 2);
        float32x4_t low = vzip1q_f32(half, half);
        float32x4_t high = vzip2q_f32(half, half);

        if (add) {
            low = vaddq_f32(low, vld1q_f32(add + v * LANES));
            high = vaddq_f32(high, vld1q_f32(add + (v + 1) * LANES));
        }
        vst1q_f32(dst + v * LANES, low);
        vst1q_f32(dst + (v + 1) * LANES, high);
    }
}
