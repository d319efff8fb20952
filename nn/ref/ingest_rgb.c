/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "nn/image.h"
#include "nn/ref/ref.h"

/* One pixel's full-range values R, G, B to its planes. */
static void store(float *restrict dst, const struct ar_image_scale *restrict scale,
                  const float rgb[3])
{
    for (size_t c = 0; c < 3; c++)
        dst[c * scale->plane_stride] = rgb[c] * scale->ingest_mul[c] + scale->ingest_add[c];
}

static float widen(uint8_t byte, const struct ar_image_range *restrict range)
{
    return byte * range->widen_mul + range->widen_add;
}

static void store_yuv(float *restrict dst, const struct ar_image_scale *restrict scale,
                      uint8_t luma, uint8_t chroma_u, uint8_t chroma_v)
{
    const float y = widen(luma, &scale->luma);
    const float u = widen(chroma_u, &scale->chroma);
    const float v = widen(chroma_v, &scale->chroma);
    const float rgb[3] = {
        y + v * AR_IMAGE_R_OF_V,
        y + u * AR_IMAGE_G_OF_U + v * AR_IMAGE_G_OF_V,
        y + u * AR_IMAGE_B_OF_U,
    };

    store(dst, scale, rgb);
}

static float *pixel_at(float *restrict dst, const struct ar_image_scale *restrict scale,
                       size_t row, size_t x)
{
    return dst + row * scale->plane_row_stride + x;
}

void ar_ingest_rgb_row_i420_ref(float *restrict dst, const struct ar_image_rows *restrict src,
                                const struct ar_image_scale *restrict scale)
{
    for (size_t row = 0; row < 2; row++)
        for (size_t x = 0; x < src->width_px; x++)
            store_yuv(pixel_at(dst, scale, row, x), scale, src->y[row][x], src->u[x / 2],
                      src->v[x / 2]);
}

void ar_ingest_rgb_row_nv12_ref(float *restrict dst, const struct ar_image_rows *restrict src,
                                const struct ar_image_scale *restrict scale)
{
    for (size_t row = 0; row < 2; row++)
        for (size_t x = 0; x < src->width_px; x++)
            store_yuv(pixel_at(dst, scale, row, x), scale, src->y[row][x], src->u[x / 2 * 2],
                      src->u[x / 2 * 2 + 1]);
}

void ar_ingest_rgb_row_yuyv_ref(float *restrict dst, const struct ar_image_rows *restrict src,
                                const struct ar_image_scale *restrict scale)
{
    for (size_t row = 0; row < 2; row++) {
        for (size_t x = 0; x < src->width_px; x++) {
            const uint8_t *const pair = src->y[row] + x / 2 * 4;

            store_yuv(pixel_at(dst, scale, row, x), scale, pair[x % 2 * 2], pair[1], pair[3]);
        }
    }
}

void ar_ingest_rgb_row_xrgb_ref(float *restrict dst, const struct ar_image_rows *restrict src,
                                const struct ar_image_scale *restrict scale)
{
    for (size_t row = 0; row < 2; row++) {
        for (size_t x = 0; x < src->width_px; x++) {
            const uint8_t *const pixel = src->y[row] + x * 4;
            const float rgb[3] = { pixel[2], pixel[1], pixel[0] };

            store(pixel_at(dst, scale, row, x), scale, rgb);
        }
    }
}
