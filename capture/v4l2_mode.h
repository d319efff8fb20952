/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/reason.h"
#include "capture/v4l2_format.h"
#include "capture/v4l2_node.h"

/*
 * Finds the mode of a camera that answers a wish best, by asking the driver for all it has. One thread.
 */

/* -ENOTSUP when the camera has no format that we read; the reason names those it has. */
int ar_v4l2_choose_mode(const struct ar_v4l2_node *node, const struct ar_v4l2_wish *wish,
                        struct ar_v4l2_mode *best, struct ar_reason *reason);
