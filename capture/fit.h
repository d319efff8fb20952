/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/frame.h"

/*
 * Brings a picture of any size, format and range into a frame of any other: as large as fits, in the middle,
 * nearest pixel. For a camera that came back with other pictures than it went with, or came in the scene's place. Pure.
 */

void ar_fit(struct ar_frame *dst, const struct ar_frame *src);
