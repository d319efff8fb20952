/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

#include "nn/image.h"

/* Pixels of a yuv420 plane that are worked on at a time; what is left of a row goes to the reference. */
#define AR_AVX2_STEP_PX ((size_t)8)

/* Pixels of the rows' planes in whole steps. */
static inline size_t ar_avx2_stepped(const struct ar_image_rows *rows)
{
    return rows->width_px / 2 / AR_AVX2_STEP_PX * AR_AVX2_STEP_PX;
}

/* What lies right of plane pixel x, in rows of so many bytes for each plane pixel. */
static inline struct ar_image_rows ar_avx2_rows_from(const struct ar_image_rows *rows, size_t x,
                                                     size_t y_b, size_t u_b, size_t v_b)
{
    return (struct ar_image_rows){
        .y = { rows->y[0] + x * y_b, rows->y[1] + x * y_b },
        .u = rows->u ? rows->u + x * u_b : NULL,
        .v = rows->v ? rows->v + x * v_b : NULL,
        .width_px = rows->width_px - (uint32_t)(2 * x),
    };
}
