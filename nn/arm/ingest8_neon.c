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

/* Pairs of luma bytes of two rows. */
AR_TILE void store_luma(uint8_t *to, const uint8_t *upper, const uint8_t *lower)
{
    const uint16x8_t up = vreinterpretq_u16_u8(vld1q_u8(upper));
    const uint16x8_t low = vreinterpretq_u16_u8(vld1q_u8(lower));

    vst1q_u8(to, vreinterpretq_u8_u16(vzip1q_u16(up, low)));
    vst1q_u8(to + 16, vreinterpretq_u8_u16(vzip2q_u16(up, low)));
}

/* The second half of a four is empty. */
AR_TILE void store_chroma(uint8_t *to, uint8x8_t u, uint8x8_t v)
{
    const uint8x8x4_t fours = { { u, v, vdup_n_u8(0), vdup_n_u8(0) } };

    vst4_u8(to, fours);
}

void ar_ingest8_yuv420_row_i420_neon(uint8_t *restrict dst,
                                     const struct ar_image_rows *restrict src,
                                     const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 2, 1, 1);
    uint8_t *const chroma = dst + scale->plane_stride;

    for (size_t x = 0; x < n; x += STEP_PX) {
        store_luma(dst + 4 * x, src->y[0] + 2 * x, src->y[1] + 2 * x);
        store_chroma(chroma + 4 * x, vld1_u8(src->u + x), vld1_u8(src->v + x));
    }
    ar_ingest8_yuv420_row_i420_ref(dst + 4 * n, &rest, scale);
}

void ar_ingest8_yuv420_row_nv12_neon(uint8_t *restrict dst,
                                     const struct ar_image_rows *restrict src,
                                     const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 2, 2, 0);
    uint8_t *const chroma = dst + scale->plane_stride;

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x8x2_t uv = vld2_u8(src->u + 2 * x);

        store_luma(dst + 4 * x, src->y[0] + 2 * x, src->y[1] + 2 * x);
        store_chroma(chroma + 4 * x, uv.val[0], uv.val[1]);
    }
    ar_ingest8_yuv420_row_nv12_ref(dst + 4 * n, &rest, scale);
}

/* A pair of pixels is Y U Y V. */
void ar_ingest8_yuv420_row_yuyv_neon(uint8_t *restrict dst,
                                     const struct ar_image_rows *restrict src,
                                     const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 4, 0, 0);
    uint8_t *const chroma = dst + scale->plane_stride;

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x8x4_t upper = vld4_u8(src->y[0] + 4 * x);
        const uint8x8x4_t lower = vld4_u8(src->y[1] + 4 * x);
        const uint8x8x4_t luma = { { upper.val[0], upper.val[2], lower.val[0], lower.val[2] } };

        vst4_u8(dst + 4 * x, luma);
        store_chroma(chroma + 4 * x, vrhadd_u8(upper.val[1], lower.val[1]),
                     vrhadd_u8(upper.val[3], lower.val[3]));
    }
    ar_ingest8_yuv420_row_yuyv_ref(dst + 4 * n, &rest, scale);
}

AR_TILE uint8x8_t luma_bytes(struct ar_neon_sums luma)
{
    return vmovn_u16(
        vcombine_u16(vrshrn_n_u32(vreinterpretq_u32_s32(luma.low), AR_IMAGE_Y_BITS),
                     vrshrn_n_u32(vreinterpretq_u32_s32(luma.high), AR_IMAGE_Y_BITS)));
}

AR_TILE uint8x8_t chroma_of(struct ar_neon_sums sums, float share)
{
    const struct ar_neon_step values =
        ar_neon_add_n(ar_neon_mul_n(ar_neon_floats(sums), share), 128.5F);

    return vqmovn_u16(vcombine_u16(vqmovn_u32(vcvtq_u32_f32(values.low)),
                                   vqmovn_u32(vcvtq_u32_f32(values.high))));
}

/* Bytes are B G R X. */
void ar_ingest8_yuv420_row_xrgb_neon(uint8_t *restrict dst,
                                     const struct ar_image_rows *restrict src,
                                     const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(src);
    const struct ar_image_rows rest = ar_neon_rows_from(src, n, 8, 0, 0);
    uint8_t *const chroma = dst + scale->plane_stride;

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x16x4_t upper = vld4q_u8(src->y[0] + 8 * x);
        const uint8x16x4_t lower = vld4q_u8(src->y[1] + 8 * x);
        const struct ar_neon_block_sums sums = ar_neon_sum_blocks(upper, lower);
        const uint8x8x4_t luma = { {
            luma_bytes(ar_neon_luma(upper, 0)),
            luma_bytes(ar_neon_luma(upper, 1)),
            luma_bytes(ar_neon_luma(lower, 0)),
            luma_bytes(ar_neon_luma(lower, 1)),
        } };

        vst4_u8(dst + 4 * x, luma);
        store_chroma(chroma + 4 * x, chroma_of(sums.u, AR_IMAGE_U_OF_SUM),
                     chroma_of(sums.v, AR_IMAGE_V_OF_SUM));
    }
    ar_ingest8_yuv420_row_xrgb_ref(dst + 4 * n, &rest, scale);
}
