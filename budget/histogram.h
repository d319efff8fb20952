/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * Durations in logarithmic buckets (32 per octave, about 2 % wide), from 1 us to over an hour:
 * percentiles without keeping the samples. Plain data, one writer; copy it to read elsewhere.
 */

#define AR_HISTOGRAM_BUCKETS 1056

struct ar_histogram {
    uint64_t n_samples;
    uint64_t sum_us;
    uint64_t max_us;
    uint32_t buckets[AR_HISTOGRAM_BUCKETS];
};

void ar_histogram_add(struct ar_histogram *histogram, uint64_t value_us);

/* The upper edge of the bucket that holds the given share, 0..1; never above max_us; 0 when empty. */
uint64_t ar_histogram_quantile_us(const struct ar_histogram *histogram, double share);
/* Samples below edge_us, exactly where a bucket begins there, as at all powers of two. */
uint64_t ar_histogram_count_below(const struct ar_histogram *histogram, uint64_t edge_us);
uint64_t ar_histogram_mean_us(const struct ar_histogram *histogram);
