/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"

/*
 * Words as a picture, for whoever stands before a screen that has no picture to show. Pure.
 */

/*
 * Fills the whole frame: light capitals on a dark ground, as large as fits, each line of `text` on its own. Only
 * A-Z, digits and a few signs are known; letters are raised, others become "?". A line that is too long is cut.
 */
void ar_notice_draw(struct ar_frame *frame, const char *text);
