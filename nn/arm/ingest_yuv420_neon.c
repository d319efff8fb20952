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

/* How values become a plane: taken before a loop, so that its stores cannot be thought to change it. */
struct plane {
    float *dst;
    float mul;
    float add;
};

AR_TILE struct plane plane_of(float *dst, const struct ar_image_scale *restrict scale,
                              size_t plane)
{
    return (struct plane){ .dst = dst + plane * scale->plane_stride,
                           .mul = scale->ingest_mul[plane],
                           .add = scale->ingest_add[plane] };
}

AR_TILE void store(const struct plane *plane, size_t x, struct ar_neon_step values)
{
    values = ar_neon_add_n(ar_neon_mul_n(values, plane->mul), plane->add);
    vst1q_f32(plane->dst + x, values.low);
    vst1q_f32(plane->dst + x + 4, values.high);
}

AR_TILE void store_bytes(const struct plane *plane, size_t x, uint8x8_t bytes)
{
    store(plane, x, widen(vmovl_u8(bytes)));
}

/* Of a row's bytes the even ones to one plane, the odd ones to the next. */
AR_TILE void ingest_pairs(float *dst, const uint8_t *from,
                          const struct ar_image_scale *restrict scale, size_t plane, size_t n)
{
    const struct plane even = plane_of(dst, scale, plane);
    const struct plane odd = plane_of(dst, scale, plane + 1);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x8x2_t bytes = vld2_u8(from + 2 * x);

        store_bytes(&even, x, bytes.val[0]);
        store_bytes(&odd, x, bytes.val[1]);
    }
}

AR_TILE void ingest_plane(float *dst, const uint8_t *from,
                          const struct ar_image_scale *restrict scale, size_t plane, size_t n)
{
    const struct plane to = plane_of(dst, scale, plane);

    for (size_t x = 0; x < n; x += STEP_PX)
        store_bytes(&to, x, vld1_u8(from + x));
}

void ar_ingest_yuv420_row_i420_neon(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 2, 1, 1);

    ingest_pairs(dst, src->y[0], scale, LUMA, n);
    ingest_pairs(dst, src->y[1], scale, LUMA + 2, n);
    ingest_plane(dst, src->u, scale, U, n);
    ingest_plane(dst, src->v, scale, V, n);
    ar_ingest_yuv420_row_i420_ref(dst + n, &rest, scale);
}

void ar_ingest_yuv420_row_nv12_neon(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 2, 2, 0);

    ingest_pairs(dst, src->y[0], scale, LUMA, n);
    ingest_pairs(dst, src->y[1], scale, LUMA + 2, n);
    ingest_pairs(dst, src->u, scale, U, n);
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
    const struct plane lumas[] = { plane_of(dst, scale, LUMA), plane_of(dst, scale, LUMA + 1),
                                   plane_of(dst, scale, LUMA + 2),
                                   plane_of(dst, scale, LUMA + 3) };
    const struct plane u = plane_of(dst, scale, U);
    const struct plane v = plane_of(dst, scale, V);
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 4, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x8x4_t upper = vld4_u8(src->y[0] + 4 * x);
        const uint8x8x4_t lower = vld4_u8(src->y[1] + 4 * x);

        store_bytes(&lumas[0], x, upper.val[0]);
        store_bytes(&lumas[1], x, upper.val[2]);
        store_bytes(&lumas[2], x, lower.val[0]);
        store_bytes(&lumas[3], x, lower.val[2]);
        store(&u, x, mean_of(upper.val[1], lower.val[1]));
        store(&v, x, mean_of(upper.val[3], lower.val[3]));
    }
    ar_ingest_yuv420_row_yuyv_ref(dst + n, &rest, scale);
}

AR_TILE void store_luma(const struct plane *plane, size_t x, struct ar_neon_sums luma)
{
    store(plane, x, ar_neon_mul_n(ar_neon_floats(luma), 1.0F / AR_IMAGE_Y_WHOLE));
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
    const struct plane lumas[] = { plane_of(dst, scale, LUMA), plane_of(dst, scale, LUMA + 1),
                                   plane_of(dst, scale, LUMA + 2),
                                   plane_of(dst, scale, LUMA + 3) };
    const struct plane u = plane_of(dst, scale, U);
    const struct plane v = plane_of(dst, scale, V);
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 8, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x16x4_t upper = vld4q_u8(src->y[0] + 8 * x);
        const uint8x16x4_t lower = vld4q_u8(src->y[1] + 8 * x);
        const struct ar_neon_block_sums sums = ar_neon_sum_blocks(upper, lower);

        store_luma(&lumas[0], x, ar_neon_luma(upper, 0));
        store_luma(&lumas[1], x, ar_neon_luma(upper, 1));
        store_luma(&lumas[2], x, ar_neon_luma(lower, 0));
        store_luma(&lumas[3], x, ar_neon_luma(lower, 1));
        store(&u, x, chroma_of(sums.u, AR_IMAGE_U_OF_SUM));
        store(&v, x, chroma_of(sums.v, AR_IMAGE_V_OF_SUM));
    }
    ar_ingest_yuv420_row_xrgb_ref(dst + n, &rest, scale);
}
