/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>

#include "base/macros.h"
#include "budget/cost.h"
#include "tests/suite.h"

/* Every combination has a time of its own, and its MACs are ten times that. */
static struct ar_cost make_cost(void)
{
    struct ar_cost cost = { .n_rungs = 3, .n_segments = 3, .widths = { 0.25, 0.5, 1.0 } };

    for (uint32_t segment = 0; segment < 3; segment++) {
        for (uint32_t before = 0; before < 3; before++) {
            for (uint32_t rung = 0; rung < 3; rung++) {
                const float us = (float)(100 * (segment + 1) + 10 * before + rung);

                cost.us[segment][before][rung] = us;
                cost.macs[segment][before][rung] = 10.0F * us;
            }
        }
    }
    return cost;
}

START_TEST(a_segment_hangs_on_the_rung_before_it)
{
    const struct ar_cost cost = make_cost();

    ck_assert_double_eq(ar_cost_us(&cost, 1, 0, 2), 202.0);
    ck_assert_double_eq(ar_cost_us(&cost, 1, 2, 0), 220.0);
    ck_assert_double_eq(ar_cost_macs(&cost, 2, 1, 2), 3120.0);
}
END_TEST

START_TEST(nothing_is_before_the_first_segment)
{
    const struct ar_cost cost = make_cost();

    ck_assert_double_eq(ar_cost_us(&cost, 0, 2, 1), 101.0);
    ck_assert_double_eq(ar_cost_macs(&cost, 0, 2, 1), 1010.0);
}
END_TEST

START_TEST(frame_and_rest_are_sums)
{
    const struct ar_cost cost = make_cost();

    ck_assert_double_eq(ar_cost_frame_us(&cost, 0), 600.0);
    ck_assert_double_eq(ar_cost_frame_us(&cost, 2), 102.0 + 222.0 + 322.0);
    ck_assert_double_eq(ar_cost_frame_macs(&cost, 2), 10.0 * (102.0 + 222.0 + 322.0));
    ck_assert_double_eq(ar_cost_rest_us(&cost, 0, 1, 2), ar_cost_frame_us(&cost, 2));
    ck_assert_double_eq(ar_cost_rest_us(&cost, 1, 0, 2), 202.0 + 322.0);
    ck_assert_double_eq(ar_cost_rest_us(&cost, 2, 0, 2), 302.0);
    ck_assert_double_eq(ar_cost_rest_us(&cost, 3, 0, 2), 0.0);
}
END_TEST

START_TEST(what_comes_after_belongs_to_the_last_segment)
{
    struct ar_cost cost = make_cost();

    cost.after_us = 50.0;
    ck_assert_double_eq(ar_cost_us(&cost, 1, 0, 2), 202.0);
    ck_assert_double_eq(ar_cost_us(&cost, 2, 0, 2), 302.0 + 50.0);
    ck_assert_double_eq(ar_cost_frame_us(&cost, 0), 600.0 + 50.0);
    ck_assert_double_eq(ar_cost_rest_us(&cost, 2, 0, 2), 302.0 + 50.0);
    ck_assert_double_eq(ar_cost_macs(&cost, 2, 1, 2), 3120.0);
}
END_TEST

static const struct {
    uint32_t n_rungs;
    float us[5];
    bool dominated[5];
} ladders[] = {
    { 1, { 7 }, { false } },
    { 4, { 1, 2, 3, 4 }, { false, false, false, false } },
    { 4, { 4, 3, 2, 1 }, { true, true, true, false } },
    { 5, { 1, 6, 3, 7, 5 }, { false, true, false, true, false } },
    { 3, { 5, 5, 5 }, { true, true, false } },
    { 3, { 0, 0, 0 }, { true, true, false } },
    { 3, { 1, INFINITY, INFINITY }, { false, true, false } },
    { 3, { NAN, NAN, NAN }, { false, false, false } },
    { 3, { 1, NAN, 2 }, { false, false, false } },
};

START_TEST(a_rung_that_takes_longer_than_a_wider_one_is_dominated)
{
    struct ar_cost cost = { .n_rungs = ladders[_i].n_rungs, .n_segments = 1 };

    for (uint32_t rung = 0; rung < cost.n_rungs; rung++) {
        cost.us[0][0][rung] = ladders[_i].us[rung];
        cost.dominated[rung] = rung % 2 == 0; /* from before */
    }
    ar_cost_mark_dominated(&cost);
    for (uint32_t rung = 0; rung < cost.n_rungs; rung++)
        ck_assert_int_eq(cost.dominated[rung], ladders[_i].dominated[rung]);
}
END_TEST

