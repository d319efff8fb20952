/* SPDX-License-Identifier: MIT */
#include "budget/histogram.h"

#include <assert.h>
#include <math.h>

/*
 * Below 2^6 us a bucket holds one value. From there on each octave [2^e, 2^(e + 1)) is cut into 32
 * buckets of 2^(e - 5) values; the last octave ends at 2^37 us, 38 hours, and takes all that is longer.
 */
enum {
    SUB_BITS = 5,
    SUB = 1 << SUB_BITS,
    N_OCTAVES = 37 - SUB_BITS,
};

static_assert(AR_HISTOGRAM_BUCKETS == SUB + N_OCTAVES * SUB, "32 values, then the octaves");

static uint32_t bucket_of(uint64_t value_us)
{
    if (value_us < SUB)
        return (uint32_t)value_us;

    const uint32_t shift = 63u - (uint32_t)__builtin_clzll(value_us) - SUB_BITS;
    const uint32_t bucket = shift * SUB + (uint32_t)(value_us >> shift);
    return bucket < AR_HISTOGRAM_BUCKETS ? bucket : AR_HISTOGRAM_BUCKETS - 1;
}

/* The largest value that lands in the bucket. */
static uint64_t upper_edge_us(uint32_t bucket)
{
    if (bucket < SUB)
        return bucket;

    const uint32_t shift = bucket / SUB - 1;
    return (((uint64_t)SUB + bucket % SUB + 1) << shift) - 1;
}

/* Counters stop at their end instead of starting again at 0: a daemon runs for months. */
void ar_histogram_add(struct ar_histogram *histogram, uint64_t value_us)
{
    uint32_t *const bucket = &histogram->buckets[bucket_of(value_us)];

    *bucket += *bucket < UINT32_MAX;
    histogram->n_samples++;
    if (__builtin_add_overflow(histogram->sum_us, value_us, &histogram->sum_us))
        histogram->sum_us = UINT64_MAX;
    if (value_us > histogram->max_us)
        histogram->max_us = value_us;
}

/* How many samples the answer must cover; a share that is no number covers one. */
static uint64_t rank_of(double share, uint64_t n_samples)
{
    if (!(share > 0.0))
        return 1;
    if (share >= 1.0)
        return n_samples;
    return (uint64_t)ceil(share * (double)n_samples);
}

uint64_t ar_histogram_quantile_us(const struct ar_histogram *histogram, double share)
{
    const uint64_t rank = rank_of(share, histogram->n_samples);
    uint64_t n_seen = 0;

    /* The last bucket has no upper edge: what is left there is max_us. */
    for (uint32_t bucket = 0; bucket + 1 < AR_HISTOGRAM_BUCKETS; bucket++) {
        n_seen += histogram->buckets[bucket];
        if (n_seen >= rank) {
            const uint64_t edge_us = upper_edge_us(bucket);
            return edge_us < histogram->max_us ? edge_us : histogram->max_us;
        }
    }
    return histogram->max_us;
}

uint64_t ar_histogram_count_below(const struct ar_histogram *histogram, uint64_t edge_us)
{
    const uint32_t end = bucket_of(edge_us);
    uint64_t n_below = 0;

    for (uint32_t bucket = 0; bucket < end; bucket++)
        n_below += histogram->buckets[bucket];
    return n_below;
}

uint64_t ar_histogram_mean_us(const struct ar_histogram *histogram)
{
    return histogram->n_samples > 0 ? histogram->sum_us / histogram->n_samples : 0;
}
