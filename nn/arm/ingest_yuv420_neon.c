/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/neon.h"
#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"

/* Eight plane pixels at a time; what is left of a row goes to the reference. */
#define STEP_PX 8

#define N_PLANES 6

/* Eight plane pixels' values, in the order of the planes. */
struct values {
    uint16x8_t v[N_PLANES];
};

AR_TILE void store_plane(float *dst, uint16x8_t values, float32x4_t mul, float32x4_t add)
{
    const float32x4_t low = vcvtq_f32_u32(vmovl_u16(vget_low_u16(values)));
    const float32x4_t high = vcvtq_f32_u32(vmovl_high_u16(values));

    vst1q_f32(dst, vaddq_f32(vmulq_f32(low, mul), add));
    vst1q_f32(dst + 4, vaddq_f32(vmulq_f32(high, mul), add));
}

/* mul: six factors. */
AR_TILE void store_values(float *restrict dst, const struct values *restrict values,
                          const float *restrict mul,
                          const struct ar_image_scale *restrict scale)
{
    AR_UNROLL
    for (size_t c = 0; c < N_PLANES; c++)
        store_plane(dst + c * scale->plane_stride, values->v[c], vdupq_n_f32(mul[c]),
                    vdupq_n_f32(scale->ingest_add[c]));
}

/* Luma is the even bytes of a row, then the odd ones. */
AR_TILE struct values values_of(uint8x8x2_t upper, uint8x8x2_t lower, uint16x8_t u,
                                uint16x8_t v)
{
    return (struct values){ {
        vmovl_u8(upper.val[0]),
        vmovl_u8(upper.val[1]),
        vmovl_u8(lower.val[0]),
        vmovl_u8(lower.val[1]),
        u,
        v,
    } };
}

void ar_ingest_yuv420_row_i420_neon(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const struct values values =
            values_of(vld2_u8(src->y[0] + 2 * x), vld2_u8(src->y[1] + 2 * x),
                      vmovl_u8(vld1_u8(src->u + x)), vmovl_u8(vld1_u8(src->v + x)));

        store_values(dst + x, &values, scale->ingest_mul, scale);
    }
    const struct ar_image_rows rest = {
        .y = { src->y[0] + 2 * n_whole, src->y[1] + 2 * n_whole },
        .u = src->u + n_whole,
        .v = src->v + n_whole,
        .width_px = src->width_px - (uint32_t)(2 * n_whole),
    };

    ar_ingest_yuv420_row_i420_ref(dst + n_whole, &rest, scale);
}

void ar_ingest_yuv420_row_nv12_neon(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const uint8x8x2_t chroma = vld2_u8(src->u + 2 * x);
        const struct values values =
            values_of(vld2_u8(src->y[0] + 2 * x), vld2_u8(src->y[1] + 2 * x),
                      vmovl_u8(chroma.val[0]), vmovl_u8(chroma.val[1]));

        store_values(dst + x, &values, scale->ingest_mul, scale);
    }
    const struct ar_image_rows rest = {
        .y = { src->y[0] + 2 * n_whole, src->y[1] + 2 * n_whole },
        .u = src->u + 2 * n_whole,
        .width_px = src->width_px - (uint32_t)(2 * n_whole),
    };

    ar_ingest_yuv420_row_nv12_ref(dst + n_whole, &rest, scale);
}

void ar_ingest_yuv420_row_yuyv_neon(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;
    float mul[N_PLANES];

    /* Chroma is a sum of two bytes: halving the factor is exact, as halving the sum is. */
    for (size_t c = 0; c < N_PLANES; c++)
        mul[c] = scale->ingest_mul[c] * (c < 4 ? 1.0F : 0.5F);
    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const uint8x8x4_t upper = vld4_u8(src->y[0] + 4 * x);
        const uint8x8x4_t lower = vld4_u8(src->y[1] + 4 * x);
        const struct values values = values_of((uint8x8x2_t){ { upper.val[0], upper.val[2] } },
                                               (uint8x8x2_t){ { lower.val[0], lower.val[2] } },
                                               vaddl_u8(upper.val[1], lower.val[1]),
                                               vaddl_u8(upper.val[3], lower.val[3]));

        store_values(dst + x, &values, mul, scale);
    }
    const struct ar_image_rows rest = {
        .y = { src->y[0] + 4 * n_whole, src->y[1] + 4 * n_whole },
        .width_px = src->width_px - (uint32_t)(2 * n_whole),
    };

    ar_ingest_yuv420_row_yuyv_ref(dst + n_whole, &rest, scale);
}