START_TEST(rung_of_is_the_nearest)
{
    struct ar_cost cost = { .n_rungs = 13, .n_segments = 1 };

    for (uint32_t rung = 0; rung < cost.n_rungs; rung++)
        cost.widths[rung] = 0.25 + 0.0625 * rung;
    ck_assert_uint_eq(ar_cost_rung_of(&cost, 0.3125), 1);
    ck_assert_uint_eq(ar_cost_rung_of(&cost, 0.5), 4);
    ck_assert_uint_eq(ar_cost_rung_of(&cost, 0.53), 4);
    ck_assert_uint_eq(ar_cost_rung_of(&cost, 0.53125), 4);
    ck_assert_uint_eq(ar_cost_rung_of(&cost, 0.54), 5);
    ck_assert_uint_eq(ar_cost_rung_of(&cost, 0.0), 0);
    ck_assert_uint_eq(ar_cost_rung_of(&cost, 7.0), 12);
    ck_assert_uint_lt(ar_cost_rung_of(&cost, (double)NAN), 13);
}
END_TEST

/* Two rungs: 100 MACs in 1000 us, 300 in 2000 us, a quarter of both in the encoder. */
static const struct ar_cost known = {
    .n_rungs = 2,
    .n_segments = 2,
    .macs = { { { 25, 75 } }, { { 75, 0 }, { 0, 225 } } },
    .us = { { { 300, 600 } }, { { 700, 0 }, { 0, 1400 } } },
};

static const struct {
    double macs;
    double frame_us;
} estimates[] = {
    { 0, 0 },      { 50, 500 },   { 100, 1000 }, { 101, 1005 },
    { 200, 1500 }, { 300, 2000 }, { 600, 4000 },
};

START_TEST(an_estimate_goes_by_macs)
{
    const double macs = estimates[_i].macs;
    struct ar_cost cost = { .n_rungs = 1, .n_segments = 2 };

    cost.macs[0][0][0] = (float)(macs / 5.0);
    cost.macs[1][0][0] = (float)(macs - macs / 5.0);
    ar_cost_estimate(&cost, &known);
    ck_assert_double_eq_tol(ar_cost_frame_us(&cost, 0), estimates[_i].frame_us, 1e-3);
    ck_assert_double_eq_tol(ar_cost_us(&cost, 0, 0, 0), estimates[_i].frame_us / 5.0, 1e-3);
}
END_TEST

START_TEST(an_estimate_from_one_rung_is_in_proportion)
{
    struct ar_cost one = known;
    struct ar_cost cost = { .n_rungs = 1, .n_segments = 1, .macs = { { { 300 } } } };

    one.n_rungs = 1;
    ar_cost_estimate(&cost, &one);
    ck_assert_double_eq_tol(ar_cost_frame_us(&cost, 0), 3000.0, 1e-3);
}
END_TEST

START_TEST(an_estimate_from_what_does_nothing_is_its_time)
{
    const struct ar_cost idle = { .n_rungs = 1, .n_segments = 1, .us = { { { 50 } } } };
    struct ar_cost cost = { .n_rungs = 1, .n_segments = 1, .macs = { { { 300 } } } };

    ar_cost_estimate(&cost, &idle);
    ck_assert_double_eq_tol(ar_cost_frame_us(&cost, 0), 50.0, 1e-3);
}
END_TEST

/* From a ladder to the same ladder: frames as they are, segments by their MACs, no old domination left. */
START_TEST(an_estimate_of_itself_is_itself)
{
    const struct ar_cost from = make_cost();
    struct ar_cost cost = from;

    for (uint32_t rung = 0; rung < cost.n_rungs; rung++)
        cost.dominated[rung] = true;
    ar_cost_estimate(&cost, &from);
    for (uint32_t segment = 0; segment < 3; segment++)
        for (uint32_t before = 0; before < 3; before++)
            for (uint32_t rung = 0; rung < 3; rung++)
                ck_assert_double_eq_tol(ar_cost_us(&cost, segment, before, rung),
                                        ar_cost_us(&from, segment, before, rung), 1e-3);
    for (uint32_t rung = 0; rung < cost.n_rungs; rung++)
        ck_assert(!cost.dominated[rung]);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget cost");
    TCase *const tests = tcase_create("cost");

    tcase_add_test(tests, a_segment_hangs_on_the_rung_before_it);
    tcase_add_test(tests, nothing_is_before_the_first_segment);
    tcase_add_test(tests, frame_and_rest_are_sums);
    tcase_add_test(tests, what_comes_after_belongs_to_the_last_segment);
    tcase_add_loop_test(tests, a_rung_that_takes_longer_than_a_wider_one_is_dominated, 0,
                        AR_ARRAY_LEN(ladders));
    tcase_add_test(tests, rung_of_is_the_nearest);
    tcase_add_loop_test(tests, an_estimate_goes_by_macs, 0, AR_ARRAY_LEN(estimates));
    tcase_add_test(tests, an_estimate_from_one_rung_is_in_proportion);
    tcase_add_test(tests, an_estimate_from_what_does_nothing_is_its_time);
    tcase_add_test(tests, an_estimate_of_itself_is_itself);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
