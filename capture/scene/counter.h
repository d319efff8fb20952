/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"

/* Writes the number of the picture into the lower right corner of an I420 frame, as far as it fits. */
void ar_counter_draw(struct ar_frame *frame, uint64_t number);
