/* SPDX-License-Identifier: MIT */
#pragma once

#include <string.h>

/*
 * What the files of base/ share among themselves. Private to this folder.
 */

struct ar_frame;
struct ar_pool;

/* The English text of a negative errno; never NULL, safe from any thread. */
static inline const char *ar_error_text(int ret)
{
    const char *text = strerrordesc_np(-ret);

    return text ? text : "unknown error";
}

/* Puts a frame without references back on its pool's free list. For ar_frame_unref() only. */
void ar_pool_give(struct ar_pool *pool, struct ar_frame *frame);
