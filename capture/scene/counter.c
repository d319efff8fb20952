/* SPDX-License-Identifier: MIT */
#include "capture/scene/counter.h"

#include <stddef.h>

#include "base/macros.h"

#define GLYPH_W  3
#define GLYPH_H  5
#define N_DIGITS 6
#define LUMA     240

/* A dot grows with the picture, and all digits fit where one is more than a pixel. */
#define ROWS_PER_DOT    180
#define COLUMNS_PER_DOT 40

/* Rows from the top, the leftmost pixel in bit 2. */
static const uint8_t glyphs[10][GLYPH_H] = {
    { 7, 5, 5, 5, 7 }, { 2, 6, 2, 2, 7 }, { 7, 1, 7, 4, 7 }, { 7, 1, 3, 1, 7 },
    { 5, 5, 7, 1, 1 }, { 7, 4, 7, 1, 7 }, { 7, 4, 7, 5, 7 }, { 7, 1, 1, 2, 2 },
    { 7, 5, 7, 5, 7 }, { 7, 5, 7, 1, 7 },
};

/* Half as bright and without colour, so that the digits can be read on anything. */
static void darken(struct ar_frame *frame, uint32_t left, uint32_t top, uint32_t right,
                   uint32_t bottom)
{
    for (uint32_t y = top; y < bottom; y++)
        for (uint32_t x = left; x < right; x++)
            frame->planes[0].data[(size_t)y * frame->planes[0].stride_b + x] /= 2;
    for (uint32_t p = 1; p < 3; p++)
        for (uint32_t y = top / 2; y < bottom / 2; y++)
            for (uint32_t x = left / 2; x < right / 2; x++)
                frame->planes[p].data[(size_t)y * frame->planes[p].stride_b + x] = 128;
}

static void draw_digit(struct ar_frame *frame, uint32_t digit, uint32_t left, uint32_t top,
                       uint32_t dot_px)
{
    for (uint32_t y = 0; y < GLYPH_H * dot_px; y++)
        for (uint32_t x = 0; x < GLYPH_W * dot_px; x++)
            if (glyphs[digit][y / dot_px] >> (GLYPH_W - 1 - x / dot_px) & 1)
                frame->planes[0]
                    .data[(size_t)(top + y) * frame->planes[0].stride_b + left + x] = LUMA;
}

void ar_counter_draw(struct ar_frame *frame, uint64_t number)
{
    const uint32_t dot_px = ar_max_u32(ar_min_u32(frame->shape.height_px / ROWS_PER_DOT,
                                                  frame->shape.width_px / COLUMNS_PER_DOT),
                                       1);
    const uint32_t step_px = (GLYPH_W + 1) * dot_px;
    const uint32_t n_digits =
        ar_min_u32(N_DIGITS, (frame->shape.width_px - 4 * dot_px) / step_px);
    const uint32_t right = frame->shape.width_px - 2 * dot_px;
    const uint32_t bottom = frame->shape.height_px - 2 * dot_px;
    const uint32_t left = right - n_digits * step_px - dot_px;
    const uint32_t top = bottom - (GLYPH_H + 2) * dot_px;

    darken(frame, left, top, right, bottom);
    for (uint32_t i = 0; i < n_digits; i++) {
        draw_digit(frame, (uint32_t)(number % 10), right - (i + 1) * step_px, top + dot_px,
                   dot_px);
        number /= 10;
    }
}
