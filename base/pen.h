/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"

/*
 * Letters on a picture, of 5 x 7 dots, which are squares of pixels. Only A-Z, digits and a few signs are known; letters
 * are raised, others become "?". They have brightness only: the ground they stand on gives the colour. Pure.
 */

/* Dots from a letter to the next, and from a line to the next that leave room to read. */
#define AR_PEN_CELL_W   6
#define AR_PEN_CELL_H   10
#define AR_PEN_LETTER_H 7

struct ar_pen {
    struct ar_frame *frame;
    uint32_t dot_px;
    uint8_t luma; /* in the frame's range */
};

/* Borrows the frame; luma is of full range. */
struct ar_pen ar_pen_on(struct ar_frame *frame, uint32_t dot_px, uint8_t luma);

/* n letters in a row, whose cells are inside the frame. */
void ar_pen_write(const struct ar_pen *pen, const char *text, uint32_t n, uint32_t left,
                  uint32_t top);
