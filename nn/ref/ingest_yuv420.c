/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "nn/image.h"
#include "nn/ref/ref.h"

/* One place's six values, in the order of the planes. */
struct values {
    float v[AR_IMAGE_MAX_PLANES];
};

static void store(float *restrict dst, const struct ar_image_scale *restrict scale, size_t x,
                  const struct values *restrict values)
{
    for (size_t c = 0; c < AR_IMAGE_MAX_PLANES; c++)
        dst[c * scale->plane_stride + x] =
            values->v[c] * scale->ingest_mul[c] + scale->ingest_add[c];
}

void ar_ingest_yuv420_row_i420_ref(float *restrict dst,
                                   const struct ar_image_rows *restrict src,
                                   const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        const struct values values = { {
            src->y[0][2 * x],
            src->y[0][2 * x + 1],
            src->y[1][2 * x],
            src->y[1][2 * x + 1],
            src->u[x],
            src->v[x],
        } };

        store(dst, scale, x, &values);
    }
}

void ar_ingest_yuv420_row_nv12_ref(float *restrict dst,
                                   const struct ar_image_rows *restrict src,
                                   const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        const struct values values = { {
            src->y[0][2 * x],
            src->y[0][2 * x + 1],
            src->y[1][2 * x],
            src->y[1][2 * x + 1],
            src->u[2 * x],
            src->u[2 * x + 1],
        } };

        store(dst, scale, x, &values);
    }
}

/* Chroma is the mean of the two rows. */
void ar_ingest_yuv420_row_yuyv_ref(float *restrict dst,
                                   const struct ar_image_rows *restrict src,
                                   const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        const uint8_t *const upper = src->y[0] + x * 4;
        const uint8_t *const lower = src->y[1] + x * 4;
        const struct values values = { {
            upper[0],
            upper[2],
            lower[0],
            lower[2],
            (float)(upper[1] + lower[1]) * 0.5F,
            (float)(upper[3] + lower[3]) * 0.5F,
        } };

        store(dst, scale, x, &values);
    }
}

static float luma_of(float r, float g, float b)
{
    return r * AR_IMAGE_Y_OF_R + g * AR_IMAGE_Y_OF_G + b * AR_IMAGE_Y_OF_B;
}

/* Bytes are B G R X. Chroma is that of the block's mean colour. */
void ar_ingest_yuv420_row_xrgb_ref(float *restrict dst,
                                   const struct ar_image_rows *restrict src,
                                   const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        struct values values = { { 0 } };
        float r = 0.0F;
        float g = 0.0F;
        float b = 0.0F;

        for (size_t i = 0; i < 4; i++) {
            const uint8_t *const pixel = src->y[i / 2] + (x * 2 + i % 2) * 4;

            values.v[i] = luma_of(pixel[2], pixel[1], pixel[0]);
            r += pixel[2];
            g += pixel[1];
            b += pixel[0];
        }
        const float y = luma_of(r, g, b);

        values.v[4] = (b - y) * (0.25F / AR_IMAGE_B_OF_U) + 128.0F;
        values.v[5] = (r - y) * (0.25F / AR_IMAGE_R_OF_V) + 128.0F;
        store(dst, scale, x, &values);
    }
}
