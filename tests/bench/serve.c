/* SPDX-License-Identifier: MIT */
#include "tests/bench/serve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/clock.h"

#define MAX_RUNS 1000
#define WARM_NS  10000000 /* threads that slept are on a processor each by then */

static void warm_up(const struct bench_served *served)
{
    const uint64_t start_ns = bench_now_ns();

    do
        served->prepare(served->user);
    while (bench_now_ns() - start_ns < WARM_NS);
}

int bench_serve(const struct bench_served *served)
{
    char line[16];

    while (fgets(line, sizeof(line), stdin)) {
        char *end;
        const unsigned long n_runs = strtoul(line, &end, 10);

        if (*end != '\n' || n_runs < 1 || n_runs > MAX_RUNS)
            return -EINVAL;
        warm_up(served);
        for (unsigned long i = 0; i < n_runs; i++) {
            const uint64_t start_ns = bench_now_ns();

            served->run(served->user);
            printf("%" PRIu64 "%c", bench_now_ns() - start_ns, i + 1 < n_runs ? ' ' : '\n');
        }
        if (fflush(stdout) != 0)
            return -EPIPE;
    }
    return 0;
}
