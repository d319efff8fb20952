/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * One loop for each instruction set: independent chains of multiply-accumulates in registers, more of them
 * than latency times issue width, and no memory. Gives the MACs that it did. `sink` takes
 * the sums, so that nobody can leave them out.
 *
 * Files that define them include this header and intrinsics only.
 */

#define BENCH_PEAK_SINK_B 1024 /* aligned to 64 bytes */

typedef uint64_t bench_peak_loop(uint64_t n_rounds, void *sink);

bench_peak_loop bench_peak_scalar_f32;
bench_peak_loop bench_peak_scalar_int8;
bench_peak_loop bench_peak_avx2_f32;
bench_peak_loop bench_peak_avx2_int8;
bench_peak_loop bench_peak_avxvnni_int8;
bench_peak_loop bench_peak_avx512_f32;
bench_peak_loop bench_peak_avx512_int8;
bench_peak_loop bench_peak_avx512vnni_int8;
bench_peak_loop bench_peak_neon_f32;
bench_peak_loop bench_peak_neon_int8;
bench_peak_loop bench_peak_dotprod_int8;
