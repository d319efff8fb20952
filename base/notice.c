/* SPDX-License-Identifier: MIT */
#include "base/notice.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/macros.h"

#define GLYPH_W 5
#define GLYPH_H 7
#define CELL_W  (GLYPH_W + 1)
#define CELL_H  (GLYPH_H + 3)
/* Dots that stay free on each side. */
#define MARGIN 4

#define GROUND_LUMA 24
#define TEXT_LUMA   208

struct glyph {
    char letter;
    uint8_t rows[GLYPH_H]; /* from the top, the leftmost dot in bit 4 */
};

/* clang-format off */
static const struct glyph glyphs[] = {
    { 'A', { 0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11 } }, { 'B', { 0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e } },
    { 'C', { 0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e } }, { 'D', { 0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e } },
    { 'E', { 0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f } }, { 'F', { 0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10 } },
    { 'G', { 0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f } }, { 'H', { 0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11 } },
    { 'I', { 0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e } }, { 'J', { 0x07, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0c } },
    { 'K', { 0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11 } }, { 'L', { 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f } },
    { 'M', { 0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11 } }, { 'N', { 0x11, 0x11, 0x19, 0x15, 0x13, 0x11, 0x11 } },
    { 'O', { 0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e } }, { 'P', { 0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10 } },
    { 'Q', { 0x0e, 0x11, 0x11, 0x11, 0x15, 0x12, 0x0d } }, { 'R', { 0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11 } },
    { 'S', { 0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e } }, { 'T', { 0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04 } },
    { 'U', { 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e } }, { 'V', { 0x11, 0x11, 0x11, 0x11, 0x11, 0x0a, 0x04 } },
    { 'W', { 0x11, 0x11, 0x11, 0x15, 0x15, 0x15, 0x0a } }, { 'X', { 0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11 } },
    { 'Y', { 0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04 } }, { 'Z', { 0x1f, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1f } },
    { '0', { 0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e } }, { '1', { 0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e } },
    { '2', { 0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f } }, { '3', { 0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e } },
    { '4', { 0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02 } }, { '5', { 0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e } },
    { '6', { 0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e } }, { '7', { 0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08 } },
    { '8', { 0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e } }, { '9', { 0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c } },
    { ' ', { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 } }, { '.', { 0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c } },
    { ',', { 0x00, 0x00, 0x00, 0x00, 0x0c, 0x04, 0x08 } }, { ':', { 0x00, 0x0c, 0x0c, 0x00, 0x0c, 0x0c, 0x00 } },
    { '-', { 0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00 } }, { '_', { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1f } },
    { '/', { 0x00, 0x01, 0x02, 0x04, 0x08, 0x10, 0x00 } }, { '+', { 0x00, 0x04, 0x04, 0x1f, 0x04, 0x04, 0x00 } },
    { '(', { 0x02, 0x04, 0x08, 0x08, 0x08, 0x04, 0x02 } }, { ')', { 0x08, 0x04, 0x02, 0x02, 0x02, 0x04, 0x08 } },
    { '?', { 0x0e, 0x11, 0x01, 0x02, 0x04, 0x00, 0x04 } },
};
/* clang-format on */

static const struct glyph *find_glyph(char letter)
{
    const char raised = (char)toupper((unsigned char)letter);
    const struct glyph *last = &glyphs[AR_ARRAY_LEN(glyphs) - 1];

    for (const struct glyph *glyph = glyphs; glyph < last; glyph++)
        if (glyph->letter == raised)
            return glyph;
    return last;
}

/* The bytes of a pixel in a frame's first plane, and how many of them carry brightness. */
static const struct {
    uint8_t step_b;
    uint8_t n_bright;
} pixels[AR_FRAME_N_FORMATS] = {
    [AR_FRAME_I420] = { 1, 1 },
    [AR_FRAME_NV12] = { 1, 1 },
    [AR_FRAME_YUYV] = { 2, 1 },
    [AR_FRAME_XRGB] = { 4, 3 },
};

struct pen {
    struct ar_frame *frame;
    uint32_t dot_px;
    uint8_t luma;
};

static void draw_dot(const struct pen *pen, uint32_t left, uint32_t top)
{
    const struct ar_frame_plane *plane = &pen->frame->planes[0];
    const uint32_t step_b = pixels[pen->frame->shape.format].step_b;

    for (size_t y = top; y < top + pen->dot_px; y++)
        for (size_t x = left; x < left + pen->dot_px; x++)
            memset(plane->data + y * plane->stride_b + x * step_b, pen->luma,
                   pixels[pen->frame->shape.format].n_bright);
}

static void draw_glyph(const struct pen *pen, const struct glyph *glyph, uint32_t left,
                       uint32_t top)
{
    for (uint32_t y = 0; y < GLYPH_H; y++)
        for (uint32_t x = 0; x < GLYPH_W; x++)
            if (glyph->rows[y] >> (GLYPH_W - 1 - x) & 1)
                draw_dot(pen, left + x * pen->dot_px, top + y * pen->dot_px);
}

struct extent {
    uint32_t n_lines;
    uint32_t n_columns; /* of the longest line */
};

static struct extent measure(const char *text)
{
    struct extent extent = { 0 };

    for (const char *line = text;; line++) {
        const uint32_t length = (uint32_t)strcspn(line, "\n");

        extent.n_lines++;
        extent.n_columns = ar_max_u32(extent.n_columns, length);
        line += length;
        if (*line == '\0')
            return extent;
    }
}

/* A line in the middle of the frame's width; what does not fit is left out. */
static void draw_line(const struct pen *pen, const char *line, uint32_t top)
{
    const uint32_t width_px = pen->frame->shape.width_px;
    const uint32_t cell_px = CELL_W * pen->dot_px;
    const uint32_t n = ar_min_u32((uint32_t)strcspn(line, "\n"), width_px / cell_px);
    const uint32_t left = (width_px - n * cell_px) / 2;

    for (uint32_t i = 0; i < n; i++)
        draw_glyph(pen, find_glyph(line[i]), left + i * cell_px, top);
}

void ar_notice_draw(struct ar_frame *frame, const char *text)
{
    static const uint8_t ground[3] = { GROUND_LUMA, 128, 128 };
    const struct ar_frame_shape *shape = &frame->shape;
    const struct extent extent = measure(text);
    const uint32_t fits = ar_min_u32(shape->width_px / (CELL_W * extent.n_columns + MARGIN),
                                     shape->height_px / (CELL_H * extent.n_lines + MARGIN));
    const struct pen pen = { .frame = frame,
                             .dot_px = ar_max_u32(fits, 1),
                             .luma = shape->format != AR_FRAME_XRGB &&
                                             shape->range == AR_FRAME_LIMITED
                                         ? 16 + TEXT_LUMA * 219 / 255
                                         : TEXT_LUMA };
    const uint32_t line_px = CELL_H * pen.dot_px;
    const uint32_t n_lines = ar_min_u32(extent.n_lines, shape->height_px / line_px);
    uint32_t top = (shape->height_px - n_lines * line_px) / 2;

    ar_frame_fill(frame, ground);
    for (uint32_t i = 0; i < n_lines; i++, top += line_px) {
        draw_line(&pen, text, top + (CELL_H - GLYPH_H) / 2 * pen.dot_px);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
}
