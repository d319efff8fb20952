/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/neon.h"
#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"

/*
 * Eight plane pixels at a time; what is left of a row goes to the reference. The number-preferring maximum
 * makes the lower limit of not-a-number, which the addition before it has made quiet.
 */
#define STEP_PX 8

/* Eight values of a plane. */
struct values {
    float32x4_t low;
    float32x4_t high;
};

AR_TILE struct values load_values(const float *src, const struct ar_image_scale *restrict scale,
                                  size_t plane)
{
    const float *const from = src + plane * scale->plane_stride;
    const float32x4_t mul = vdupq_n_f32(scale->emit_mul[plane]);
    const float32x4_t add = vdupq_n_f32(scale->emit_add[plane]);

    return (struct values){
        .low = vaddq_f32(vmulq_f32(vld1q_f32(from), mul), add),
        .high = vaddq_f32(vmulq_f32(vld1q_f32(from + 4), mul), add),
    };
}

AR_TILE uint16x4_t round_values(float32x4_t values, float low, float high)
{
    values = vaddq_f32(values, vdupq_n_f32(0.5F));
    values = vmaxnmq_f32(values, vdupq_n_f32(low));
    values = vminnmq_f32(values, vdupq_n_f32(high));
    return vmovn_u32(vcvtq_u32_f32(values));
}

AR_TILE uint8x8_t bytes_of(struct values values, float low, float high)
{
    return vmovn_u16(vcombine_u16(round_values(values.low, low, high),
                                  round_values(values.high, low, high)));
}

AR_TILE uint8x8_t load_bytes(const float *src, const struct ar_image_scale *restrict scale,
                             size_t plane)
{
    return bytes_of(load_values(src, scale, plane), scale->low[plane], scale->high[plane]);
}

/* Both luma rows, 16 bytes each. */
AR_TILE void emit_luma(const struct ar_image_rows *restrict dst, const float *restrict src,
                       const struct ar_image_scale *restrict scale, size_t x)
{
    AR_UNROLL
    for (size_t row = 0; row < 2; row++) {
        const uint8x8x2_t luma = { { load_bytes(src + x, scale, 2 * row),
                                     load_bytes(src + x, scale, 2 * row + 1) } };

        vst2_u8(dst->y[row] + 2 * x, luma);
    }
}

void ar_emit_yuv420_row_i420_neon(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t width = dst->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        emit_luma(dst, src, scale, x);
        vst1_u8(dst->u + x, load_bytes(src + x, scale, 4));
        vst1_u8(dst->v + x, load_bytes(src + x, scale, 5));
    }
    const struct ar_image_rows rest = {
        .y = { dst->y[0] + 2 * n_whole, dst->y[1] + 2 * n_whole },
        .u = dst->u + n_whole,
        .v = dst->v + n_whole,
        .width_px = dst->width_px - (uint32_t)(2 * n_whole),
    };

    ar_emit_yuv420_row_i420_ref(&rest, src + n_whole, scale);
}

void ar_emit_yuv420_row_nv12_neon(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t width = dst->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const uint8x8x2_t chroma = { { load_bytes(src + x, scale, 4),
                                       load_bytes(src + x, scale, 5) } };

        emit_luma(dst, src, scale, x);
        vst2_u8(dst->u + 2 * x, chroma);
    }
    const struct ar_image_rows rest = {
        .y = { dst->y[0] + 2 * n_whole, dst->y[1] + 2 * n_whole },
        .u = dst->u + 2 * n_whole,
        .width_px = dst->width_px - (uint32_t)(2 * n_whole),
    };

    ar_emit_yuv420_row_nv12_ref(&rest, src + n_whole, scale);
}

/* What is left of packed rows of bytes_per_px bytes a pixel. */
static struct ar_image_rows packed_rest(const struct ar_image_rows *restrict dst,
                                        size_t n_whole, uint32_t bytes_per_px)
{
    const size_t done_b = n_whole * 2 * bytes_per_px;

    return (struct ar_image_rows){
        .y = { dst->y[0] + done_b, dst->y[1] + done_b },
        .width_px = dst->width_px - (uint32_t)(2 * n_whole),
    };
}

void ar_emit_yuv420_row_yuyv_neon(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t width = dst->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const uint8x8_t u = load_bytes(src + x, scale, 4);
        const uint8x8_t v = load_bytes(src + x, scale, 5);

        AR_UNROLL
        for (size_t row = 0; row < 2; row++) {
            const uint8x8x4_t pairs = { { load_bytes(src + x, scale, 2 * row), u,
                                          load_bytes(src + x, scale, 2 * row + 1), v } };

            vst4_u8(dst->y[row] + 4 * x, pairs);
        }
    }
    const struct ar_image_rows rest = packed_rest(dst, n_whole, 2);

    ar_emit_yuv420_row_yuyv_ref(&rest, src + n_whole, scale);
}

/* What a block's chroma adds to each colour. */
struct tint {
    struct values r;
    struct values g;
    struct values b;
};

AR_TILE float32x4_t green_of(float32x4_t u, float32x4_t v)
{
    return vaddq_f32(vmulq_n_f32(u, AR_IMAGE_G_OF_U), vmulq_n_f32(v, AR_IMAGE_G_OF_V));
}

AR_TILE struct values centre(struct values values)
{
    const float32x4_t middle = vdupq_n_f32(128.0F);

    return (struct values){ vsubq_f32(values.low, middle), vsubq_f32(values.high, middle) };
}

AR_TILE struct tint load_tint(const float *src, const struct ar_image_scale *restrict scale)
{
    const struct values u = centre(load_values(src, scale, 4));
    const struct values v = centre(load_values(src, scale, 5));

    return (struct tint){
        .r = { vmulq_n_f32(v.low, AR_IMAGE_R_OF_V), vmulq_n_f32(v.high, AR_IMAGE_R_OF_V) },
        .g = { green_of(u.low, v.low), green_of(u.high, v.high) },
        .b = { vmulq_n_f32(u.low, AR_IMAGE_B_OF_U), vmulq_n_f32(u.high, AR_IMAGE_B_OF_U) },
    };
}

/* A colour of eight pixels of either column, put in their order. */
AR_TILE uint8x16_t colour(struct values left, struct values right, struct values tint)
{
    const struct values even = { vaddq_f32(left.low, tint.low),
                                 vaddq_f32(left.high, tint.high) };
    const struct values odd = { vaddq_f32(right.low, tint.low),
                                vaddq_f32(right.high, tint.high) };
    const uint8x8_t even_bytes = bytes_of(even, 0.0F, 255.0F);
    const uint8x8_t odd_bytes = bytes_of(odd, 0.0F, 255.0F);

    return vcombine_u8(vzip1_u8(even_bytes, odd_bytes), vzip2_u8(even_bytes, odd_bytes));
}

void ar_emit_yuv420_row_xrgb_neon(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t width = dst->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const struct tint tint = load_tint(src + x, scale);

        AR_UNROLL
        for (size_t row = 0; row < 2; row++) {
            const struct values left = load_values(src + x, scale, 2 * row);
            const struct values right = load_values(src + x, scale, 2 * row + 1);
            const uint8x16x4_t pixels = { { colour(left, right, tint.b),
                                            colour(left, right, tint.g),
                                            colour(left, right, tint.r), vdupq_n_u8(255) } };

            vst4q_u8(dst->y[row] + 8 * x, pixels);
        }
    }
    const struct ar_image_rows rest = packed_rest(dst, n_whole, 4);

    ar_emit_yuv420_row_xrgb_ref(&rest, src + n_whole, scale);
}
