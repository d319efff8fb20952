/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * How tests/bench/peers.py drives a program that measures in turns with others. On standard input,
 * a line with a number: so many runs, after some that are not measured. On standard output, a line with
 * the nanoseconds of each. Until end of file.
 */

struct bench_served {
    void *user;
    void (*prepare)(void *user);
    void (*run)(void *user);
};

/* 0, -EINVAL for a line that is no number from 1 to 1000, -EPIPE when nobody reads. */
int bench_serve(const struct bench_served *served);
