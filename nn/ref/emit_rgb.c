/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "nn/image.h"
#include "nn/ref/bytes.h"
#include "nn/ref/ref.h"

struct rgb {
    float r;
    float g;
    float b;
};

/* A 2x2 block in the frame's bytes: four luma in (row, column) order, one chroma. */
struct block {
    uint8_t y[4];
    uint8_t u;
    uint8_t v;
};

/* The colour that a screen would show: out of gamut is clamped before anything is mixed. */
static struct rgb colour_at(const float *restrict src,
                            const struct ar_image_scale *restrict scale, size_t row, size_t x)
{
    const float *const pixel = src + row * scale->plane_row_stride + x;
    float value[3];

    for (size_t c = 0; c < 3; c++)
        value[c] = ar_ref_clamp(pixel[c * scale->plane_stride] * scale->emit_mul[c] +
                                    scale->emit_add[c],
                                scale->low[c], scale->high[c]);
    return (struct rgb){ value[0], value[1], value[2] };
}

static float luma_of(struct rgb colour)
{
    return colour.r * AR_IMAGE_Y_OF_R + colour.g * AR_IMAGE_Y_OF_G + colour.b * AR_IMAGE_Y_OF_B;
}

static uint8_t narrow(float value, const struct ar_image_range *restrict range)
{
    return ar_ref_byte(value * range->narrow_mul + range->narrow_add, range->low, range->high);
}

static struct block block_at(const float *restrict src,
                             const struct ar_image_scale *restrict scale, size_t x)
{
    struct rgb mean = { 0.0F, 0.0F, 0.0F };
    struct block block;

    for (size_t i = 0; i < 4; i++) {
        const struct rgb colour = colour_at(src, scale, i / 2, 2 * x + i % 2);

        block.y[i] = narrow(luma_of(colour), &scale->luma);
        mean.r += colour.r * 0.25F;
        mean.g += colour.g * 0.25F;
        mean.b += colour.b * 0.25F;
    }
    const float y = luma_of(mean);

    block.u = narrow((mean.b - y) * (1.0F / AR_IMAGE_B_OF_U), &scale->chroma);
    block.v = narrow((mean.r - y) * (1.0F / AR_IMAGE_R_OF_V), &scale->chroma);
    return block;
}

static void store_luma(const struct ar_image_rows *restrict dst, const struct block *block,
                       size_t x)
{
    for (size_t i = 0; i < 4; i++)
        dst->y[i / 2][2 * x + i % 2] = block->y[i];
}

void ar_emit_rgb_row_i420_ref(const struct ar_image_rows *restrict dst,
                              const float *restrict src,
                              const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < dst->width_px / 2; x++) {
        const struct block block = block_at(src, scale, x);

        store_luma(dst, &block, x);
        dst->u[x] = block.u;
        dst->v[x] = block.v;
    }
}

void ar_emit_rgb_row_nv12_ref(const struct ar_image_rows *restrict dst,
                              const float *restrict src,
                              const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < dst->width_px / 2; x++) {
        const struct block block = block_at(src, scale, x);

        store_luma(dst, &block, x);
        dst->u[2 * x] = block.u;
        dst->u[2 * x + 1] = block.v;
    }
}

void ar_emit_rgb_row_yuyv_ref(const struct ar_image_rows *restrict dst,
                              const float *restrict src,
                              const struct ar_image_scale *restrict scale)
{
    for (size_t x = 0; x < dst->width_px / 2; x++) {
        const struct block block = block_at(src, scale, x);

        for (size_t row = 0; row < 2; row++) {
            uint8_t *const pair = dst->y[row] + x * 4;

            pair[0] = block.y[2 * row];
            pair[1] = block.u;
            pair[2] = block.y[2 * row + 1];
            pair[3] = block.v;
        }
    }
}

void ar_emit_rgb_row_xrgb_ref(const struct ar_image_rows *restrict dst,
                              const float *restrict src,
                              const struct ar_image_scale *restrict scale)
{
    for (size_t row = 0; row < 2; row++) {
        for (size_t x = 0; x < dst->width_px; x++) {
            const struct rgb colour = colour_at(src, scale, row, x);

            ar_ref_store_xrgb(dst->y[row] + x * 4, colour.r + 0.5F, colour.g + 0.5F,
                              colour.b + 0.5F);
        }
    }
}
