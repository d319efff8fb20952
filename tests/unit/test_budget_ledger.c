/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <string.h>

#include "base/macros.h"
#include "budget/ledger.h"
#include "tests/suite.h"

static struct ar_budget_ledger ledger;

static void set_up(void)
{
    memset(&ledger, 0xa5, sizeof(ledger));
    ar_budget_ledger_init(&ledger);
}

START_TEST(every_stage_has_its_own_name)
{
    for (enum ar_budget_stage a = 0; a < AR_BUDGET_N_STAGES; a++) {
        for (enum ar_budget_stage b = 0; b < a; b++)
            ck_assert_str_ne(ar_budget_stage_name(a), ar_budget_stage_name(b));
    }
    ck_assert_str_eq(ar_budget_stage_name(AR_BUDGET_WAIT), "wait");
    ck_assert_str_eq(ar_budget_stage_name(AR_BUDGET_LATENCY), "latency");
}
END_TEST

START_TEST(stages_are_apart)
{
    ar_budget_ledger_add(&ledger, AR_BUDGET_ENCODE, 10);
    ar_budget_ledger_add(&ledger, AR_BUDGET_ENCODE, 20);
    ar_budget_ledger_add(&ledger, AR_BUDGET_LATENCY, 30);
    ck_assert_uint_eq(ledger.stages[AR_BUDGET_ENCODE].n_samples, 2);
    ck_assert_uint_eq(ledger.stages[AR_BUDGET_ENCODE].max_us, 20);
    ck_assert_uint_eq(ledger.stages[AR_BUDGET_LATENCY].sum_us, 30);
    ck_assert_uint_eq(ledger.stages[AR_BUDGET_DECODE].n_samples, 0);
    ck_assert_uint_eq(ledger.n_painted, 0);
}
END_TEST

START_TEST(a_miss_is_after_the_deadline)
{
    ar_budget_ledger_painted(&ledger, 999, 1000, 0, 1.0);
    ar_budget_ledger_painted(&ledger, 1000, 1000, 0, 1.0);
    ck_assert_uint_eq(ledger.n_missed, 0);
    ar_budget_ledger_painted(&ledger, 1001, 1000, 0, 1.0);
    ck_assert_uint_eq(ledger.n_missed, 1);
    ar_budget_ledger_painted(&ledger, UINT64_MAX, 0, 0, 1.0);
    ck_assert_uint_eq(ledger.n_missed, 1);
    ck_assert_uint_eq(ledger.n_painted, 4);
}
END_TEST

START_TEST(the_longest_run_is_kept)
{
    static const char misses[] = "x.xxx.xx.";

    for (const char *c = misses; *c; c++)
        ar_budget_ledger_painted(&ledger, *c == 'x' ? 2 : 1, 1, 0, 1.0);
    ck_assert_uint_eq(ledger.n_missed, 6);
    ck_assert_uint_eq(ledger.longest_run, 3);
    ck_assert_uint_eq(ledger.run, 0);
    ar_budget_ledger_painted(&ledger, 2, 1, 0, 1.0);
    ck_assert_uint_eq(ledger.run, 1);
}
END_TEST

/* The first frame is no switch, whatever its rung. */
START_TEST(widths_and_switches_are_counted)
{
    static const uint32_t rungs[] = { 3, 3, 2, 2, 3 };

    for (size_t i = 0; i < AR_ARRAY_LEN(rungs); i++)
        ar_budget_ledger_painted(&ledger, 1, 1, rungs[i], rungs[i] / 4.0);
    ck_assert_uint_eq(ledger.n_switches, 2);
    ck_assert_uint_eq(ledger.last_rung, 3);
    ck_assert_double_eq(ledger.width_sum, 13 / 4.0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget ledger");
    TCase *const tests = tcase_create("ledger");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, every_stage_has_its_own_name);
    tcase_add_test(tests, stages_are_apart);
    tcase_add_test(tests, a_miss_is_after_the_deadline);
    tcase_add_test(tests, the_longest_run_is_kept);
    tcase_add_test(tests, widths_and_switches_are_counted);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
