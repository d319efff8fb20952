/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <math.h>

#include "base/macros.h"
#include "budget/sweep.h"
#include "tests/suite.h"
#include "tests/unit/chance.h"

enum { N_RUNGS = 9, N_SEGMENTS = 3, N_LAYERS = 5 };

static const uint32_t segment_of[N_LAYERS] = { 0, 1, 1, 2, 2 };

static struct ar_sweep sweep;
static struct ar_cost cost;

static void set_up(void)
{
    sweep =
        (struct ar_sweep){ .n_rungs = N_RUNGS, .n_segments = N_SEGMENTS, .n_layers = N_LAYERS };
    for (uint32_t i = 0; i < N_LAYERS; i++)
        sweep.segments[i] = segment_of[i];
    cost = (struct ar_cost){ .n_rungs = N_RUNGS, .n_segments = N_SEGMENTS };
}

static double width_of(uint32_t rung)
{
    return 0.2 + 0.1 * rung;
}

/* A layer reads the segment before its own where it is the first one of its segment. */
static struct ar_fit_work work_of(void *user, uint32_t layer, const uint32_t *rungs)
{
    const uint32_t segment = segment_of[layer];
    const bool first = layer == 0 || segment_of[layer - 1] != segment;
    const double out = width_of(rungs[segment]);
    const double in = first && segment > 0 ? width_of(rungs[segment - 1]) : out;

    if (user)
        ++*(uint32_t *)user;
    return (struct ar_fit_work){ .depthwise = 1e5 * (layer + 1) * in,
                                 .pointwise = 1e6 * (layer + 1) * in * out,
                                 .bytes = 1e5 * in + 5e4 * sqrt(out) };
}

/* A machine that is as the fit says: what a layer takes there. */
static double layer_us(uint32_t layer, const uint32_t *rungs)
{
    const struct ar_fit_work work = work_of(NULL, layer, rungs);

    return 1e-3 * work.depthwise + 2e-4 * work.pointwise + 1e-4 * work.bytes + 20.0;
}

/* And a segment, which takes 50 us more than its layers. */
static double segment_us(uint32_t segment, uint32_t before, uint32_t rung)
{
    uint32_t rungs[N_SEGMENTS];
    double us = 50.0;

    for (uint32_t i = 0; i < N_SEGMENTS; i++)
        rungs[i] = i < segment ? before : rung;
    for (uint32_t i = 0; i < N_LAYERS; i++)
        if (segment_of[i] == segment)
            us += layer_us(i, rungs);
    return us;
}

/* A run at a rung: segments take `segments_factor`, layers `layers_factor` times what they should. */
static void add_run(uint32_t rung, double segments_factor, double layers_factor)
{
    float layers[N_LAYERS];
    float segments[N_SEGMENTS];
    uint32_t rungs[N_SEGMENTS];

    for (uint32_t i = 0; i < N_SEGMENTS; i++)
        rungs[i] = rung;
    for (uint32_t i = 0; i < N_LAYERS; i++)
        layers[i] = (float)(layers_factor * layer_us(i, rungs));
    for (uint32_t i = 0; i < N_SEGMENTS; i++)
        segments[i] = (float)(segments_factor * segment_us(i, rung, rung));
    ar_sweep_add(&sweep, rung, layers, segments);
}

/* _i: rungs. Each comes once in each round, and after the last round there is no next one. */
START_TEST(the_order_covers_each_rung_as_often_as_it_has_runs)
{
    uint32_t n_times[AR_COST_MAX_RUNGS] = { 0 };
    uint32_t rung;

    sweep.n_rungs = (uint32_t)_i;
    for (uint32_t i = 0; i < sweep.n_rungs * AR_SWEEP_RUNS; i++) {
        ck_assert(ar_sweep_next(&sweep, i, &rung));
        ck_assert_uint_lt(rung, sweep.n_rungs);
        n_times[rung]++;
        ck_assert_uint_eq(n_times[rung], i / sweep.n_rungs + 1);
    }
    ck_assert(!ar_sweep_next(&sweep, sweep.n_rungs * AR_SWEEP_RUNS, &rung));
    ck_assert(!ar_sweep_next(&sweep, UINT32_MAX, &rung));
}
END_TEST

