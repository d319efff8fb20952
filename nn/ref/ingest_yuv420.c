/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "nn/image.h"
#include "nn/ref/bytes.h"
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

/* Bytes are B G R X. Chroma is that of the block's mean colour. */
void ar_ingest_yuv420_row_xrgb_ref(float *restrict dst,
                                   const struct ar_image_rows *restrict src,
                                   const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        struct values values = { { 0 } };
        int32_t u = 0;
        int32_t v = 0;

        for (size_t i = 0; i < 4; i++) {
            const uint8_t *const pixel = src->y[i / 2] + (x * 2 + i % 2) * 4;
            const int32_t luma = ar_ref_luma(pixel[2], pixel[1], pixel[0]);

            values.v[i] = (float)luma / AR_IMAGE_Y_WHOLE;
            u += AR_IMAGE_Y_WHOLE * pixel[0] - luma;
            v += AR_IMAGE_Y_WHOLE * pixel[2] - luma;
        }
        values.v[4] = (float)u * AR_IMAGE_U_OF_SUM + 128.0F;
        values.v[5] = (float)v * AR_IMAGE_V_OF_SUM + 128.0F;
        store(dst, scale, x, &values);
    }
}
