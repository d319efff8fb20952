/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "nn/image.h"
#include "nn/ref/bytes.h"
#include "nn/ref/ref.h"

/* A place's four luma bytes in the order of the planes, and its chroma; a second four is half empty. */
static void store(uint8_t *restrict dst, const struct ar_image_scale *restrict scale, size_t x,
                  const uint8_t bytes[6])
{
    uint8_t *const chroma = dst + scale->plane_stride + 4 * x;

    for (size_t i = 0; i < 4; i++)
        dst[4 * x + i] = bytes[i];
    chroma[0] = bytes[4];
    chroma[1] = bytes[5];
    chroma[2] = 0;
    chroma[3] = 0;
}

void ar_ingest8_yuv420_row_i420_ref(uint8_t *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        const uint8_t bytes[] = {
            src->y[0][2 * x], src->y[0][2 * x + 1],
            src->y[1][2 * x], src->y[1][2 * x + 1],
            src->u[x],        src->v[x],
        };

        store(dst, scale, x, bytes);
    }
}

void ar_ingest8_yuv420_row_nv12_ref(uint8_t *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        const uint8_t bytes[] = {
            src->y[0][2 * x],     src->y[0][2 * x + 1], src->y[1][2 * x],
            src->y[1][2 * x + 1], src->u[2 * x],        src->u[2 * x + 1],
        };

        store(dst, scale, x, bytes);
    }
}

static uint8_t mean_of(uint8_t upper, uint8_t lower)
{
    return (uint8_t)((upper + lower + 1) / 2);
}

/* Chroma is the mean of the two rows. */
void ar_ingest8_yuv420_row_yuyv_ref(uint8_t *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        const uint8_t *const upper = src->y[0] + x * 4;
        const uint8_t *const lower = src->y[1] + x * 4;
        const uint8_t bytes[] = {
            upper[0],
            upper[2],
            lower[0],
            lower[2],
            mean_of(upper[1], lower[1]),
            mean_of(upper[3], lower[3]),
        };

        store(dst, scale, x, bytes);
    }
}

/* Bytes are B G R X. Chroma is that of the block's mean colour. */
void ar_ingest8_yuv420_row_xrgb_ref(uint8_t *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < src->width_px / 2; x++) {
        uint8_t bytes[6];
        int32_t u = 0;
        int32_t v = 0;

        for (size_t i = 0; i < 4; i++) {
            const uint8_t *const pixel = src->y[i / 2] + (x * 2 + i % 2) * 4;
            const int32_t luma = ar_ref_luma(pixel[2], pixel[1], pixel[0]);

            bytes[i] = (uint8_t)((luma + AR_IMAGE_Y_WHOLE / 2) / AR_IMAGE_Y_WHOLE);
            u += AR_IMAGE_Y_WHOLE * pixel[0] - luma;
            v += AR_IMAGE_Y_WHOLE * pixel[2] - luma;
        }
        bytes[4] = ar_ref_byte((float)u * AR_IMAGE_U_OF_SUM + 128.5F, 0.0F, 255.0F);
        bytes[5] = ar_ref_byte((float)v * AR_IMAGE_V_OF_SUM + 128.5F, 0.0F, 255.0F);
        store(dst, scale, x, bytes);
    }
}
