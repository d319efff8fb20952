/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "budget/fit.h"
#include "tests/suite.h"
#include "tests/unit/chance.h"

#define N_POINTS 16

/* A microsecond or so for each term at the works below. */
static const double true_terms[AR_FIT_N_TERMS] = { 3e-4, 5e-5, 2e-5, 40.0 };

static uint64_t seed;

static void set_up(void)
{
    seed = 4711;
}

static struct ar_fit_work some_work(void)
{
    return (struct ar_fit_work){
        .depthwise = 1e5 + 1e6 * chance(&seed),
        .pointwise = 1e6 + 1e7 * chance(&seed),
        .bytes = 1e5 + 1e7 * chance(&seed),
    };
}

static double time_of(const double terms[AR_FIT_N_TERMS], const struct ar_fit_work *work)
{
    return terms[0] * work->depthwise + terms[1] * work->pointwise + terms[2] * work->bytes +
           terms[3];
}

static void check_sane(const struct ar_fit *fit)
{
    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++) {
        ck_assert(isfinite(fit->terms[t]));
        ck_assert_double_ge(fit->terms[t], 0.0);
    }
}

/* _i: which of the terms there are. */
START_TEST(exact_times_give_the_terms_back)
{
    struct ar_fit_work works[N_POINTS];
    double us[N_POINTS];
    double terms[AR_FIT_N_TERMS];
    struct ar_fit fit;

    memset(&fit, 0xa5, sizeof(fit));
    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
        terms[t] = (unsigned)_i & (1u << t) ? true_terms[t] : 0.0;
    for (uint32_t i = 0; i < N_POINTS; i++) {
        works[i] = some_work();
        us[i] = time_of(terms, &works[i]);
    }
    ar_fit_solve(&fit, works, us, N_POINTS);
    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
        ck_assert_double_eq_tol(fit.terms[t], terms[t], 1e-6 * true_terms[t]);
    for (uint32_t i = 0; i < N_POINTS; i++)
        ck_assert_double_eq_tol(ar_fit_us(&fit, &works[i]), us[i], 1e-6 * us[i]);
}
END_TEST

/* A pointwise layer: MACs go with the square of the width, bytes with the width, and there are no depthwise ones. */
START_TEST(a_term_without_work_is_zero)
{
    struct ar_fit_work works[N_POINTS];
    double us[N_POINTS];
    struct ar_fit fit;

    for (uint32_t i = 0; i < N_POINTS; i++) {
        const double width = 0.25 + 0.05 * i;

        works[i] =
            (struct ar_fit_work){ .pointwise = 1e7 * width * width, .bytes = 1e6 * width };
        us[i] = time_of(true_terms, &works[i]);
    }
    ar_fit_solve(&fit, works, us, N_POINTS);
    ck_assert_double_eq(fit.terms[0], 0.0);
    for (uint32_t t = 1; t < AR_FIT_N_TERMS; t++)
        ck_assert_double_eq_tol(fit.terms[t], true_terms[t], 1e-5 * true_terms[t]);
}
END_TEST

/* Depthwise MACs and bytes are in proportion: which of the two it was cannot be told, but the times can. */
START_TEST(works_that_say_the_same_twice_are_no_trouble)
{
    struct ar_fit_work works[N_POINTS];
    double us[N_POINTS];
    struct ar_fit fit;

    for (uint32_t i = 0; i < N_POINTS; i++) {
        const double width = 0.25 + 0.05 * i;

        works[i] = (struct ar_fit_work){ .depthwise = 9e5 * width,
                                         .pointwise = 1e7 * width * width,
                                         .bytes = 8e5 * width };
        us[i] = time_of(true_terms, &works[i]);
    }
    ar_fit_solve(&fit, works, us, N_POINTS);
    check_sane(&fit);
    for (uint32_t i = 0; i < N_POINTS; i++)
        ck_assert_double_eq_tol(ar_fit_us(&fit, &works[i]), us[i], 1e-5 * us[i]);
}
END_TEST

/* The errors count relative to the times: of 100 and 200 us the constant 120, not 150, is the best. */
START_TEST(errors_are_relative)
{
    const struct ar_fit_work works[2] = { { 0 } };
    const double us[2] = { 100.0, 200.0 };
    struct ar_fit fit;

    ar_fit_solve(&fit, works, us, 2);
    ck_assert_double_eq_tol(fit.terms[3], 120.0, 1e-9);
    ck_assert_double_eq_tol(ar_fit_us(&fit, &works[0]), 120.0, 1e-9);
}
END_TEST

START_TEST(one_measurement_is_met)
{
    const struct ar_fit_work work = { .depthwise = 1e6, .pointwise = 1e7, .bytes = 1e6 };
    const double us = 1234.0;
    struct ar_fit fit;

    ar_fit_solve(&fit, &work, &us, 1);
    check_sane(&fit);
    ck_assert_double_eq_tol(ar_fit_us(&fit, &work), us, 1e-6);
}
END_TEST