START_TEST(the_first_ones_are_narrowest_widest_and_middle)
{
    static const uint32_t first[] = { 0, 8, 4, 2, 6, 1, 3, 5, 7, 0, 8, 4 };
    static const uint32_t halves[] = {
        0, 16, 8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15
    };
    uint32_t rung;

    for (uint32_t i = 0; i < AR_ARRAY_LEN(first); i++) {
        ck_assert(ar_sweep_next(&sweep, i, &rung));
        ck_assert_uint_eq(rung, first[i]);
    }
    sweep.n_rungs = 17;
    for (uint32_t i = 0; i < AR_ARRAY_LEN(halves); i++) {
        ck_assert(ar_sweep_next(&sweep, i, &rung));
        ck_assert_uint_eq(rung, halves[i]);
    }
    for (uint32_t n_rungs = 3; n_rungs <= AR_COST_MAX_RUNGS; n_rungs++) {
        sweep.n_rungs = n_rungs;
        ar_sweep_next(&sweep, 0, &rung);
        ck_assert_uint_eq(rung, 0);
        ar_sweep_next(&sweep, 1, &rung);
        ck_assert_uint_eq(rung, n_rungs - 1);
        ar_sweep_next(&sweep, 2, &rung);
        ck_assert_uint_eq(rung, (n_rungs - 1) / 2);
    }
}
END_TEST

/* After any number of first ones, no gap is more than about twice what it must be. */
START_TEST(the_order_spreads)
{
    sweep.n_rungs = AR_COST_MAX_RUNGS;
    for (uint32_t n = 2; n <= AR_COST_MAX_RUNGS; n++) {
        bool taken[AR_COST_MAX_RUNGS] = { false };
        uint32_t longest = 0;
        uint32_t last = 0;

        for (uint32_t i = 0; i < n; i++) {
            uint32_t rung;

            ar_sweep_next(&sweep, i, &rung);
            taken[rung] = true;
        }
        for (uint32_t rung = 0; rung < AR_COST_MAX_RUNGS; rung++) {
            if (!taken[rung])
                continue;
            longest = ar_max_u32(longest, rung - last);
            last = rung;
        }
        ck_assert_uint_le(longest, 2 * (AR_COST_MAX_RUNGS - 1) / (n - 1) + 1);
    }
}
END_TEST

START_TEST(the_least_of_the_runs_counts)
{
    static const double factors[AR_SWEEP_RUNS + 2] = { 1.3, 1.1, 9.0, 1.0, 1.2, 0.5, 0.1 };
    const uint32_t rungs[N_SEGMENTS] = { 3, 3, 3 };
    double least = INFINITY;

    for (uint32_t i = 0; i < AR_ARRAY_LEN(factors); i++) {
        add_run(3, factors[i], 2.0 * factors[i]);
        if (i < AR_SWEEP_RUNS) /* later ones are ignored */
            least = fmin(least, factors[i]);
        ck_assert_uint_eq(sweep.n_runs[3], ar_min_u32(i + 1, AR_SWEEP_RUNS));
        ck_assert_double_eq_tol(ar_sweep_segment_us(&sweep, 1, 3), least * segment_us(1, 3, 3),
                                1e-2);
        ck_assert_double_eq_tol(ar_sweep_layer_us(&sweep, 4, 3),
                                2.0 * least * layer_us(4, rungs), 1e-2);
    }
}
END_TEST

