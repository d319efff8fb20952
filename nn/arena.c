/* SPDX-License-Identifier: MIT */
#include "nn/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

void *ar_arena_take_b(struct ar_arena *arena, uint64_t size_b)
{
    const uint64_t at_b = arena->used_b;

    arena->used_b += (size_b + AR_ARENA_ALIGN_B - 1) / AR_ARENA_ALIGN_B * AR_ARENA_ALIGN_B;
    return arena->base ? arena->base + at_b : NULL;
}

float *ar_arena_take(struct ar_arena *arena, uint64_t n_floats)
{
    return ar_arena_take_b(arena, n_floats * sizeof(float));
}

int ar_arena_allocate(struct ar_arena *arena)
{
    const size_t size_b = (size_t)arena->used_b;

    if (size_b != arena->used_b)
        return -ENOMEM;
    arena->base = aligned_alloc(AR_ARENA_ALIGN_B, size_b);
    if (!arena->base)
        return -ENOMEM;
    /*
     * Written, not only zeroed by the kernel on demand: the frame path must meet no page fault.
     */
    memset(arena->base, 0, size_b);
    arena->used_b = 0;
    return 0;
}

void ar_arena_finish(struct ar_arena *arena)
{
    free(arena->base);
    *arena = (struct ar_arena){ 0 };
}
