/* SPDX-License-Identifier: MIT */
#pragma once

#include "tests/bench/precision.h"

/*
 * The most multiply-accumulates that one core of this machine does in a second, measured: the best
 * of many short samples of the widest loop that it can run (tests/bench/peak_loops.h).
 *
 * Samples are taken all through a run, so that peak and results meet the same clock. One thread.
 */

struct bench_peak {
    enum bench_precision precision;
    const char *isa;
    double gmacs; /* 10^9 a second: the best so far */
};

/* Finds the fastest loop, and lets the clock settle: takes about a quarter of a second. */
void bench_peak_init(struct bench_peak *peak, enum bench_precision precision);

/* One more sample, about four milliseconds. */
void bench_peak_sample(struct bench_peak *peak);

/* A line for people. */
void bench_peak_print(const struct bench_peak *peak);
