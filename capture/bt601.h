/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"

/*
 * Brings pictures that were coded with another luma equation (HD video: BT.709) to BT.601, the only one that
 * frames know. Works on YUV in place: a detour through RGB would cost several times as much. Pure.
 */

struct ar_bt601 {
    int32_t y_from_u_q14;
    int32_t y_from_v_q14;
    int32_t u_from_u_q14;
    int32_t u_from_v_q14;
    int32_t v_from_u_q14;
    int32_t v_from_v_q14;
};

/* kr, kb: the weights of red and blue in the luma of the source. */
struct ar_bt601 ar_bt601_from(double kr, double kb, enum ar_frame_range range);

/* frame is of any format but XRGB, which has no luma equation. */
void ar_bt601_apply(const struct ar_bt601 *matrix, struct ar_frame *frame);
