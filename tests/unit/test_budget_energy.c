/* SPDX-License-Identifier: MIT */
#include <check.h>

#include "base/macros.h"
#include "budget/energy.h"
#include "tests/suite.h"

#define PERIOD_US 40000u /* 90,000 frames an hour */

/* 3 W at rest and 7 W while painting: a frame of 10 ms takes 0.12 J + 0.04 J, one of 20 ms 0.2 J, of 30 ms 0.24 J. */
static const struct ar_energy_params board = { .idle_w = 3.0, .busy_w = 7.0 };

static const struct ar_cost cost = {
    .n_rungs = 3,
    .n_segments = 1,
    .us = { { { 10000, 20000, 30000 } } },
};

static struct ar_energy_params allowing(double joules_per_hour)
{
    struct ar_energy_params params = board;

    params.joules_per_hour = joules_per_hour;
    return params;
}

START_TEST(a_frame_takes_what_the_board_draws_and_more_while_it_is_painted)
{
    ck_assert_double_eq_tol(ar_energy_frame_j(&board, PERIOD_US, 0.0), 0.12, 1e-12);
    ck_assert_double_eq_tol(ar_energy_frame_j(&board, PERIOD_US, 10000.0), 0.16, 1e-12);
    ck_assert_double_eq_tol(ar_energy_frame_j(&board, PERIOD_US, 40000.0), 0.28, 1e-12);
}
END_TEST

/* 80 ms at 7 W: what it draws at rest is drawn for two periods. */
START_TEST(a_frame_longer_than_the_period_draws_for_all_its_time)
{
    ck_assert_double_eq_tol(ar_energy_frame_j(&board, PERIOD_US, 80000.0), 0.56, 1e-12);
}
END_TEST

static const struct ar_energy_params unknown[] = {
    { .idle_w = 0.0, .busy_w = 7.0, .joules_per_hour = 1.0 },
    { .idle_w = 3.0, .busy_w = 0.0, .joules_per_hour = 1.0 },
};

START_TEST(without_either_of_the_watts_nothing_is_known_and_nothing_limited)
{
    ck_assert_double_eq(ar_energy_frame_j(&unknown[_i], PERIOD_US, 10000.0), 0.0);
    ck_assert_uint_eq(ar_energy_cap(&unknown[_i], &cost, 1.0, PERIOD_US), 2);
}
END_TEST

START_TEST(without_a_limit_the_widest)
{
    ck_assert_uint_eq(ar_energy_cap(&board, &cost, 1.0, PERIOD_US), 2);
}
END_TEST

static const struct {
    double joules_per_hour; /* of 90,000 frames */
    double slowdown;
    uint32_t cap;
} caps[] = {
    { 90000 * 0.2401, 1.0, 2 }, { 90000 * 0.2399, 1.0, 1 }, { 90000 * 0.2001, 1.0, 1 },
    { 90000 * 0.1999, 1.0, 0 }, { 90000 * 0.1601, 1.0, 0 }, { 1.0, 1.0, 0 },
    { 90000 * 0.2001, 2.0, 0 }, { 90000 * 0.2001, 0.5, 2 }, { 3600 * 7.001, 4.0, 2 },
    { 3600 * 6.999, 4.0, 0 },
};

START_TEST(the_widest_that_stays_within_the_limit)
{
    const struct ar_energy_params params = allowing(caps[_i].joules_per_hour);

    ck_assert_uint_eq(ar_energy_cap(&params, &cost, caps[_i].slowdown, PERIOD_US),
                      caps[_i].cap);
}
END_TEST

/* A limit that is met to the joule is kept. */
START_TEST(the_limit_itself_is_allowed)
{
    static const struct ar_energy_params exact = { .idle_w = 1.0,
                                                   .busy_w = 3.0,
                                                   .joules_per_hour = 7200.0 };
    static const struct ar_cost half = {
        .n_rungs = 2,
        .n_segments = 1,
        .us = { { { 250000, 500000 } } },
    };

    ck_assert_uint_eq(ar_energy_cap(&exact, &half, 1.0, 1000000), 1);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget energy");
    TCase *const tests = tcase_create("energy");

    tcase_add_test(tests, a_frame_takes_what_the_board_draws_and_more_while_it_is_painted);
    tcase_add_test(tests, a_frame_longer_than_the_period_draws_for_all_its_time);
    tcase_add_loop_test(tests, without_either_of_the_watts_nothing_is_known_and_nothing_limited,
                        0, AR_ARRAY_LEN(unknown));
    tcase_add_test(tests, without_a_limit_the_widest);
    tcase_add_loop_test(tests, the_widest_that_stays_within_the_limit, 0, AR_ARRAY_LEN(caps));
    tcase_add_test(tests, the_limit_itself_is_allowed);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
