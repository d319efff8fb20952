/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/neon.h"
#include "nn/arm/rows_neon.h"
#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"

/* Conversion and narrowing saturate: not-a-number becomes zero, and no value needs a limit before. */
#define STEP_PX AR_NEON_STEP_PX

/* Planes in their order. */
enum {
    LUMA, /* two of the upper row's, then two of the lower's */
    U = 4,
    V,
};

AR_TILE struct ar_neon_step load(const float *from)
{
    return (struct ar_neon_step){ vld1q_f32(from), vld1q_f32(from + 4) };
}

/* How a plane becomes bytes: taken before a loop, so that its stores cannot be thought to change it. */
struct plane {
    const float *src;
    float mul;
    float add;
    uint8x8_t low;
    uint8x8_t high;
};

AR_TILE struct plane plane_of(const float *src, const struct ar_image_scale *restrict scale,
                              size_t plane)
{
    return (struct plane){
        .src = src + plane * scale->plane_stride,
        .mul = scale->emit_mul[plane],
        .add = scale->emit_add[plane],
        .low = vdup_n_u8((uint8_t)scale->low[plane]),
        .high = vdup_n_u8((uint8_t)scale->high[plane]),
    };
}

AR_TILE struct ar_neon_step values_at(const struct plane *plane, size_t x)
{
    return ar_neon_fma_n(load(plane->src + x), plane->mul, plane->add);
}

AR_TILE uint8x8_t cut_off(struct ar_neon_step values)
{
    return vqmovn_u16(vcombine_u16(vqmovn_u32(vcvtq_u32_f32(values.low)),
                                   vqmovn_u32(vcvtq_u32_f32(values.high))));
}

AR_TILE uint8x8_t bytes_at(const struct plane *plane, size_t x)
{
    return vmin_u8(vmax_u8(cut_off(values_at(plane, x)), plane->low), plane->high);
}

/* Bytes of a plane and of the next one, in turn. */
AR_TILE void emit_pairs(uint8_t *to, const float *src,
                        const struct ar_image_scale *restrict scale, size_t plane, size_t n)
{
    const struct plane even = plane_of(src, scale, plane);
    const struct plane odd = plane_of(src, scale, plane + 1);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x8x2_t bytes = { { bytes_at(&even, x), bytes_at(&odd, x) } };

        vst2_u8(to + 2 * x, bytes);
    }
}

AR_TILE void emit_plane(uint8_t *to, const float *src,
                        const struct ar_image_scale *restrict scale, size_t plane, size_t n)
{
    const struct plane from = plane_of(src, scale, plane);

    for (size_t x = 0; x < n; x += STEP_PX)
        vst1_u8(to + x, bytes_at(&from, x));
}

void ar_emit_yuv420_row_i420_neon(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(dst);
    const struct ar_image_rows rest = ar_neon_rows_from(dst, n, 2, 1, 1);

    emit_pairs(dst->y[0], src, scale, LUMA, n);
    emit_pairs(dst->y[1], src, scale, LUMA + 2, n);
    emit_plane(dst->u, src, scale, U, n);
    emit_plane(dst->v, src, scale, V, n);
    ar_emit_yuv420_row_i420_ref(&rest, src + n, scale);
}

void ar_emit_yuv420_row_nv12_neon(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_neon_stepped(dst);
    const struct ar_image_rows rest = ar_neon_rows_from(dst, n, 2, 2, 0);

    emit_pairs(dst->y[0], src, scale, LUMA, n);
    emit_pairs(dst->y[1], src, scale, LUMA + 2, n);
    emit_pairs(dst->u, src, scale, U, n);
    ar_emit_yuv420_row_nv12_ref(&rest, src + n, scale);
}

/* A pair of pixels is Y U Y V. */
void ar_emit_yuv420_row_yuyv_neon(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const struct plane lumas[] = { plane_of(src, scale, LUMA), plane_of(src, scale, LUMA + 1),
                                   plane_of(src, scale, LUMA + 2),
                                   plane_of(src, scale, LUMA + 3) };
    const struct plane u = plane_of(src, scale, U);
    const struct plane v = plane_of(src, scale, V);
    const size_t n = ar_neon_stepped(dst);
    const struct ar_image_rows rest = ar_neon_rows_from(dst, n, 4, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const uint8x8_t us = bytes_at(&u, x);
        const uint8x8_t vs = bytes_at(&v, x);

        AR_UNROLL
        for (size_t row = 0; row < 2; row++) {
            const uint8x8x4_t pairs = { { bytes_at(&lumas[2 * row], x), us,
                                          bytes_at(&lumas[2 * row + 1], x), vs } };

            vst4_u8(dst->y[row] + 4 * x, pairs);
        }
    }
    ar_emit_yuv420_row_yuyv_ref(&rest, src + n, scale);
}

/* What chroma adds to each colour of eight blocks. */
struct tints {
    struct ar_neon_step r;
    struct ar_neon_step g;
    struct ar_neon_step b;
};

AR_TILE struct tints tints_of(struct ar_neon_step u, struct ar_neon_step v,
                              const struct ar_image_tints *tints)
{
    return (struct tints){
        .r = ar_neon_fma_n(v, tints->r_of_v, tints->r),
        .g = ar_neon_fma(u, tints->g_of_u, ar_neon_fma_n(v, tints->g_of_v, tints->g)),
        .b = ar_neon_fma_n(u, tints->b_of_u, tints->b),
    };
}

/* A colour's bytes of the left and of the right pixels, in turn. */
AR_TILE uint8x16_t colour_of(struct ar_neon_step left, struct ar_neon_step right,
                             struct ar_neon_step tint)
{
    const uint8x8_t even = cut_off(ar_neon_add(left, tint));
    const uint8x8_t odd = cut_off(ar_neon_add(right, tint));

    return vcombine_u8(vzip1_u8(even, odd), vzip2_u8(even, odd));
}

void ar_emit_yuv420_row_xrgb_neon(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const struct plane lumas[] = { plane_of(src, scale, LUMA), plane_of(src, scale, LUMA + 1),
                                   plane_of(src, scale, LUMA + 2),
                                   plane_of(src, scale, LUMA + 3) };
    const struct ar_image_tints factors = scale->tints;
    const float *const u = src + U * scale->plane_stride;
    const float *const v = src + V * scale->plane_stride;
    const size_t n = ar_neon_stepped(dst);
    const struct ar_image_rows rest = ar_neon_rows_from(dst, n, 8, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const struct tints tints = tints_of(load(u + x), load(v + x), &factors);

        AR_UNROLL
        for (size_t row = 0; row < 2; row++) {
            const struct ar_neon_step left = values_at(&lumas[2 * row], x);
            const struct ar_neon_step right = values_at(&lumas[2 * row + 1], x);
            const uint8x16x4_t pixels = { {
                colour_of(left, right, tints.b),
                colour_of(left, right, tints.g),
                colour_of(left, right, tints.r),
                vdupq_n_u8(255),
            } };

            vst4q_u8(dst->y[row] + 8 * x, pixels);
        }
    }
    ar_emit_yuv420_row_xrgb_ref(&rest, src + n, scale);
}
