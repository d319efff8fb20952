/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "nn/net.h"

/*
 * Private to encoder/: tells a scene cut from everything that a camera does within a scene.
 *
 * Compares a coarse grid of luma means with that of the frame before. Costs the same for any
 * size of picture: a fixed number of samples is read.
 */

#define AR_ENCODER_CUT_COLUMNS 8
#define AR_ENCODER_CUT_ROWS    6
#define AR_ENCODER_CUT_CELLS   (AR_ENCODER_CUT_COLUMNS * AR_ENCODER_CUT_ROWS)

struct ar_encoder_cut {
    float cells[AR_ENCODER_CUT_CELLS]; /* of the frame before, levels 0 to 255 */
    bool has_cells;
};

/* Whether a network's planes begin another scene. Remembers them. The first planes do not. */
bool ar_encoder_cut_look(struct ar_encoder_cut *cut, const struct ar_net *net);
