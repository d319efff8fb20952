/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Private to nn/: one piece of memory, handed out front to back and freed at once.
 *
 * Used in two rounds by the same code: without memory it only counts (take gives NULL), then
 * with as much as was counted it hands out. So sizes are written down once.
 */

#define AR_ARENA_ALIGN_B 64

struct ar_arena {
    uint8_t *base;   /* NULL: counting */
    uint64_t used_b; /* 64 bits also on small machines: what is counted may not fit them */
};

/* Zeroed memory, aligned to AR_ARENA_ALIGN_B, or NULL while counting. */
void *ar_arena_take_b(struct ar_arena *arena, uint64_t size_b);
float *ar_arena_take(struct ar_arena *arena, uint64_t n_floats);

/* Gets the memory that was counted and starts over. 0 or -ENOMEM. */
int ar_arena_allocate(struct ar_arena *arena);
void ar_arena_finish(struct ar_arena *arena);
