/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"

/*
 * Pictures to the size of the screen: where they go, and a bilinear scaler for XRGB frames that makes one row after the
 * other, for screens that must not be read back. One thread.
 */

struct ar_scale_rect {
    uint32_t x_px;
    uint32_t y_px;
    uint32_t width_px;
    uint32_t height_px;
};

/* The largest rectangle of the source's aspect in the middle of the screen. Sides are at least 1. */
struct ar_scale_rect ar_scale_fit(uint32_t source_width_px, uint32_t source_height_px,
                                  uint32_t width_px, uint32_t height_px);

/* Where a pixel lies between two of the source: at `first` + `weight_q8` / 256. */
struct ar_scale_tap {
    uint32_t first;     /* first + 1 is in the source, too */
    uint32_t weight_q8; /* of first + 1; 0..256 */
};

struct ar_scaler {
    uint32_t source_width_px;
    uint32_t width_px;
    struct ar_scale_group *across; /* columns, some at a time */
    struct ar_scale_tap *down;     /* per row */
    const struct ar_frame *frame;  /* borrowed since begin */
    uint32_t *wide[2];             /* source rows at full width; row y in wide[y % 2] */
    uint32_t wide_row[2];          /* which row that is */
};

/* Sources of 2x2 pixels at least. 0 or -ENOMEM. */
int ar_scaler_init(struct ar_scaler *scaler, uint32_t source_width_px,
                   uint32_t source_height_px, uint32_t width_px, uint32_t height_px);
/* Accepts one that is all zeros. */
void ar_scaler_finish(struct ar_scaler *scaler);

/* Borrows an XRGB frame until the last row of it. */
void ar_scaler_begin(struct ar_scaler *scaler, const struct ar_frame *frame);

/* Makes row y, in address order, of which nothing is read back; fast when rows are asked for in rising order. */
void ar_scaler_row(struct ar_scaler *scaler, uint32_t y, uint8_t *out);
