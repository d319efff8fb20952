/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/reason.h"
#include "tests/bench/world.h"

/*
 * A trace that ar-daemon recorded (--trace, `ar-ctl trace`), as a world to replay: frames arrive when they did, with the
 * deadlines that they had, and each segment is as much slower than calibrated as it was then, whatever rung it runs at.
 * Of a frame that was given up, the rest is as slow as its last segment was.
 */

/* Fills world and cost. -EINVAL with file and line; -errno. */
int recorded_load(struct world *world, struct ar_cost *cost, const char *path,
                  struct ar_reason *reason);
