/* SPDX-License-Identifier: MIT */
#include "base/notice.h"

#include <string.h>

#include "base/macros.h"
#include "base/pen.h"

/* Dots that stay free on each side. */
#define MARGIN 4

#define GROUND_LUMA 24
#define TEXT_LUMA   208

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
static void draw_line(const struct ar_pen *pen, const char *line, uint32_t top)
{
    const uint32_t width_px = pen->frame->shape.width_px;
    const uint32_t cell_px = AR_PEN_CELL_W * pen->dot_px;
    const uint32_t n = ar_min_u32((uint32_t)strcspn(line, "\n"), width_px / cell_px);

    ar_pen_write(pen, line, n, (width_px - n * cell_px) / 2, top);
}

void ar_notice_draw(struct ar_frame *frame, const char *text)
{
    static const uint8_t ground[3] = { GROUND_LUMA, 128, 128 };
    const struct ar_frame_shape *shape = &frame->shape;
    const struct extent extent = measure(text);
    const uint32_t fits =
        ar_min_u32(shape->width_px / (AR_PEN_CELL_W * extent.n_columns + MARGIN),
                   shape->height_px / (AR_PEN_CELL_H * extent.n_lines + MARGIN));
    const struct ar_pen pen = ar_pen_on(frame, ar_max_u32(fits, 1), TEXT_LUMA);
    const uint32_t line_px = AR_PEN_CELL_H * pen.dot_px;
    const uint32_t n_lines = ar_min_u32(extent.n_lines, shape->height_px / line_px);
    uint32_t top = (shape->height_px - n_lines * line_px) / 2;

    ar_frame_fill(frame, ground);
    for (uint32_t i = 0; i < n_lines; i++, top += line_px) {
        draw_line(&pen, text, top + (AR_PEN_CELL_H - AR_PEN_LETTER_H) / 2 * pen.dot_px);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
}
