/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "display/scale.h"

/*
 * One row of XRGB pixels to another width: out[x] lies between two neighbours of the source, as taps[x] says. Private to
 * this folder, the tests and the benchmark. Pure.
 */

void ar_scale_across_ref(uint32_t *restrict out, const uint32_t *restrict source,
                         const struct ar_scale_tap *restrict taps, uint32_t n);

/* The same bits. With SSE2, which every x86-64 has, two pixels at a time; elsewhere the reference. */
void ar_scale_across(uint32_t *restrict out, const uint32_t *restrict source,
                     const struct ar_scale_tap *restrict taps, uint32_t n);
