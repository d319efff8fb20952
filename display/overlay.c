/* SPDX-License-Identifier: MIT */
#include "display/overlay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/pen.h"

/* All in dots, which are squares of pixels. */
#define ROWS_A_DOT  180 /* of the picture: a letter is 1/25 of its height */
#define N_COLUMNS   22
#define MARGIN      4 /* around the box */
#define PAD         3 /* inside it */
#define WIDTH       (N_COLUMNS * AR_PEN_CELL_W + 2 * PAD)
#define LEAST_WIDTH (2 * AR_PEN_CELL_W + 2 * PAD)
#define BAR_TOP     (PAD + 2 * AR_PEN_CELL_H)
#define BAR_HEIGHT  5
#define HEIGHT      (BAR_TOP + BAR_HEIGHT + PAD)

#define BAR_END 1.25 /* times the budget */

#define TEXT_LUMA 220

/* Full-range Y, U, V. */
static const uint8_t ground[3] = { 16, 128, 128 };
static const uint8_t track[3] = { 72, 128, 128 };
static const uint8_t within[3] = { 150, 88, 78 };
static const uint8_t beyond[3] = { 110, 94, 214 };
static const uint8_t mark[3] = { TEXT_LUMA, 128, 128 };

static uint32_t even(uint32_t value)
{
    return value & ~1u;
}

/* From one column of the box to another. */
static void fill_columns(struct ar_frame *frame, struct ar_frame_box box, uint32_t first,
                         uint32_t end, const uint8_t yuv[3])
{
    box.left_px += even(first);
    box.width_px = even(end) - even(first);
    ar_frame_fill_box(frame, &box, yuv);
}

static void draw_bar(struct ar_frame *frame, const struct ar_frame_box *box,
                     const struct ar_overlay *overlay)
{
    const double share =
        overlay->budget_us > 0 ? (double)overlay->paint_us / (double)overlay->budget_us : 0.0;
    const uint32_t at = (uint32_t)(box->width_px * fmin(share / BAR_END, 1.0));
    const uint32_t at_mark = (uint32_t)(box->width_px / BAR_END);

    fill_columns(frame, *box, at, box->width_px, track);
    fill_columns(frame, *box, 0, ar_min_u32(at, at_mark), within);
    if (at > at_mark)
        fill_columns(frame, *box, at_mark, at, beyond);
    fill_columns(frame, *box, at_mark, at_mark + 2, mark);
}

static void write_line(const struct ar_pen *pen, const struct ar_frame_box *box, uint32_t line,
                       const char *text)
{
    const uint32_t dot_px = pen->dot_px;
    const uint32_t room = (box->width_px / dot_px - 2 * PAD) / AR_PEN_CELL_W;

    ar_pen_write(pen, text, ar_min_u32((uint32_t)strlen(text), room),
                 box->left_px + PAD * dot_px,
                 box->top_px + (PAD + line * AR_PEN_CELL_H) * dot_px);
}

void ar_overlay_draw(struct ar_frame *frame, const struct ar_overlay *overlay)
{
    const struct ar_frame_shape *shape = &frame->shape;
    const uint32_t dot_px = ar_max_u32((shape->height_px + ROWS_A_DOT / 2) / ROWS_A_DOT, 1);
    const uint32_t margin_px = even(MARGIN * dot_px);
    struct ar_frame_box box = { .left_px = margin_px,
                                .top_px = margin_px,
                                .width_px = even(WIDTH * dot_px),
                                .height_px = even(HEIGHT * dot_px + 1) };
    const struct ar_pen pen = ar_pen_on(frame, dot_px, TEXT_LUMA);
    char text[2][40];

    if (shape->height_px < 2 * margin_px + box.height_px ||
        shape->width_px < 2 * margin_px + LEAST_WIDTH * dot_px)
        return;
    box.width_px = ar_min_u32(box.width_px, shape->width_px - 2 * margin_px);
    ar_frame_fill_box(frame, &box, ground);
    snprintf(text[0], sizeof(text[0]), "%.1f FPS  WIDTH %.2f", overlay->fps, overlay->width);
    snprintf(text[1], sizeof(text[1]), "P99 %.1f OF %.1f MS", (double)overlay->p99_us / 1e3,
             (double)overlay->budget_us / 1e3);
    write_line(&pen, &box, 0, text[0]);
    write_line(&pen, &box, 1, text[1]);
    box.left_px += even(PAD * dot_px);
    box.width_px -= 2 * even(PAD * dot_px);
    box.top_px += even(BAR_TOP * dot_px);
    box.height_px = even(BAR_HEIGHT * dot_px);
    draw_bar(frame, &box, overlay);
}
