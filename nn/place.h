/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Private to nn/: lets feature maps share memory when they are not needed at the same time.
 */

struct ar_place {
    uint64_t size;  /* any unit */
    uint32_t first; /* steps during which it is needed, both included */
    uint32_t last;
    uint64_t offset; /* out, in units of size */
    bool placed;     /* private */
};

/*
 * Sets offsets such that places that meet in a step do not overlap. Returns the size of the
 * whole.
 */
uint64_t ar_place_all(struct ar_place *places, uint32_t n_places);
