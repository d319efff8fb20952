/* SPDX-License-Identifier: MIT */
#include "base/bucket.h"
#include "tests/suite.h"

#define START_US UINT64_C(1000000)

static uint32_t take_all(struct ar_bucket *bucket, uint64_t now_us)
{
    uint32_t n = 0;

    while (ar_bucket_take(bucket, now_us))
        n++;
    return n;
}

START_TEST(a_burst_and_then_the_rate)
{
    struct ar_bucket bucket;

    ar_bucket_init(&bucket, 50, 10, START_US);
    ck_assert_uint_eq(take_all(&bucket, START_US), 10);
    ck_assert_uint_eq(take_all(&bucket, START_US + 19999), 0);
    ck_assert_uint_eq(take_all(&bucket, START_US + 20000), 1);
    ck_assert_uint_eq(take_all(&bucket, START_US + 100000), 4);
}
END_TEST

START_TEST(a_rest_fills_it_but_not_beyond)
{
    struct ar_bucket bucket;

    ar_bucket_init(&bucket, 50, 10, START_US);
    ck_assert_uint_eq(take_all(&bucket, START_US + UINT64_C(3600000000)), 10);
    ck_assert_uint_eq(take_all(&bucket, UINT64_MAX), 10);
}
END_TEST

START_TEST(a_clock_that_goes_back_gives_nothing)
{
    struct ar_bucket bucket;

    ar_bucket_init(&bucket, 50, 2, START_US);
    ck_assert_uint_eq(take_all(&bucket, START_US), 2);
    ck_assert_uint_eq(take_all(&bucket, 0), 0);
    ck_assert_uint_eq(take_all(&bucket, 20000), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base_bucket");
    TCase *tcase = tcase_create("bucket");

    tcase_add_test(tcase, a_burst_and_then_the_rate);
    tcase_add_test(tcase, a_rest_fills_it_but_not_beyond);
    tcase_add_test(tcase, a_clock_that_goes_back_gives_nothing);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