/* Every second layer is disturbed, then the others and what comes beyond the layers: no whole segment is left alone. */
START_TEST(the_least_parts_make_a_segment)
{
    const uint32_t rungs[N_SEGMENTS] = { 3, 3, 3 };

    for (uint32_t run = 0; run < 2; run++) {
        float layers[N_LAYERS];
        float segments[N_SEGMENTS];

        for (uint32_t s = 0; s < N_SEGMENTS; s++)
            segments[s] = (float)segment_us(s, 3, 3) + (run == 1 ? 500.0F : 0.0F);
        for (uint32_t i = 0; i < N_LAYERS; i++) {
            layers[i] = (float)layer_us(i, rungs);
            if (i % 2 == run) {
                layers[i] += 70.0F;
                segments[segment_of[i]] += 70.0F;
            }
        }
        ar_sweep_add(&sweep, 3, layers, segments);
    }
    for (uint32_t s = 0; s < N_SEGMENTS; s++)
        ck_assert_double_eq_tol(ar_sweep_segment_us(&sweep, s, 3), segment_us(s, 3, 3), 1e-2);
}
END_TEST

START_TEST(runs_that_differ_tell_of_a_busy_machine)
{
    ck_assert(!ar_sweep_is_disturbed(&sweep));
    for (uint32_t rung = 0; rung < N_RUNGS; rung++)
        add_run(rung, 1.0, 1.0);
    ck_assert(!ar_sweep_is_disturbed(&sweep));
    for (uint32_t rung = 0; rung < N_RUNGS; rung++)
        add_run(rung, 1.3, 1.0);
    ck_assert(!ar_sweep_is_disturbed(&sweep));
    for (uint32_t rung = 0; rung < N_RUNGS; rung++)
        add_run(rung, 1.5, 1.0);
    ck_assert(ar_sweep_is_disturbed(&sweep));
}
END_TEST

START_TEST(without_a_run_there_is_no_cost)
{
    cost.us[1][2][3] = 42.0F;
    ck_assert_int_eq(ar_sweep_finish(&sweep, work_of, NULL, &cost), -ENODATA);
    ck_assert_double_eq(ar_cost_us(&cost, 1, 2, 3), 42.0);
}
END_TEST

START_TEST(what_is_passed_reaches_the_work)
{
    uint32_t n_calls = 0;

    add_run(0, 1.0, 1.0);
    ck_assert_int_eq(ar_sweep_finish(&sweep, work_of, &n_calls, &cost), 0);
    ck_assert_uint_gt(n_calls, 0);
}
END_TEST

/* Whatever was measured, layers that make no sense included, comes out where it was measured. */
START_TEST(what_was_measured_comes_out)
{
    uint64_t seed = 5u + (uint64_t)_i;
    double measured[N_RUNGS][N_SEGMENTS];

    for (uint32_t rung = 0; rung < N_RUNGS; rung++) {
        add_run(rung, 0.3 + 2.0 * chance(&seed), 0.3 + 2.0 * chance(&seed));
        for (uint32_t s = 0; s < N_SEGMENTS; s++)
            measured[rung][s] = ar_sweep_segment_us(&sweep, s, rung);
    }
    ck_assert_int_eq(ar_sweep_finish(&sweep, work_of, NULL, &cost), 0);
    for (uint32_t rung = 0; rung < N_RUNGS; rung++)
        for (uint32_t s = 0; s < N_SEGMENTS; s++)
            ck_assert_double_eq_tol(ar_cost_us(&cost, s, rung, rung), measured[rung][s],
                                    1e-5 * measured[rung][s]);
}
END_TEST

