/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>

#include "base/macros.h"
#include "budget/cost.h"
#include "tests/suite.h"

static struct ar_cost_sweep sweep;
static struct ar_cost cost;

static void set_up(void)
{
    sweep = (struct ar_cost_sweep){ 0 };
    cost = (struct ar_cost){ .n_rungs = 3, .n_segments = 2 };
}

/* One run for everything: 100 us a rung, 10 us a segment. */
static void fill_sweep(void)
{
    for (uint32_t segment = 0; segment < cost.n_segments; segment++) {
        for (uint32_t rung = 0; rung < cost.n_rungs; rung++)
            ar_cost_sweep_add(&sweep, segment, rung, 100u * (rung + 1) + 10u * segment);
    }
}

START_TEST(one_run_is_its_own_median)
{
    fill_sweep();
    ck_assert_int_eq(ar_cost_sweep_finish(&sweep, &cost), 0);
    ck_assert_uint_eq(cost.us[0][0], 100);
    ck_assert_uint_eq(cost.us[0][2], 300);
    ck_assert_uint_eq(cost.us[1][1], 210);
}
END_TEST

static const struct {
    uint32_t n_runs;
    uint64_t runs_us[7];
    uint64_t median_us;
} medians[] = {
    { 2, { 20, 10 }, 20 },         { 3, { 30, 10, 20 }, 20 },
    { 4, { 40, 10, 30, 20 }, 30 }, { 5, { 50, 10, 99999, 20, 30 }, 30 },
    { 5, { 7, 7, 7, 7, 7 }, 7 },   { 7, { 1, 2, 3, 4, 5, 1000, 1000 }, 3 },
};

START_TEST(finish_takes_the_median)
{
    cost = (struct ar_cost){ .n_rungs = 1, .n_segments = 1 };
    for (uint32_t i = 0; i < medians[_i].n_runs; i++)
        ar_cost_sweep_add(&sweep, 0, 0, medians[_i].runs_us[i]);
    ck_assert_int_eq(ar_cost_sweep_finish(&sweep, &cost), 0);
    ck_assert_uint_eq(cost.us[0][0], medians[_i].median_us);
}
END_TEST

START_TEST(a_gap_is_told_and_changes_nothing)
{
    cost.us[0][0] = 42;
    for (uint32_t rung = 0; rung < 3; rung++)
        ar_cost_sweep_add(&sweep, 0, rung, 100);
    ar_cost_sweep_add(&sweep, 1, 0, 100);
    ar_cost_sweep_add(&sweep, 1, 1, 100);
    ck_assert_int_eq(ar_cost_sweep_finish(&sweep, &cost), -ENODATA);
    ck_assert_uint_eq(cost.us[0][0], 42);
    ar_cost_sweep_add(&sweep, 1, 2, 100);
    ck_assert_int_eq(ar_cost_sweep_finish(&sweep, &cost), 0);
    ck_assert_uint_eq(cost.us[0][0], 100);
}
END_TEST

START_TEST(a_dip_is_lifted)
{
    static const uint64_t dipped_us[] = { 200, 150, 300 };

    for (uint32_t rung = 0; rung < 3; rung++) {
        ar_cost_sweep_add(&sweep, 0, rung, dipped_us[rung]);
        ar_cost_sweep_add(&sweep, 1, rung, 100);
    }
    ck_assert_int_eq(ar_cost_sweep_finish(&sweep, &cost), 0);
    ck_assert_uint_eq(cost.us[0][0], 200);
    ck_assert_uint_eq(cost.us[0][1], 200);
    ck_assert_uint_eq(cost.us[0][2], 300);
    ck_assert_uint_eq(cost.us[1][2], 100);
}
END_TEST

START_TEST(frame_and_rest_are_sums)
{
    fill_sweep();
    ck_assert_int_eq(ar_cost_sweep_finish(&sweep, &cost), 0);
    ck_assert_uint_eq(ar_cost_frame_us(&cost, 0), 210);
    ck_assert_uint_eq(ar_cost_frame_us(&cost, 2), 610);
    ck_assert_uint_eq(ar_cost_rest_us(&cost, 0, 2), 610);
    ck_assert_uint_eq(ar_cost_rest_us(&cost, 1, 2), 310);
    ck_assert_uint_eq(ar_cost_rest_us(&cost, 2, 2), 0);
}
END_TEST

START_TEST(sums_do_not_wrap)
{
    cost.us[0][1] = UINT64_MAX - 5;
    cost.us[1][1] = 6;
    ck_assert_uint_eq(ar_cost_frame_us(&cost, 1), UINT64_MAX);
}
END_TEST

/* Two rungs: 100 MACs in 1000 us, 300 in 2000 us, a quarter of both in the encoder. */
static const struct ar_cost known = {
    .n_rungs = 2,
    .n_segments = 2,
    .macs = { { 25, 75 }, { 75, 225 } },
    .us = { { 300, 600 }, { 700, 1400 } },
};

static const struct {
    uint64_t macs;
    uint64_t frame_us;
} estimates[] = {
    { 0, 0 }, { 50, 500 }, { 100, 1000 }, { 200, 1500 }, { 300, 2000 }, { 600, 4000 },
};

START_TEST(an_estimate_goes_by_macs)
{
    cost = (struct ar_cost){ .n_rungs = 1, .n_segments = 2 };
    cost.macs[0][0] = estimates[_i].macs / 5;
    cost.macs[1][0] = estimates[_i].macs - estimates[_i].macs / 5;
    ar_cost_estimate(&cost, &known);
    ck_assert_uint_eq(ar_cost_frame_us(&cost, 0), estimates[_i].frame_us);
    ck_assert_uint_eq(cost.us[0][0], estimates[_i].frame_us / 5);
}
END_TEST

START_TEST(an_estimate_from_one_rung_is_in_proportion)
{
    struct ar_cost one = known;

    one.n_rungs = 1;
    cost = (struct ar_cost){ .n_rungs = 1, .n_segments = 1, .macs = { { 300 } } };
    ar_cost_estimate(&cost, &one);
    ck_assert_uint_eq(cost.us[0][0], 3000);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget cost");
    TCase *const tests = tcase_create("cost");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, one_run_is_its_own_median);
    tcase_add_loop_test(tests, finish_takes_the_median, 0, AR_ARRAY_LEN(medians));
    tcase_add_test(tests, a_gap_is_told_and_changes_nothing);
    tcase_add_test(tests, a_dip_is_lifted);
    tcase_add_test(tests, frame_and_rest_are_sums);
    tcase_add_test(tests, sums_do_not_wrap);
    tcase_add_loop_test(tests, an_estimate_goes_by_macs, 0, AR_ARRAY_LEN(estimates));
    tcase_add_test(tests, an_estimate_from_one_rung_is_in_proportion);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
