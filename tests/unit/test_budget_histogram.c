/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>

#include "base/macros.h"
#include "budget/histogram.h"
#include "tests/suite.h"

/* One bucket is at most this much wider than the values in it. */
#define BUCKET_WIDTH (1.0 / 32.0)

START_TEST(empty_gives_zero)
{
    static const struct ar_histogram histogram;

    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.5), 0);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 1.0), 0);
    ck_assert_uint_eq(ar_histogram_mean_us(&histogram), 0);
}
END_TEST

START_TEST(small_values_are_exact)
{
    struct ar_histogram histogram = { 0 };

    for (uint64_t value_us = 0; value_us < 64; value_us++)
        ar_histogram_add(&histogram, value_us);
    for (uint64_t value_us = 0; value_us < 64; value_us++) {
        const double share = (double)(value_us + 1) / 64.0;

        ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, share), value_us);
    }
}
END_TEST

/*
 * Every power of two and its neighbours: the answer is not below the value, and by less than a bucket above
 * it. A larger sample keeps max_us out of the way.
 */
START_TEST(values_land_in_their_bucket)
{
    for (uint32_t bit = 5; bit < 37; bit++) {
        for (int offset = -1; offset <= 1; offset++) {
            const uint64_t value_us = (1ull << bit) + (uint64_t)offset;
            struct ar_histogram histogram = { 0 };

            ar_histogram_add(&histogram, value_us);
            ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 1.0), value_us);
            ck_assert_uint_eq(ar_histogram_mean_us(&histogram), value_us);
            ar_histogram_add(&histogram, UINT64_MAX);

            const uint64_t found_us = ar_histogram_quantile_us(&histogram, 0.5);
            ck_assert_uint_ge(found_us, value_us);
            ck_assert_double_lt((double)(found_us - value_us), (double)value_us * BUCKET_WIDTH);
        }
    }
}
END_TEST

/* Edges from the definition: values a bucket apart are told apart, values in one bucket are not. */
START_TEST(buckets_are_the_thirty_second_part_of_an_octave)
{
    struct ar_histogram histogram = { 0 };

    ar_histogram_add(&histogram, 1024);
    ar_histogram_add(&histogram, 1055);
    ar_histogram_add(&histogram, 1056);
    ar_histogram_add(&histogram, 2047);
    ar_histogram_add(&histogram, 1u << 20);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.2), 1055);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.4), 1055);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.6), 1087);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.8), 2047);
}
END_TEST

START_TEST(quantiles_of_a_ramp)
{
    static const double shares[] = { 0.01, 0.1, 0.5, 0.9, 0.99, 0.999 };
    struct ar_histogram histogram = { 0 };

    for (uint64_t i = 1; i <= 100000; i++)
        ar_histogram_add(&histogram, i);
    for (size_t i = 0; i < AR_ARRAY_LEN(shares); i++) {
        const double want_us = shares[i] * 100000.0;
        const double got_us = (double)ar_histogram_quantile_us(&histogram, shares[i]);

        ck_assert_double_ge(got_us, want_us);
        ck_assert_double_le(got_us, want_us * (1.0 + BUCKET_WIDTH));
    }
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 1.0), 100000);
    ck_assert_uint_eq(ar_histogram_mean_us(&histogram), 50000);
    ck_assert_uint_eq(histogram.n_samples, 100000);
}
END_TEST

START_TEST(shares_out_of_range_are_the_ends)
{
    struct ar_histogram histogram = { 0 };

    ar_histogram_add(&histogram, 10);
    ar_histogram_add(&histogram, 20);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.0), 10);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, -1.0), 10);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, (double)NAN), 10);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 1e-300), 10);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.51), 20);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 2.0), 20);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, (double)INFINITY), 20);
}
END_TEST

START_TEST(huge_values_do_not_wrap)
{
    struct ar_histogram histogram = { 0 };

    ar_histogram_add(&histogram, 1000);
    ar_histogram_add(&histogram, UINT64_MAX);
    ar_histogram_add(&histogram, UINT64_MAX - 1);
    ck_assert_uint_eq(histogram.sum_us, UINT64_MAX);
    ck_assert_uint_eq(histogram.max_us, UINT64_MAX);
    ck_assert_uint_eq(ar_histogram_mean_us(&histogram), UINT64_MAX / 3);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.1), 1007);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.9), UINT64_MAX);
}
END_TEST

START_TEST(samples_below_a_power_of_two_are_exact)
{
    struct ar_histogram histogram = { 0 };

    for (uint64_t value_us = 0; value_us < 5000; value_us++)
        ar_histogram_add(&histogram, value_us);
    for (uint64_t edge_us = 1; edge_us <= 4096; edge_us *= 2)
        ck_assert_uint_eq(ar_histogram_count_below(&histogram, edge_us), edge_us);
    ck_assert_uint_eq(ar_histogram_count_below(&histogram, 0), 0);
    ck_assert_uint_eq(ar_histogram_count_below(&histogram, 1 << 20), 5000);
}
END_TEST

START_TEST(full_buckets_stay_full)
{
    struct ar_histogram histogram = { .n_samples = UINT32_MAX,
                                      .max_us = 7,
                                      .buckets = { [7] = UINT32_MAX } };

    ar_histogram_add(&histogram, 7);
    ck_assert_uint_eq(histogram.buckets[7], UINT32_MAX);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 0.5), 7);
    ck_assert_uint_eq(ar_histogram_quantile_us(&histogram, 1.0), 7);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget histogram");
    TCase *const tests = tcase_create("histogram");

    tcase_add_test(tests, empty_gives_zero);
    tcase_add_test(tests, small_values_are_exact);
    tcase_add_test(tests, values_land_in_their_bucket);
    tcase_add_test(tests, buckets_are_the_thirty_second_part_of_an_octave);
    tcase_add_test(tests, quantiles_of_a_ramp);
    tcase_add_test(tests, shares_out_of_range_are_the_ends);
    tcase_add_test(tests, huge_values_do_not_wrap);
    tcase_add_test(tests, samples_below_a_power_of_two_are_exact);
    tcase_add_test(tests, full_buckets_stay_full);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
