/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/luma_neon.h"
#include "nn/arm/neon.h"
#include "nn/arm/rows_neon.h"
#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"

#define STEP_PX AR_NEON_STEP_PX

/* Planes in their order. */
enum {
    LUMA, /* two of the upper row's, then two of the lower's */
    U = 4,
    V,
};

AR_TILE struct ar_neon_step widen(uint16x8_t words)
{
    return (struct ar_neon_step){ .low = vcvtq_f32_u32(vmovl_u16(vget_low_u16(words))),
                                  .high = vcvtq_f32_u32(vmovl_high_u16(words)) };
}

/* dst: the first plane's pixels. */
AR_TILE void store(float *dst, const struct ar_image_scale *restrict scale, size_t plane,
                   struct ar_neon_step values)
{
    float *const to = dst + plane * scale->plane_stride;

    values = ar_neon_add_n(ar_neon_mul_n(values, scale->ingest_mul[plane]),
                           scale->ingest_add[plane]);
    vst1q_f32(to, values.low);
    vst1q_f32(to + 4, values.high);
}

AR_TILE void store_bytes(float *dst, const struct ar_image_scale *restrict scale, size_t plane,
                         uint8x8_t bytes)
{
    store(dst, scale, plane, widen(vmovl_u8(bytes)));
}

/* Of 16 bytes the even ones to one plane, the odd ones to the next. */
AR_TILE void store_pairs(float *dst, const struct ar_image_scale *restrict scale, size_t plane,
                         const uint8_t *from)
{
    const uint8x8x2_t bytes = vld2_u8(from);

    store_bytes(dst, scale, plane, bytes.val[0]);
    store_bytes(dst, scale, plane + 1, bytes.val[1]);
}

void ar_ingest_yuv420_row_i420_neon(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 2, 1, 1);

    for (size_t x = 0; x < n; x += STEP_PX) {
        store_pairs(dst + x, scale, LUMA, src->y[0] + 2 * x);
        store_pairs(dst + x, scale, LUMA + 2, src->y[1] + 2 * x);
        store_bytes(dst + x, scale, U, vld1_u8(src->u + x));
        store_bytes(dst + x, scale, V, vld1_u8(src->v + x));
    }
    ar_ingest_yuv420_row_i420_ref(dst + n, &rest, scale);
}

void ar_ingest_yuv420_row_nv12_neon(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 2, 2, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        store_pairs(dst + x, scale, LUMA, src->y[0] + 2 * x);
        store_pairs(dst + x, scale, LUMA + 2, src->y[1] + 2 * x);
        store_pairs(dst + x, scale, U, src->u + 2 * x);
    }
    ar_ingest_yuv420_row_nv12_ref(dst + n, &rest, scale);
}

AR_TILE struct ar_neon_step mean_of(uint8x8_t upper, uint8x8_t lower)
{
    return ar_neon_mul_n(widen(vaddl_u8(upper, lower)), 0.5F);
}

/* A pair of pixels is Y U Y V. */
void ar_ingest_yuv420_row_yuyv_neon(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 4, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x8x4_t upper = vld4_u8(src->y[0] + 4 * x);
        const uint8x8x4_t lower = vld4_u8(src->y[1] + 4 * x);

        store_bytes(dst + x, scale, LUMA, upper.val[0]);
        store_bytes(dst + x, scale, LUMA + 1, upper.val[2]);
        store_bytes(dst + x, scale, LUMA + 2, lower.val[0]);
        store_bytes(dst + x, scale, LUMA + 3, lower.val[2]);
        store(dst + x, scale, U, mean_of(upper.val[1], lower.val[1]));
        store(dst + x, scale, V, mean_of(upper.val[3], lower.val[3]));
    }
    ar_ingest_yuv420_row_yuyv_ref(dst + n, &rest, scale);
}

AR_TILE void store_luma(float *dst, const struct ar_image_scale *restrict scale, size_t plane,
                        struct ar_neon_sums luma)
{
    store(dst, scale, plane, ar_neon_mul_n(ar_neon_floats(luma), 1.0F / AR_IMAGE_Y_WHOLE));
}

AR_TILE struct ar_neon_step chroma_of(struct ar_neon_sums sums, float share)
{
    return ar_neon_add_n(ar_neon_mul_n(ar_neon_floats(sums), share), 128.0F);
}

/* Bytes are B G R X. */
void ar_ingest_yuv420_row_xrgb_neon(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 8, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x16x4_t upper = vld4q_u8(src->y[0] + 8 * x);
        const uint8x16x4_t lower = vld4q_u8(src->y[1] + 8 * x);
        const struct ar_neon_block_sums sums = ar_neon_sum_blocks(upper, lower);

        store_luma(dst + x, scale, LUMA, ar_neon_luma(upper, 0));
        store_luma(dst + x, scale, LUMA + 1, ar_neon_luma(upper, 1));
        store_luma(dst + x, scale, LUMA + 2, ar_neon_luma(lower, 0));
        store_luma(dst + x, scale, LUMA + 3, ar_neon_luma(lower, 1));
        store(dst + x, scale, U, chroma_of(sums.u, AR_IMAGE_U_OF_SUM));
        store(dst + x, scale, V, chroma_of(sums.v, AR_IMAGE_V_OF_SUM));
    }
    ar_ingest_yuv420_row_xrgb_ref(dst + n, &rest, scale);
}
