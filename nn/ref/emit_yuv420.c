/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>

#include "nn/image.h"
#include "nn/ref/bytes.h"
#include "nn/ref/ref.h"

static float value_at(const float *restrict src, const struct ar_image_scale *restrict scale,
                      size_t plane)
{
    return fmaf(src[plane * scale->plane_stride], scale->emit_mul[plane],
                scale->emit_add[plane]);
}

static uint8_t byte_at(const float *restrict src, const struct ar_image_scale *restrict scale,
                       size_t plane)
{
    return ar_ref_byte(value_at(src, scale, plane), scale->low[plane], scale->high[plane]);
}

static void emit_luma(const struct ar_image_rows *restrict dst, const float *restrict src,
                      const struct ar_image_scale *restrict scale, size_t x)
{
    for (size_t i = 0; i < 4; i++)
        dst->y[i / 2][2 * x + i % 2] = byte_at(src, scale, i);
}

void ar_emit_yuv420_row_i420_ref(const struct ar_image_rows *restrict dst,
                                 const float *restrict src,
                                 const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < dst->width_px / 2; x++) {
        const float *const pixel = src + x;

        emit_luma(dst, pixel, scale, x);
        dst->u[x] = byte_at(pixel, scale, 4);
        dst->v[x] = byte_at(pixel, scale, 5);
    }
}

void ar_emit_yuv420_row_nv12_ref(const struct ar_image_rows *restrict dst,
                                 const float *restrict src,
                                 const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < dst->width_px / 2; x++) {
        const float *const pixel = src + x;

        emit_luma(dst, pixel, scale, x);
        dst->u[2 * x] = byte_at(pixel, scale, 4);
        dst->u[2 * x + 1] = byte_at(pixel, scale, 5);
    }
}

void ar_emit_yuv420_row_yuyv_ref(const struct ar_image_rows *restrict dst,
                                 const float *restrict src,
                                 const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < dst->width_px / 2; x++) {
        const float *const pixel = src + x;

        for (size_t row = 0; row < 2; row++) {
            uint8_t *const pair = dst->y[row] + x * 4;

            pair[0] = byte_at(pixel, scale, 2 * row);
            pair[1] = byte_at(pixel, scale, 4);
            pair[2] = byte_at(pixel, scale, 2 * row + 1);
            pair[3] = byte_at(pixel, scale, 5);
        }
    }
}

/* One chroma for the whole block. */
void ar_emit_yuv420_row_xrgb_ref(const struct ar_image_rows *restrict dst,
                                 const float *restrict src,
                                 const struct ar_image_scale *restrict scale)
{
    const struct ar_image_tints *const tints = &scale->tints;

    for (size_t x = 0; x < dst->width_px / 2; x++) {
        const float *const pixel = src + x;
        const float u = pixel[4 * scale->plane_stride];
        const float v = pixel[5 * scale->plane_stride];
        const float r = fmaf(v, tints->r_of_v, tints->r);
        const float g = fmaf(u, tints->g_of_u, fmaf(v, tints->g_of_v, tints->g));
        const float b = fmaf(u, tints->b_of_u, tints->b);

        for (size_t i = 0; i < 4; i++) {
            const float y = value_at(pixel, scale, i);

            ar_ref_store_xrgb(dst->y[i / 2] + (x * 2 + i % 2) * 4, y + r, y + g, y + b);
        }
    }
}
