/* SPDX-License-Identifier: MIT */
#include "tests/bench/times.h"

#include <errno.h>
#include <stdlib.h>

#define MS_OF_NS 1e-6

int bench_times_init(struct bench_times *times, uint32_t capacity)
{
    times->ns = calloc(capacity, sizeof(*times->ns));
    times->n_ns = 0;
    times->capacity = capacity;
    return times->ns ? 0 : -ENOMEM;
}

void bench_times_finish(struct bench_times *times)
{
    free(times->ns);
    times->ns = NULL;
}

void bench_times_add(struct bench_times *times, uint64_t ns)
{
    if (times->n_ns < times->capacity)
        times->ns[times->n_ns++] = ns;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static double at_ms(struct bench_times *times, uint32_t position)
{
    if (times->n_ns == 0)
        return 0;
    qsort(times->ns, times->n_ns, sizeof(*times->ns), compare);
    return (double)times->ns[position] * MS_OF_NS;
}

double bench_times_median_ms(struct bench_times *times)
{
    return at_ms(times, times->n_ns / 2);
}

double bench_times_min_ms(struct bench_times *times)
{
    return at_ms(times, 0);
}
