/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>

#include "base/macros.h"
#include "budget/thermal.h"
#include "tests/suite.h"

#define N_RUNGS   5
#define WIDEST    (N_RUNGS - 1)
#define LIMIT     78.0
#define SECOND_US 1000000u
#define START_US  (100u * SECOND_US)

static struct ar_thermal thermal;

static void set_up(void)
{
    ar_thermal_init(&thermal, N_RUNGS);
}

static uint32_t step(double celsius, uint64_t now_us)
{
    const struct ar_thermal_reading reading = { .celsius = celsius };

    return ar_thermal_step(&thermal, &reading, LIMIT, now_us);
}

/* Looked at once a second for some seconds: the cap at their end. */
static uint32_t stay(double celsius, uint64_t *now_us, uint32_t seconds)
{
    for (uint32_t i = 0; i < seconds; i++) {
        step(celsius, *now_us);
        *now_us += SECOND_US;
    }
    return thermal.cap;
}

START_TEST(nothing_is_capped_at_first)
{
    ck_assert_uint_eq(thermal.cap, WIDEST);
    ck_assert(!ar_thermal_is_capping(&thermal));
    ck_assert_uint_eq(step(LIMIT - 0.1, START_US), WIDEST);
    ck_assert(!ar_thermal_is_capping(&thermal));
}
END_TEST

START_TEST(hot_is_at_the_limit_and_narrows_at_once)
{
    ck_assert_uint_eq(step(LIMIT, START_US), WIDEST - 1);
    ck_assert(ar_thermal_is_capping(&thermal));
}
END_TEST

START_TEST(heat_narrows_by_a_rung_every_two_seconds)
{
    step(90.0, START_US);
    ck_assert_uint_eq(step(90.0, START_US + 2 * SECOND_US - 1), WIDEST - 1);
    ck_assert_uint_eq(step(90.0, START_US + 2 * SECOND_US), WIDEST - 2);
    ck_assert_uint_eq(step(90.0, START_US + 3 * SECOND_US), WIDEST - 2);
    ck_assert_uint_eq(step(90.0, START_US + 4 * SECOND_US), WIDEST - 3);
}
END_TEST

START_TEST(the_narrowest_stays_whatever_the_heat)
{
    uint64_t now_us = START_US;

    ck_assert_uint_eq(stay(120.0, &now_us, 60), 0);
    ck_assert(ar_thermal_is_capping(&thermal));
}
END_TEST

START_TEST(cool_is_four_degrees_below_and_widens_every_ten_seconds)
{
    uint64_t now_us = START_US;

    stay(90.0, &now_us, 3); /* two rungs */
    ck_assert_uint_eq(step(LIMIT - 4.0, now_us), WIDEST - 2);
    ck_assert_uint_eq(step(LIMIT - 4.0, now_us + 10 * SECOND_US - 1), WIDEST - 2);
    ck_assert_uint_eq(step(LIMIT - 4.0, now_us + 10 * SECOND_US), WIDEST - 1);
    now_us += 11 * SECOND_US;
    ck_assert_uint_eq(step(20.0, now_us), WIDEST - 1);
    ck_assert_uint_eq(step(20.0, now_us + 10 * SECOND_US - 1), WIDEST - 1);
    ck_assert_uint_eq(step(20.0, now_us + 10 * SECOND_US), WIDEST);
    ck_assert_uint_eq(step(20.0, now_us + 60 * SECOND_US), WIDEST);
    ck_assert(!ar_thermal_is_capping(&thermal));
}
END_TEST

/* Neither hot nor cool: the cap stays, and the ten seconds start again. */
START_TEST(between_hot_and_cool_all_stays)
{
    uint64_t now_us = START_US;

    step(90.0, now_us);
    now_us += SECOND_US;
    stay(20.0, &now_us, 9);
    ck_assert_uint_eq(step(LIMIT - 3.9, now_us), WIDEST - 1);
    now_us += SECOND_US;
    ck_assert_uint_eq(stay(20.0, &now_us, 10), WIDEST - 1);
    ck_assert_uint_eq(step(20.0, now_us), WIDEST);
}
END_TEST

