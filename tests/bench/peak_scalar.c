/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/bench/peak_loops.h"

#define N_CHAINS 12

/* The sum is a factor, so that no compiler can foresee where a chain ends. */
uint64_t bench_peak_scalar_f32(uint64_t n_rounds, void *sink)
{
    float sums[N_CHAINS];

    memcpy(sums, sink, sizeof(sums));
    for (uint64_t round = 0; round < n_rounds; round++)
        for (int i = 0; i < N_CHAINS; i++)
            sums[i] = sums[i] * 0.5F + 0.5F;
    memcpy(sink, sums, sizeof(sums));
    return n_rounds * N_CHAINS;
}

uint64_t bench_peak_scalar_int8(uint64_t n_rounds, void *sink)
{
    uint32_t sums[N_CHAINS];

    memcpy(sums, sink, sizeof(sums));
    for (uint64_t round = 0; round < n_rounds; round++)
        for (int i = 0; i < N_CHAINS; i++)
            sums[i] = sums[i] * 0x01000193u + 1;
    memcpy(sink, sums, sizeof(sums));
    return n_rounds * N_CHAINS;
}
