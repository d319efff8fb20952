/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"
#include "base/reason.h"

/*
 * The contact sheet: pairs of camera picture and painting, one below the other, as a JPEG.
 * The compute thread offers every frame; pairs are taken at even distances. Memory is taken at create.
 */

struct ar_sheet;

#define AR_SHEET_PAIRS 4

/* n_frames: how many frames will be offered, about. */
int ar_sheet_create(struct ar_sheet **out, uint32_t width_px, uint32_t height_px,
                    uint32_t n_frames);
/* Accepts NULL. */
void ar_sheet_destroy(struct ar_sheet *sheet);

/* Copies the pair if its turn has come: a fraction of a millisecond, four times in all. Any frame format. */
void ar_sheet_offer(struct ar_sheet *sheet, const struct ar_frame *before,
                    const struct ar_frame *after);

/* Writes the pairs that there are. -ENODATA when there is none. */
int ar_sheet_write(const struct ar_sheet *sheet, const char *path, struct ar_reason *reason);