START_TEST(heat_starts_the_wait_for_a_wider_one_again)
{
    uint64_t now_us = START_US;

    step(90.0, now_us);
    now_us += SECOND_US;
    stay(20.0, &now_us, 9);
    step(90.0, now_us);
    now_us += SECOND_US;
    ck_assert_uint_eq(stay(20.0, &now_us, 10), WIDEST - 2);
    ck_assert_uint_eq(step(20.0, now_us), WIDEST - 1);
}
END_TEST

static const struct {
    uint32_t flags;
    bool troubled;
} boards[] = {
    { AR_THERMAL_UNDER_VOLTAGE, true },
    { AR_THERMAL_CLOCK_CAPPED, true },
    { AR_THERMAL_THROTTLED, true },
    { AR_THERMAL_SOFT_LIMIT, true },
    { 0x50000, false }, /* that it happened at some time */
};

START_TEST(what_the_board_says_counts_at_any_heat_and_limit)
{
    const struct ar_thermal_reading reading = { .celsius = 20.0, .flags = boards[_i].flags };
    const uint32_t narrowed = WIDEST - boards[_i].troubled;

    ck_assert_uint_eq(ar_thermal_step(&thermal, &reading, LIMIT, START_US), narrowed);
    ar_thermal_init(&thermal, N_RUNGS);
    ck_assert_uint_eq(ar_thermal_step(&thermal, &reading, 0.0, START_US), narrowed);
}
END_TEST

START_TEST(without_a_limit_heat_is_not_looked_at_and_caps_go)
{
    const struct ar_thermal_reading reading = { .celsius = 120.0 };

    ck_assert_uint_eq(ar_thermal_step(&thermal, &reading, 0.0, START_US), WIDEST);
    step(90.0, START_US);
    ar_thermal_step(&thermal, &reading, 0.0, START_US);
    ck_assert_uint_eq(ar_thermal_step(&thermal, &reading, 0.0, START_US + 10 * SECOND_US),
                      WIDEST);
}
END_TEST

START_TEST(a_heat_that_is_unknown_is_not_hot)
{
    step(90.0, START_US);
    step((double)NAN, START_US + SECOND_US);
    ck_assert_uint_eq(step((double)NAN, START_US + 11 * SECOND_US), WIDEST);
}
END_TEST

START_TEST(a_clock_that_runs_backward_starts_the_wait_again)
{
    step(90.0, START_US);
    ck_assert_uint_eq(step(90.0, START_US - 50 * SECOND_US), WIDEST - 1);
    step(20.0, START_US);
    ck_assert_uint_eq(step(20.0, START_US - 50 * SECOND_US), WIDEST - 1);
    ck_assert_uint_eq(step(20.0, START_US - 41 * SECOND_US), WIDEST - 1);
    ck_assert_uint_eq(step(20.0, START_US - 40 * SECOND_US), WIDEST);
}
END_TEST

START_TEST(a_ladder_of_one_rung_never_caps)
{
    ar_thermal_init(&thermal, 1);
    ck_assert_uint_eq(step(120.0, START_US), 0);
    ck_assert(!ar_thermal_is_capping(&thermal));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget thermal");
    TCase *const tests = tcase_create("thermal");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, nothing_is_capped_at_first);
    tcase_add_test(tests, hot_is_at_the_limit_and_narrows_at_once);
    tcase_add_test(tests, heat_narrows_by_a_rung_every_two_seconds);
    tcase_add_test(tests, the_narrowest_stays_whatever_the_heat);
    tcase_add_test(tests, cool_is_four_degrees_below_and_widens_every_ten_seconds);
    tcase_add_test(tests, between_hot_and_cool_all_stays);
    tcase_add_test(tests, heat_starts_the_wait_for_a_wider_one_again);
    tcase_add_loop_test(tests, what_the_board_says_counts_at_any_heat_and_limit, 0,
                        AR_ARRAY_LEN(boards));
    tcase_add_test(tests, without_a_limit_heat_is_not_looked_at_and_caps_go);
    tcase_add_test(tests, a_heat_that_is_unknown_is_not_hot);
    tcase_add_test(tests, a_clock_that_runs_backward_starts_the_wait_again);
    tcase_add_test(tests, a_ladder_of_one_rung_never_caps);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
