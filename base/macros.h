/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * The few idioms that every folder needs. A macro here is one that no function can be.
 */

#define AR_ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#define AR_CONTAINER_OF(ptr, type, member) \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline uint32_t ar_min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t ar_max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static inline int32_t ar_clamp_i32(int32_t value, int32_t low, int32_t high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}

/* step is a power of two. */
static inline size_t ar_align_up(size_t value, size_t step)
{
    return (value + step - 1) & ~(step - 1);
}