static double error_of(const struct ar_fit *fit, const struct ar_fit_work *works,
                       const double *us)
{
    double error = 0.0;

    for (uint32_t i = 0; i < N_POINTS; i++) {
        const double relative = ar_fit_us(fit, &works[i]) / us[i] - 1.0;

        error += relative * relative;
    }
    return error;
}

/* Noisy times, falling ones too: no step along any term that stays above zero makes the fit better. */
START_TEST(no_small_step_is_better)
{
    for (int round = 0; round < 200; round++) {
        struct ar_fit_work works[N_POINTS];
        double us[N_POINTS];
        struct ar_fit fit;
        double error;

        for (uint32_t i = 0; i < N_POINTS; i++) {
            works[i] = some_work();
            us[i] = time_of(true_terms, &works[i]) * (0.2 + 1.6 * chance(&seed));
            if (round % 2 == 0)
                us[i] = 1e9 / us[i];
        }
        ar_fit_solve(&fit, works, us, N_POINTS);
        check_sane(&fit);
        error = error_of(&fit, works, us);
        for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++) {
            const double step = 1e-3 * (fit.terms[t] + true_terms[t]);
            struct ar_fit other = fit;

            other.terms[t] = fit.terms[t] + step;
            ck_assert_double_ge(error_of(&other, works, us), error * (1.0 - 1e-9));
            other.terms[t] = fmax(0.0, fit.terms[t] - step);
            ck_assert_double_ge(error_of(&other, works, us), error * (1.0 - 1e-9));
        }
    }
}
END_TEST

START_TEST(nothing_and_no_times_are_zeros)
{
    const struct ar_fit_work work = { .depthwise = 1e6, .pointwise = 1e7, .bytes = 1e6 };
    static const double not_times[] = { 0.0, -5.0, (double)NAN, (double)INFINITY,
                                        -(double)INFINITY };
    struct ar_fit fit;

    memset(&fit, 0xa5, sizeof(fit));
    ar_fit_solve(&fit, &work, not_times, 0);
    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
        ck_assert_double_eq(fit.terms[t], 0.0);
    for (uint32_t i = 0; i < AR_ARRAY_LEN(not_times); i++) {
        memset(&fit, 0xa5, sizeof(fit));
        ar_fit_solve(&fit, &work, &not_times[i], 1);
        for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
            ck_assert_double_eq(fit.terms[t], 0.0);
        ck_assert_double_eq(ar_fit_us(&fit, &work), 0.0);
    }
}
END_TEST

/* What is no time is left out, and changes nothing of the rest. */
START_TEST(what_is_no_time_is_left_out)
{
    static const double not_times[] = { 0.0, -5.0, (double)NAN, (double)INFINITY };
    struct ar_fit_work works[N_POINTS];
    double us[N_POINTS];
    struct ar_fit fit;

    for (uint32_t i = 0; i < N_POINTS; i++) {
        works[i] = some_work();
        us[i] = i % 3 == 0 ? not_times[i % 4] : time_of(true_terms, &works[i]);
    }
    ar_fit_solve(&fit, works, us, N_POINTS);
    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
        ck_assert_double_eq_tol(fit.terms[t], true_terms[t], 1e-6 * true_terms[t]);
}
END_TEST

static double garbage(void)
{
    static const double values[] = {
        0.0, -1.0, (double)NAN, (double)INFINITY, -(double)INFINITY, 1e-200, 1e200, 1.0, 1e6,
    };

    return values[chance_below(&seed, AR_ARRAY_LEN(values))];
}

START_TEST(garbage_gives_terms_that_are_finite_and_not_negative)
{
    for (int round = 0; round < 5000; round++) {
        struct ar_fit_work works[N_POINTS];
        double us[N_POINTS];
        struct ar_fit fit;

        for (uint32_t i = 0; i < N_POINTS; i++) {
            works[i] = some_work();
            if (chance(&seed) < 0.3)
                works[i] = (struct ar_fit_work){ garbage(), garbage(), garbage() };
            us[i] = chance(&seed) < 0.3 ? garbage() : 1e4 * chance(&seed);
        }
        ar_fit_solve(&fit, works, us, chance_below(&seed, N_POINTS + 1));
        check_sane(&fit);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget fit");
    TCase *const tests = tcase_create("fit");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, exact_times_give_the_terms_back, 1, 1 << AR_FIT_N_TERMS);
    tcase_add_test(tests, a_term_without_work_is_zero);
    tcase_add_test(tests, works_that_say_the_same_twice_are_no_trouble);
    tcase_add_test(tests, errors_are_relative);
    tcase_add_test(tests, one_measurement_is_met);
    tcase_add_test(tests, no_small_step_is_better);
    tcase_add_test(tests, nothing_and_no_times_are_zeros);
    tcase_add_test(tests, what_is_no_time_is_left_out);
    tcase_add_test(tests, garbage_gives_terms_that_are_finite_and_not_negative);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
