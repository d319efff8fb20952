/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"

/*
 * A fixed set of frames of one shape, allocated once. Any thread may take and give back.
 * An empty pool is not an error to wait out: the caller drops its picture and counts it.
 */

struct ar_pool;

/* Memory is touched here, so that the frame path meets no page fault. 0, -EINVAL or -ENOMEM. */
int ar_pool_create(struct ar_pool **out, const struct ar_frame_shape *shape, uint32_t n_frames);

/* Accepts NULL. All frames must be back: asserted. */
void ar_pool_destroy(struct ar_pool *pool);

const struct ar_frame_shape *ar_pool_shape(const struct ar_pool *pool);

/* Hands out a reference with times and notice cleared, or NULL when all frames are in use. Never blocks for long. */
struct ar_frame *ar_pool_take(struct ar_pool *pool);