/* Of a machine that is as the fit says, a few rungs give all combinations. */
START_TEST(a_few_rungs_give_all_combinations)
{
    for (uint32_t i = 0; i < 5; i++) {
        uint32_t rung;

        ar_sweep_next(&sweep, i, &rung);
        add_run(rung, 1.0, 1.0);
    }
    ck_assert_int_eq(ar_sweep_finish(&sweep, work_of, NULL, &cost), 0);
    for (uint32_t s = 0; s < N_SEGMENTS; s++)
        for (uint32_t before = 0; before < N_RUNGS; before++)
            for (uint32_t rung = 0; rung < N_RUNGS; rung++)
                ck_assert_double_eq_tol(ar_cost_us(&cost, s, before, rung),
                                        segment_us(s, before, rung),
                                        1e-3 * segment_us(s, before, rung));
    for (uint32_t rung = 0; rung < N_RUNGS; rung++)
        ck_assert(!cost.dominated[rung]);
}
END_TEST

/* A segment without layers is its overhead, the mean of the measured rungs, times the correction: told exactly. */
START_TEST(corrections_go_along_a_line)
{
    static const float measured_us[] = { [2] = 100.0F, [4] = 200.0F, [7] = 300.0F };
    const float none = 0.0F;
    static const double expected_us[] = { 100.0,   100.0,   100.0, 150.0, 200.0,
                                          233.333, 266.667, 300.0, 300.0 };

    sweep = (struct ar_sweep){ .n_rungs = N_RUNGS, .n_segments = 1 };
    cost = (struct ar_cost){ .n_rungs = N_RUNGS, .n_segments = 1 };
    for (uint32_t rung = 0; rung < AR_ARRAY_LEN(measured_us); rung++)
        if (measured_us[rung] > 0.0F)
            ar_sweep_add(&sweep, rung, &none, &measured_us[rung]);
    ck_assert_int_eq(ar_sweep_finish(&sweep, work_of, NULL, &cost), 0);
    for (uint32_t rung = 0; rung < N_RUNGS; rung++)
        ck_assert_double_eq_tol(ar_cost_us(&cost, 0, 0, rung), expected_us[rung], 1e-2);
}
END_TEST

START_TEST(a_rung_that_takes_longer_than_a_wider_one_is_marked)
{
    for (uint32_t rung = 0; rung < N_RUNGS; rung++)
        add_run(rung, rung == 4 ? 3.0 : 1.0, 1.0);
    cost.dominated[2] = true; /* from before */
    ck_assert_int_eq(ar_sweep_finish(&sweep, work_of, NULL, &cost), 0);
    for (uint32_t rung = 0; rung < N_RUNGS; rung++)
        ck_assert_int_eq(cost.dominated[rung], rung == 4);
}
END_TEST

static struct ar_fit_work steep_work(void *user, uint32_t layer, const uint32_t *rungs)
{
    return (struct ar_fit_work){ .pointwise = rungs[0] == 0 ? 1.0 : 1e46 };
}

/* A layer of no time in a segment of a minute, and the other way round: what is between has no end. */
START_TEST(times_without_end_are_refused)
{
    static const float none = 1e-38F;
    static const float minute = 1e8F;
    static const float less = 9e7F;

    sweep = (struct ar_sweep){ .n_rungs = N_RUNGS, .n_segments = 1, .n_layers = 1 };
    cost = (struct ar_cost){ .n_rungs = N_RUNGS, .n_segments = 1 };
    ar_sweep_add(&sweep, 0, &none, &less);
    ar_sweep_add(&sweep, N_RUNGS - 1, &minute, &none);
    ck_assert_int_eq(ar_sweep_finish(&sweep, steep_work, NULL, &cost), -ERANGE);
}
END_TEST

/* Timers are coarse: layers that sum up to more than their segment leave nothing beyond, not less. */
START_TEST(layers_longer_than_their_segment_take_no_time_back)
{
    add_run(0, 1.0, 3.0);
    add_run(8, 1.0, 3.0);
    ck_assert_int_eq(ar_sweep_finish(&sweep, work_of, NULL, &cost), 0);
    for (uint32_t s = 0; s < N_SEGMENTS; s++)
        for (uint32_t before = 0; before < N_RUNGS; before++)
            for (uint32_t rung = 0; rung < N_RUNGS; rung++)
                ck_assert_double_gt(ar_cost_us(&cost, s, before, rung), 0.0);
    ck_assert_double_eq_tol(ar_cost_us(&cost, 2, 8, 8), segment_us(2, 8, 8), 0.1);
}
END_TEST

