/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "nn/image.h"
#include "nn/ref/bytes.h"
#include "nn/ref/ref.h"

/* Full-range values R, G, B of a pixel. */
struct rgb {
    float c[3];
};

static float widen(uint8_t byte, const struct ar_image_range *restrict range)
{
    return byte * range->widen_mul + range->widen_add;
}

static struct rgb colour_of(const struct ar_image_scale *restrict scale, uint8_t luma,
                            uint8_t chroma_u, uint8_t chroma_v)
{
    const float y = widen(luma, &scale->luma);
    const float u = widen(chroma_u, &scale->chroma);
    const float v = widen(chroma_v, &scale->chroma);

    return (struct rgb){ {
        y + v * AR_IMAGE_R_OF_V,
        y + u * AR_IMAGE_G_OF_U + v * AR_IMAGE_G_OF_V,
        y + u * AR_IMAGE_B_OF_U,
    } };
}

typedef struct rgb rgb_at_fn(const struct ar_image_rows *restrict src,
                             const struct ar_image_scale *restrict scale, size_t row, size_t x);

static struct rgb i420_at(const struct ar_image_rows *restrict src,
                          const struct ar_image_scale *restrict scale, size_t row, size_t x)
{
    return colour_of(scale, src->y[row][x], src->u[x / 2], src->v[x / 2]);
}

static struct rgb nv12_at(const struct ar_image_rows *restrict src,
                          const struct ar_image_scale *restrict scale, size_t row, size_t x)
{
    return colour_of(scale, src->y[row][x], src->u[x / 2 * 2], src->u[x / 2 * 2 + 1]);
}

static struct rgb yuyv_at(const struct ar_image_rows *restrict src,
                          const struct ar_image_scale *restrict scale, size_t row, size_t x)
{
    const uint8_t *const pair = src->y[row] + x / 2 * 4;

    return colour_of(scale, pair[x % 2 * 2], pair[1], pair[3]);
}

static struct rgb xrgb_at(const struct ar_image_rows *restrict src,
                          const struct ar_image_scale *restrict scale, size_t row, size_t x)
{
    const uint8_t *const pixel = src->y[row] + x * 4;

    return (struct rgb){ { pixel[2], pixel[1], pixel[0] } };
}

static void ingest(float *restrict dst, const struct ar_image_rows *restrict src,
                   const struct ar_image_scale *restrict scale, rgb_at_fn *rgb_at)
{
    for (size_t row = 0; row < 2; row++) {
        for (size_t x = 0; x < src->width_px; x++) {
            const struct rgb rgb = rgb_at(src, scale, row, x);

            for (size_t c = 0; c < 3; c++)
                dst[row * scale->plane_row_stride + c * scale->plane_stride + x] =
                    rgb.c[c] * scale->ingest_mul[c] + scale->ingest_add[c];
        }
    }
}

/* The fourth byte counts for nothing. */
static void ingest8(uint8_t *restrict dst, const struct ar_image_rows *restrict src,
                    const struct ar_image_scale *restrict scale, rgb_at_fn *rgb_at)
{
    for (size_t row = 0; row < 2; row++) {
        for (size_t x = 0; x < src->width_px; x++) {
            const struct rgb rgb = rgb_at(src, scale, row, x);
            uint8_t *const pixel = dst + row * scale->plane_row_stride + 4 * x;

            for (size_t c = 0; c < 3; c++)
                pixel[c] = ar_ref_byte(rgb.c[c] + 0.5F, 0.0F, 255.0F);
            pixel[3] = 0;
        }
    }
}

void ar_ingest_rgb_row_i420_ref(float *restrict dst, const struct ar_image_rows *restrict src,
                                const struct ar_image_scale *restrict scale)
{
    ingest(dst, src, scale, i420_at);
}

void ar_ingest_rgb_row_nv12_ref(float *restrict dst, const struct ar_image_rows *restrict src,
                                const struct ar_image_scale *restrict scale)
{
    ingest(dst, src, scale, nv12_at);
}

void ar_ingest_rgb_row_yuyv_ref(float *restrict dst, const struct ar_image_rows *restrict src,
                                const struct ar_image_scale *restrict scale)
{
    ingest(dst, src, scale, yuyv_at);
}

void ar_ingest_rgb_row_xrgb_ref(float *restrict dst, const struct ar_image_rows *restrict src,
                                const struct ar_image_scale *restrict scale)
{
    ingest(dst, src, scale, xrgb_at);
}

void ar_ingest8_rgb_row_i420_ref(uint8_t *restrict dst,
                                 const struct ar_image_rows *restrict src,
                                 const struct ar_image_scale *restrict scale)
{
    ingest8(dst, src, scale, i420_at);
}

void ar_ingest8_rgb_row_nv12_ref(uint8_t *restrict dst,
                                 const struct ar_image_rows *restrict src,
                                 const struct ar_image_scale *restrict scale)
{
    ingest8(dst, src, scale, nv12_at);
}

void ar_ingest8_rgb_row_yuyv_ref(uint8_t *restrict dst,
                                 const struct ar_image_rows *restrict src,
                                 const struct ar_image_scale *restrict scale)
{
    ingest8(dst, src, scale, yuyv_at);
}

void ar_ingest8_rgb_row_xrgb_ref(uint8_t *restrict dst,
                                 const struct ar_image_rows *restrict src,
                                 const struct ar_image_scale *restrict scale)
{
    ingest8(dst, src, scale, xrgb_at);
}
