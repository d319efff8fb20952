/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/* How long each frame took. */
struct bench_times {
    uint64_t *ns;
    uint32_t n_ns;
    uint32_t capacity;
};

/* 0 or -ENOMEM; capacity is above 0. */
int bench_times_init(struct bench_times *times, uint32_t capacity);
/* Accepts what was zeroed only. */
void bench_times_finish(struct bench_times *times);

/* What does not fit is left out. */
void bench_times_add(struct bench_times *times, uint64_t ns);

/* Sorts; 0 where there is none. */
double bench_times_median_ms(struct bench_times *times);
double bench_times_min_ms(struct bench_times *times);