START_TEST(times_of_zero_are_no_trouble)
{
    for (uint32_t rung = 0; rung < N_RUNGS; rung++)
        add_run(rung, 0.0, 0.0);
    ck_assert_int_eq(ar_sweep_finish(&sweep, work_of, NULL, &cost), 0);
    for (uint32_t s = 0; s < N_SEGMENTS; s++)
        for (uint32_t rung = 0; rung < N_RUNGS; rung++)
            ck_assert_double_eq(ar_cost_us(&cost, s, rung, rung), 0.0);
    ck_assert(!cost.dominated[N_RUNGS - 1]);
}
END_TEST

/* Anything that a file may hold, from nothing to minutes: what is accepted is numbers. */
START_TEST(any_times_give_finite_ones)
{
    static const float times_us[] = { 0.0F, 1e-38F, 1e-20F, 1.0F, 1e8F };
    uint64_t seed = 3u + (uint64_t)_i;
    uint32_t n_good = 0;

    for (int round = 0; round < 100; round++) {
        bool finite = true;
        int ret;

        set_up();
        for (uint32_t rung = 0; rung < N_RUNGS; rung++) {
            float layers[N_LAYERS];
            float segments[N_SEGMENTS];

            for (uint32_t i = 0; i < N_LAYERS; i++)
                layers[i] = times_us[chance_below(&seed, AR_ARRAY_LEN(times_us))];
            for (uint32_t i = 0; i < N_SEGMENTS; i++)
                segments[i] = times_us[chance_below(&seed, AR_ARRAY_LEN(times_us))];
            if (chance(&seed) < 0.6)
                ar_sweep_add(&sweep, rung, layers, segments);
        }
        ret = ar_sweep_finish(&sweep, work_of, NULL, &cost);
        ck_assert(ret == 0 || ret == -ENODATA || ret == -ERANGE);
        if (ret < 0)
            continue;
        n_good++;
        for (uint32_t s = 0; s < N_SEGMENTS; s++)
            for (uint32_t before = 0; before < N_RUNGS; before++)
                for (uint32_t rung = 0; rung < N_RUNGS; rung++)
                    finite = finite && ar_cost_us(&cost, s, before, rung) >= 0.0 &&
                             isfinite(ar_cost_us(&cost, s, before, rung));
        ck_assert(finite);
    }
    ck_assert_uint_gt(n_good, 10);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget sweep");
    TCase *const tests = tcase_create("sweep");

    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, the_order_covers_each_rung_as_often_as_it_has_runs, 1,
                        AR_COST_MAX_RUNGS + 1);
    tcase_add_test(tests, the_first_ones_are_narrowest_widest_and_middle);
    tcase_add_test(tests, the_order_spreads);
    tcase_add_test(tests, the_least_of_the_runs_counts);
    tcase_add_test(tests, the_least_parts_make_a_segment);
    tcase_add_test(tests, runs_that_differ_tell_of_a_busy_machine);
    tcase_add_test(tests, without_a_run_there_is_no_cost);
    tcase_add_test(tests, what_is_passed_reaches_the_work);
    tcase_add_loop_test(tests, what_was_measured_comes_out, 0, 8);
    tcase_add_test(tests, a_few_rungs_give_all_combinations);
    tcase_add_test(tests, corrections_go_along_a_line);
    tcase_add_test(tests, a_rung_that_takes_longer_than_a_wider_one_is_marked);
    tcase_add_test(tests, times_without_end_are_refused);
    tcase_add_test(tests, layers_longer_than_their_segment_take_no_time_back);
    tcase_add_test(tests, times_of_zero_are_no_trouble);
    tcase_add_loop_test(tests, any_times_give_finite_ones, 0, 4);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
