/* SPDX-License-Identifier: MIT */
#include <check.h>

#include "daemon/meter.h"
#include "tests/suite.h"

#define FIRST_US 1000000u

START_TEST(numbers_stand_still_for_half_a_second)
{
    struct ar_histogram paint = { 0 };
    struct ar_meter meter = { 0 };

    ar_histogram_add(&paint, 20000);
    ar_meter_add(&meter, FIRST_US, 0.25, &paint);
    ck_assert(meter.shown.width == 0.25);
    ck_assert(meter.shown.fps == 0.0);
    for (uint32_t i = 1; i < 25; i++) { /* 50 a second, by turns wide and narrow */
        ar_meter_add(&meter, FIRST_US + i * 20000u, i % 2 ? 1.0 : 0.5, &paint);
        ck_assert(meter.shown.fps == 0.0);
        ck_assert_uint_eq(meter.shown.p99_us, 0);
    }
    ar_meter_add(&meter, FIRST_US + 500000u, 1.0, &paint);
    ck_assert_double_eq_tol(meter.shown.fps, 50.0, 1e-9);
    ck_assert_double_eq_tol(meter.shown.width, (13 * 1.0 + 12 * 0.5) / 25, 1e-9);
    ck_assert_uint_eq(meter.shown.p99_us, ar_histogram_quantile_us(&paint, 0.99));

    ar_meter_add(&meter, FIRST_US + 1500000u, 0.5, &paint); /* then one in a second */
    ck_assert_double_eq_tol(meter.shown.fps, 1.0, 1e-9);
    ck_assert_double_eq_tol(meter.shown.width, 0.5, 1e-9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("meter");
    TCase *tcase = tcase_create("meter");

    tcase_add_test(tcase, numbers_stand_still_for_half_a_second);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
