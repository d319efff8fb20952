/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/* For property tests: numbers at random that are the same everywhere, within [0, 1). Any seed. */
static inline double chance(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(*seed >> 11) * 0x1p-53;
}

static inline uint32_t chance_below(uint64_t *seed, uint32_t limit)
{
    return (uint32_t)(chance(seed) * limit);
}
