/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>

#include "base/macros.h"
#include "budget/phase.h"
#include "tests/suite.h"

#define RATE_MILLIHZ 60000
#define NOMINAL_US   (1e9 / RATE_MILLIHZ)
#define START_US     1000000.0
#define LOCKED       8

static struct ar_phase phase;

static void set_up(void)
{
    ar_phase_init(&phase, RATE_MILLIHZ);
}

/* Flips at the refreshes of a screen, from one refresh to before another. */
static void flips(double period_us, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++)
        ar_phase_flip(&phase, (uint64_t)round(START_US + i * period_us));
}

static uint64_t refresh_us(double period_us, uint32_t i)
{
    return (uint64_t)round(START_US + i * period_us);
}

START_TEST(without_a_rate_there_is_no_grid)
{
    ar_phase_init(&phase, 0);
    flips(NOMINAL_US, 0, 20);
    ck_assert(!ar_phase_is_locked(&phase));
    ck_assert_double_eq(phase.period_us, 0.0);
    ck_assert_uint_eq(ar_phase_last_before(&phase, 2000000), 0);
}
END_TEST

START_TEST(it_locks_after_some_flips)
{
    flips(NOMINAL_US, 0, LOCKED - 1);
    ck_assert(!ar_phase_is_locked(&phase));
    ck_assert_uint_eq(ar_phase_last_before(&phase, 2000000), 0);
    flips(NOMINAL_US, LOCKED - 1, LOCKED);
    ck_assert(ar_phase_is_locked(&phase));
}
END_TEST

START_TEST(the_last_refresh_is_not_later_than_the_limit)
{
    flips(NOMINAL_US, 0, 20);
    for (uint32_t i = 25; i < 60; i++) {
        const uint64_t at_us = refresh_us(NOMINAL_US, i);

        ck_assert_uint_le(at_us - 2, ar_phase_last_before(&phase, at_us + 2));
        ck_assert_uint_le(ar_phase_last_before(&phase, at_us + 2), at_us + 2);
        ck_assert_uint_le(ar_phase_last_before(&phase, at_us - 3),
                          refresh_us(NOMINAL_US, i - 1) + 2);
    }
}
END_TEST

START_TEST(refreshes_that_have_been_are_found_too)
{
    flips(NOMINAL_US, 0, 20);
    ck_assert_double_eq_tol((double)ar_phase_last_before(&phase, refresh_us(NOMINAL_US, 5) + 9),
                            START_US + 5 * NOMINAL_US, 3.0);
    ck_assert_uint_eq(ar_phase_last_before(&phase, 0), 0);
}
END_TEST

/* A picture now and then is enough. */
START_TEST(the_grid_goes_on_where_no_flip_comes)
{
    for (uint32_t i = 0; i < 20; i++)
        flips(NOMINAL_US, 7 * i, 7 * i + 1);
    ck_assert_uint_eq(phase.n_flips, 20);
    ck_assert_double_eq_tol(phase.period_us, NOMINAL_US, 0.5);
    ck_assert_double_eq_tol(phase.error_us, 0.0, 2.0);
}
END_TEST

START_TEST(a_screen_a_little_off_its_mode_is_followed)
{
    const double period_us = NOMINAL_US * 1.001;

    flips(period_us, 0, 600);
    ck_assert_double_eq_tol(phase.period_us, period_us, 1.0);
    ck_assert_double_lt(fabs(phase.error_us), 5.0);
    ck_assert_uint_eq(phase.n_flips, 600);
}
END_TEST

START_TEST(jitter_is_averaged_out)
{
    for (uint32_t i = 0; i < 600; i++) {
        const double late_us = i % 2 ? 300.0 : -300.0;

        ar_phase_flip(&phase, (uint64_t)(START_US + i * NOMINAL_US + late_us));
    }
    /* What the flip before pulled the grid by, at sqrt(2) w = 14 % of its error. */
    ck_assert_double_eq_tol(phase.next_us, START_US + 600 * NOMINAL_US, 0.15 * 300.0);
    ck_assert_double_eq_tol(phase.period_us, NOMINAL_US, 0.015 * 300.0);
}
END_TEST

START_TEST(a_period_stays_near_the_modes)
{
    for (uint32_t i = 0; i < 200; i++)
        ar_phase_flip(&phase, (uint64_t)(phase.next_us + 0.2 * NOMINAL_US));
    ck_assert_double_eq_tol(phase.period_us, 1.002 * NOMINAL_US, 1e-6);
    for (uint32_t i = 0; i < 200; i++)
        ar_phase_flip(&phase, (uint64_t)(phase.next_us - 0.2 * NOMINAL_US));
    ck_assert_double_eq_tol(phase.period_us, 0.998 * NOMINAL_US, 1e-6);
}
END_TEST

static const struct {
    double by; /* of a period, from where the next flip is due */
    bool anew;
} jumps[] = {
    { 0.24, false }, { -0.24, false }, { 0.26, true },  { -0.26, true },
    { 1.24, false }, { 1.26, true },   { -1.0, false }, { -2.0, true },
};

START_TEST(what_is_far_off_the_grid_starts_a_new_one)
{
    double at_us;

    flips(NOMINAL_US, 0, 20);
    at_us = round(phase.next_us + jumps[_i].by * NOMINAL_US);
    ar_phase_flip(&phase, (uint64_t)at_us);
    ck_assert_uint_eq(phase.n_flips, jumps[_i].anew ? 1 : 21);
    if (jumps[_i].anew) {
        ck_assert(!ar_phase_is_locked(&phase));
        ck_assert_double_eq(phase.period_us, NOMINAL_US);
        ck_assert_double_eq(phase.next_us, at_us + NOMINAL_US);
        ck_assert_double_eq(phase.error_us, 0.0);
    }
}
END_TEST

START_TEST(flips_without_end_are_counted_to_the_end)
{
    flips(NOMINAL_US, 0, 1);
    phase.n_flips = UINT32_MAX;
    flips(NOMINAL_US, 1, 3);
    ck_assert_uint_eq(phase.n_flips, UINT32_MAX);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget phase");
    TCase *const tests = tcase_create("phase");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, without_a_rate_there_is_no_grid);
    tcase_add_test(tests, it_locks_after_some_flips);
    tcase_add_test(tests, the_last_refresh_is_not_later_than_the_limit);
    tcase_add_test(tests, refreshes_that_have_been_are_found_too);
    tcase_add_test(tests, the_grid_goes_on_where_no_flip_comes);
    tcase_add_test(tests, a_screen_a_little_off_its_mode_is_followed);
    tcase_add_test(tests, jitter_is_averaged_out);
    tcase_add_test(tests, a_period_stays_near_the_modes);
    tcase_add_loop_test(tests, what_is_far_off_the_grid_starts_a_new_one, 0,
                        AR_ARRAY_LEN(jumps));
    tcase_add_test(tests, flips_without_end_are_counted_to_the_end);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
