/* SPDX-License-Identifier: MIT */
#pragma once

#include <arm_neon.h>
#include <stddef.h>

#include "nn/image.h"

/* Pixels of a yuv420 plane that are worked on at a time; what is left of a row goes to the reference. */
#define AR_NEON_STEP_PX ((size_t)8)

/* So many values of a plane. */
struct ar_neon_step {
    float32x4_t low;
    float32x4_t high;
};

/* Pixels of the rows' planes in whole steps. */
static inline size_t ar_neon_stepped(const struct ar_image_rows *rows)
{
    return rows->width_px / 2 / AR_NEON_STEP_PX * AR_NEON_STEP_PX;
}

/* What lies right of plane pixel x, in rows of so many bytes for each plane pixel. */
static inline struct ar_image_rows ar_neon_rows_from(const struct ar_image_rows *rows, size_t x,
                                                     size_t y_b, size_t u_b, size_t v_b)
{
    return (struct ar_image_rows){
        .y = { rows->y[0] + x * y_b, rows->y[1] + x * y_b },
        .u = rows->u ? rows->u + x * u_b : NULL,
        .v = rows->v ? rows->v + x * v_b : NULL,
        .width_px = rows->width_px - (uint32_t)(2 * x),
    };
}

static inline struct ar_neon_step ar_neon_add(struct ar_neon_step one,
                                              struct ar_neon_step other)
{
    return (struct ar_neon_step){ vaddq_f32(one.low, other.low),
                                  vaddq_f32(one.high, other.high) };
}

static inline struct ar_neon_step ar_neon_add_n(struct ar_neon_step step, float n)
{
    return (struct ar_neon_step){ vaddq_f32(step.low, vdupq_n_f32(n)),
                                  vaddq_f32(step.high, vdupq_n_f32(n)) };
}

static inline struct ar_neon_step ar_neon_mul_n(struct ar_neon_step step, float n)
{
    return (struct ar_neon_step){ vmulq_n_f32(step.low, n), vmulq_n_f32(step.high, n) };
}

/* step * mul + add, fused. */
static inline struct ar_neon_step ar_neon_fma(struct ar_neon_step step, float mul,
                                              struct ar_neon_step add)
{
    return (struct ar_neon_step){ vfmaq_n_f32(add.low, step.low, mul),
                                  vfmaq_n_f32(add.high, step.high, mul) };
}

static inline struct ar_neon_step ar_neon_fma_n(struct ar_neon_step step, float mul, float add)
{
    const struct ar_neon_step adds = { vdupq_n_f32(add), vdupq_n_f32(add) };

    return ar_neon_fma(step, mul, adds);
}
