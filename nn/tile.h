/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Register tiles: an array of sums stays in registers only when its function is inlined with constant
 * sizes and every loop over it is gone before the compiler decides where arrays live.
 * AR_UNROLL stands before such a loop, whose count must be a constant of at most 32.
 */
#define AR_TILE static inline __attribute__((always_inline))

#if defined(__clang__)
#    define AR_UNROLL _Pragma("clang loop unroll(full)")
#else
#    define AR_UNROLL _Pragma("GCC unroll 32")
#endif
