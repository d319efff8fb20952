/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "budget/governor.h"
#include "tests/suite.h"

#define MARGIN 1.05 /* what governor.c promises to keep free */

enum {
    N_RUNGS = 13,
    N_SEGMENTS = 3,
    WIDEST = N_RUNGS - 1,
    PERIOD_US = 33333,
    BUDGET_US = 25000,
    FITS_TO_GO_UP = 6,
    SECOND = 30, /* in frames */
    NOON_US = 1000000000,
};

static struct ar_cost cost;
static struct ar_governor governor;

/* 20 ms at full width, of which 2 ms are there at every width: a quarter, a quarter and a half. */
static void make_cost(void)
{
    cost = (struct ar_cost){ .n_rungs = N_RUNGS, .n_segments = N_SEGMENTS };
    for (uint32_t rung = 0; rung < N_RUNGS; rung++) {
        const double width = 0.25 + 0.0625 * rung;
        const uint64_t us = (uint64_t)(2000.0 + 18000.0 * width * sqrt(width));

        cost.widths[rung] = width;
        cost.us[0][rung] = us / 4;
        cost.us[1][rung] = us / 4;
        cost.us[2][rung] = us - us / 4 - us / 4;
    }
}

static void set_up(void)
{
    make_cost();
    memset(&governor, 0xa5, sizeof(governor));
    ar_governor_init(&governor, &(struct ar_budget_params){ .frame_us = BUDGET_US }, &cost);
}

static uint32_t plan_for(struct ar_governor *of, uint64_t left_us)
{
    return ar_governor_plan(of, NOON_US, NOON_US + left_us);
}

/* Time that just holds a rung on a quiet machine. */
static uint64_t room_for_us(uint32_t rung)
{
    return (uint64_t)ceil(MARGIN * (double)ar_cost_frame_us(&cost, rung));
}

/* Numbers at random that are the same everywhere, within [0, 1). */
static double chance(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(*seed >> 11) * 0x1p-53;
}

START_TEST(options_have_their_defaults_and_ranges)
{
    struct ar_budget_params params;
    const struct ar_option *const frame = ar_option_find(ar_budget_options, "frame");
    const struct ar_option *const width = ar_option_find(ar_budget_options, "width");

    memset(&params, 0xa5, sizeof(params));
    ar_option_defaults(ar_budget_options, &params);
    ck_assert_uint_eq(params.frame_us, 25000);
    ck_assert_double_eq(params.width, 0.0);

    ck_assert_int_eq(ar_option_parse(frame, &params, "1ms", NULL), 0);
    ck_assert_int_eq(ar_option_parse(frame, &params, "1s", NULL), 0);
    ck_assert_uint_eq(params.frame_us, 1000000);
    ck_assert_int_lt(ar_option_parse(frame, &params, "999us", NULL), 0);
    ck_assert_int_lt(ar_option_parse(frame, &params, "1001ms", NULL), 0);
    ck_assert_int_eq(ar_option_parse(width, &params, "0.25", NULL), 0);
    ck_assert_int_eq(ar_option_parse(width, &params, "1", NULL), 0);
    ck_assert_int_lt(ar_option_parse(width, &params, "0", NULL), 0);
    ck_assert_int_lt(ar_option_parse(width, &params, "0.24", NULL), 0);
    ck_assert_int_lt(ar_option_parse(width, &params, "1.01", NULL), 0);
    ck_assert_double_eq(params.width, 1.0);
}
END_TEST

START_TEST(no_deadline_is_the_widest)
{
    governor.slowdown = 10.0;
    ck_assert_uint_eq(ar_governor_plan(&governor, NOON_US, 0), WIDEST);
    ck_assert_uint_eq(governor.n_infeasible, 0);
}
END_TEST

START_TEST(rung_of_is_the_nearest)
{
    ck_assert_uint_eq(ar_governor_rung_of(&cost, 0.5), 4);
    ck_assert_uint_eq(ar_governor_rung_of(&cost, 0.53), 4);
    ck_assert_uint_eq(ar_governor_rung_of(&cost, 0.53125), 4);
    ck_assert_uint_eq(ar_governor_rung_of(&cost, 0.54), 5);
    ck_assert_uint_eq(ar_governor_rung_of(&cost, 0.0), 0);
    ck_assert_uint_eq(ar_governor_rung_of(&cost, 7.0), WIDEST);
    ck_assert_uint_lt(ar_governor_rung_of(&cost, (double)NAN), N_RUNGS);
}
END_TEST

START_TEST(a_pinned_width_ignores_the_budget)
{
    struct ar_budget_params params = { .frame_us = BUDGET_US, .width = 0.5 };

    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
    ar_governor_set_params(&governor, &params);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 4);
    ck_assert_uint_eq(plan_for(&governor, 1), 4);
    ck_assert_uint_eq(ar_governor_plan(&governor, NOON_US, 0), 4);
    ck_assert_uint_eq(governor.n_infeasible, 0);

    params.width = 0.0;
    ar_governor_set_params(&governor, &params);
    ck_assert_uint_eq(plan_for(&governor, 1), 0);
    ck_assert_uint_eq(governor.n_infeasible, 1);
}
END_TEST

/* With a new ladder, the plan is the widest rung whose cost, slow-down and margin fit. */
START_TEST(plan_is_the_widest_that_fits)
{
    static const double slowdowns[] = { 0.5, 1.0, 1.37, 2.0, 16.0 };
    const double slowdown = slowdowns[_i];

    for (uint64_t left_us = 0; left_us < 60000; left_us += 97) {
        ar_governor_set_cost(&governor, &cost);
        governor.slowdown = slowdown;
        governor.n_infeasible = 0;

        const uint32_t rung = plan_for(&governor, left_us);
        const double needed_us = slowdown * MARGIN * (double)ar_cost_frame_us(&cost, rung);

        if (governor.n_infeasible == 0)
            ck_assert_double_le(needed_us, (double)left_us);
        else
            ck_assert(rung == 0 && needed_us > (double)left_us);
        ck_assert_uint_eq(governor.planned_us, (uint64_t)needed_us);
        if (rung < WIDEST) {
            const uint64_t next_us = ar_cost_frame_us(&cost, rung + 1);
            ck_assert_double_gt(slowdown * MARGIN * (double)next_us, (double)left_us);
        }
    }
}
END_TEST

START_TEST(a_deadline_in_the_past_is_infeasible)
{
    ck_assert_uint_eq(ar_governor_plan(&governor, NOON_US, NOON_US), 0);
    ck_assert_uint_eq(ar_governor_plan(&governor, NOON_US, 1), 0);
    ck_assert_uint_eq(ar_governor_plan(&governor, UINT64_MAX, 1), 0);
    ck_assert_uint_eq(governor.n_infeasible, 3);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 0);
    ck_assert_uint_eq(governor.n_infeasible, 3);
}
END_TEST

START_TEST(down_at_once_and_up_after_six)
{
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
    ck_assert_uint_eq(plan_for(&governor, room_for_us(6)), 6);
    for (uint32_t i = 1; i < FITS_TO_GO_UP; i++)
        ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 6);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
}
END_TEST

START_TEST(a_frame_that_does_not_fit_starts_the_row_again)
{
    plan_for(&governor, room_for_us(6));
    for (int i = 0; i < _i; i++)
        ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 6);
    ck_assert_uint_eq(plan_for(&governor, room_for_us(6)), 6);
    for (uint32_t i = 1; i < FITS_TO_GO_UP; i++)
        ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 6);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
}
END_TEST

/* Wherever the tightest frame of the row comes, it decides. */
START_TEST(up_no_further_than_all_of_the_row_would_have_fitted)
{
    plan_for(&governor, room_for_us(6));
    for (int i = 0; i < FITS_TO_GO_UP; i++) {
        const uint32_t rung = plan_for(&governor, room_for_us(i == _i ? 8 : 9));

        ck_assert_uint_eq(rung, i < FITS_TO_GO_UP - 1 ? 6 : 8);
    }
    for (int i = 0; i < FITS_TO_GO_UP; i++) {
        const uint32_t rung = plan_for(&governor, room_for_us(9));

        ck_assert_uint_eq(rung, i < FITS_TO_GO_UP - 1 ? 8 : 9);
    }
}
END_TEST

START_TEST(replan_keeps_the_plan_and_measures)
{
    const uint32_t rung = plan_for(&governor, 15000);

    ck_assert_uint_eq(ar_governor_replan(&governor, 1, NOON_US + 3000, NOON_US + 15000), rung);
    ck_assert_uint_eq(ar_governor_replan(&governor, 2, NOON_US + 90000, NOON_US + 15000), rung);
    ar_governor_finish(&governor, NOON_US, NOON_US + 90500);
    ck_assert_uint_eq(governor.segments_us[0], 3000);
    ck_assert_uint_eq(governor.segments_us[1], 87000);
    ck_assert_uint_eq(governor.segments_us[2], 500);

    plan_for(&governor, 15000);
    ar_governor_replan(&governor, 1, NOON_US - 1, NOON_US + 15000);
    ck_assert_uint_eq(governor.segments_us[0], 0);
}
END_TEST

static void finish_at_ratio(double ratio)
{
    const uint64_t us = ar_cost_frame_us(&cost, governor.rung);

    ar_governor_finish(&governor, NOON_US, NOON_US + (uint64_t)(ratio * (double)us));
}

START_TEST(a_rise_is_learnt_at_once_and_a_fall_slowly)
{
    plan_for(&governor, BUDGET_US);
    finish_at_ratio(2.0);
    ck_assert_double_eq_tol(governor.slowdown, 2.0, 1e-3);
    finish_at_ratio(1.0);
    ck_assert_double_eq_tol(governor.slowdown, 1.75, 1e-3);
    for (int i = 0; i < SECOND; i++)
        finish_at_ratio(1.0);
    ck_assert_double_eq_tol(governor.slowdown, 1.0, 2e-3);
    for (int i = 0; i < 2 * SECOND; i++)
        finish_at_ratio(0.5);
    ck_assert_double_eq_tol(governor.slowdown, 0.5, 2e-3);
}
END_TEST

START_TEST(no_time_teaches_nothing)
{
    plan_for(&governor, BUDGET_US);
    ar_governor_finish(&governor, NOON_US, NOON_US);
    ar_governor_finish(&governor, NOON_US, NOON_US - 1);
    ar_governor_finish(&governor, UINT64_MAX, 0);
    ck_assert_double_eq(governor.slowdown, 1.0);
}
END_TEST

/* A model that costs nothing to run was never measured: it plans without dividing by it. */
START_TEST(a_cost_of_zero_is_harmless)
{
    cost = (struct ar_cost){ .n_rungs = 2, .n_segments = 1, .widths = { 0.5, 1.0 } };
    ar_governor_set_cost(&governor, &cost);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 1);
    ar_governor_finish(&governor, NOON_US, NOON_US + 5000);
    ck_assert_double_eq(governor.slowdown, 1.0);
}
END_TEST

START_TEST(a_cost_without_end_is_harmless)
{
    cost = (struct ar_cost){ .n_rungs = 1, .n_segments = 1, .us = { { UINT64_MAX } } };
    ar_governor_set_cost(&governor, &cost);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 0);
    ck_assert_uint_eq(governor.planned_us, 1ull << 63);
    ck_assert_uint_eq(governor.n_infeasible, 1);
}
END_TEST

START_TEST(a_new_ladder_keeps_what_was_learnt)
{
    struct ar_cost small = cost;

    plan_for(&governor, BUDGET_US);
    finish_at_ratio(1.5);
    small.n_rungs = 3;
    small.n_segments = 1;
    ar_governor_set_cost(&governor, &small);
    ck_assert_uint_lt(governor.rung, small.n_rungs);
    ck_assert_double_eq_tol(governor.slowdown, 1.5, 1e-3);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 2);
    ck_assert_uint_eq(plan_for(&governor, 1), 0);
    ar_governor_set_cost(&governor, &cost);
    ck_assert_uint_gt(plan_for(&governor, BUDGET_US), 2);
}
END_TEST

static uint64_t garbage_time(uint64_t *seed)
{
    static const uint64_t times_us[] = { 0,       1,          NOON_US - 1,    NOON_US,
                                         NOON_US, 1ull << 63, UINT64_MAX - 1, UINT64_MAX };
    const size_t n_times = AR_ARRAY_LEN(times_us);
    const size_t pick = (size_t)(chance(seed) * 2.0 * (double)n_times);

    if (pick < n_times)
        return times_us[pick];
    return NOON_US + (uint64_t)(chance(seed) * 50000.0);
}

static void check_sane(const struct ar_governor *of)
{
    ck_assert_uint_lt(of->rung, of->cost.n_rungs);
    ck_assert(isfinite(of->slowdown));
    ck_assert_double_ge(of->slowdown, 0.1);
    ck_assert_double_le(of->slowdown, 16.0);
}

static void play_garbage(struct ar_governor *of, uint64_t *seed)
{
    ar_governor_plan(of, garbage_time(seed), garbage_time(seed));
    check_sane(of);
    for (uint32_t segment = 1; segment < N_SEGMENTS; segment++)
        ar_governor_replan(of, segment, garbage_time(seed), garbage_time(seed));
    ar_governor_finish(of, garbage_time(seed), garbage_time(seed));
    check_sane(of);
}

START_TEST(survives_garbage_and_heals_within_a_second)
{
    uint64_t seed = 17u + (uint64_t)_i;

    for (int i = 0; i < 2000; i++)
        play_garbage(&governor, &seed);
    ar_governor_plan(&governor, 0, NOON_US);
    ar_governor_finish(&governor, 0, UINT64_MAX);

    for (int i = 0; i < SECOND; i++) {
        plan_for(&governor, BUDGET_US);
        finish_at_ratio(1.0);
    }
    ck_assert_uint_eq(governor.rung, WIDEST);
}
END_TEST

/* From any state: more time is never a narrower plan, and the same history is the same plan. */
START_TEST(plans_are_monotone_and_deterministic)
{
    uint64_t seed = 4711u + (uint64_t)_i;

    for (int i = 0; i < 300; i++) {
        uint32_t last = 0;

        play_garbage(&governor, &seed);
        for (uint64_t left_us = 0; left_us < 80000; left_us += 1013) {
            struct ar_governor a = governor;
            struct ar_governor b = governor;
            const uint32_t rung = plan_for(&a, left_us);

            ck_assert_uint_eq(rung, plan_for(&b, left_us));
            ck_assert_uint_ge(rung, last);
            last = rung;
        }
    }
}
END_TEST

/* A machine that runs the model with a slow-down of its own, frame after frame at 30 a second. */
struct machine {
    uint64_t seed;
    double noise; /* largest relative deviation */
    uint64_t budget_us;
    uint64_t frame; /* index of the next */
    uint32_t n_misses;
    uint32_t n_switches;
    double width_sum;
    uint32_t rung;
};

/* True when the frame was late. Asserts that the model agreed with the plan. */
static bool run_frame(struct machine *machine, double slowdown)
{
    const uint64_t now_us = NOON_US + machine->frame * PERIOD_US;
    const uint64_t n_infeasible = governor.n_infeasible;
    const uint32_t rung = ar_governor_plan(&governor, now_us, now_us + machine->budget_us);
    const double noise = 1.0 + machine->noise * (2.0 * chance(&machine->seed) - 1.0);
    uint64_t spent_us = 0;

    ck_assert(governor.planned_us <= machine->budget_us ||
              governor.n_infeasible > n_infeasible);
    for (uint32_t segment = 0; segment < N_SEGMENTS; segment++) {
        if (segment > 0)
            ck_assert_uint_eq(ar_governor_replan(&governor, segment, now_us + spent_us,
                                                 now_us + machine->budget_us),
                              rung);
        spent_us += (uint64_t)((double)cost.us[segment][rung] * slowdown * noise);
    }
    ar_governor_finish(&governor, now_us, now_us + spent_us);

    const bool missed = spent_us > machine->budget_us;
    machine->n_switches += machine->frame > 0 && rung != machine->rung;
    machine->n_misses += missed;
    machine->width_sum += cost.widths[rung];
    machine->rung = rung;
    machine->frame++;
    return missed;
}

static void run_frames(struct machine *machine, double slowdown, uint32_t n_frames)
{
    for (uint32_t i = 0; i < n_frames; i++)
        run_frame(machine, slowdown);
}

/* Noise of 4 % is inside the margin: nothing is missed, and the picture is calm. */
START_TEST(steady_machine)
{
    struct machine machine = { .seed = 1u + (uint64_t)_i,
                               .noise = 0.04,
                               .budget_us = room_for_us(9) };

    run_frames(&machine, 1.0, 60 * SECOND);
    ck_assert_uint_eq(machine.n_misses, 0);
    ck_assert_uint_le(machine.n_switches, 60);
    ck_assert_double_ge(machine.width_sum / (60 * SECOND), cost.widths[8]);
}
END_TEST

static const struct {
    uint64_t budget_us;
    double noise;
} steps[] = { { BUDGET_US, 0.0 }, { BUDGET_US, 0.03 }, { 22000, 0.0 }, { 22000, 0.02 } };

START_TEST(a_slow_down_by_two_misses_at_most_two)
{
    struct machine machine = { .seed = 5,
                               .noise = steps[_i].noise,
                               .budget_us = steps[_i].budget_us };

    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.n_misses, 0);
    ck_assert_uint_eq(machine.rung, WIDEST);

    run_frames(&machine, 2.0, 10 * SECOND);
    ck_assert_uint_ge(machine.n_misses, 1);
    ck_assert_uint_le(machine.n_misses, 2);
    ck_assert_uint_lt(machine.rung, WIDEST);
    ck_assert_uint_gt(machine.rung, 0);

    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.rung, WIDEST);
    ck_assert_uint_le(machine.n_misses, 2);
}
END_TEST

START_TEST(a_step_of_the_budget_misses_nothing)
{
    struct machine machine = { .seed = 9, .noise = 0.03, .budget_us = BUDGET_US };

    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.rung, WIDEST);
    machine.budget_us = 12000;
    run_frame(&machine, 1.0);
    ck_assert_uint_lt(machine.rung, WIDEST);
    run_frames(&machine, 1.0, SECOND);
    machine.budget_us = BUDGET_US;
    run_frames(&machine, 1.0, FITS_TO_GO_UP);
    ck_assert_uint_eq(machine.rung, WIDEST);
    ck_assert_uint_eq(machine.n_misses, 0);
}
END_TEST

START_TEST(one_stalled_frame_costs_less_than_a_second)
{
    struct machine machine = { .seed = 3, .noise = 0.03, .budget_us = BUDGET_US };

    run_frames(&machine, 1.0, SECOND);
    ck_assert(run_frame(&machine, 50.0));
    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.n_misses, 1);
    ck_assert_uint_eq(machine.rung, WIDEST);
}
END_TEST

/* A slow-down without end: the narrowest, each frame counted, and back when it is over. */
START_TEST(a_hopeless_machine_stays_at_the_narrowest)
{
    struct machine machine = { .seed = 3, .noise = 0.03, .budget_us = BUDGET_US };

    run_frames(&machine, 12.0, SECOND);
    ck_assert_uint_eq(machine.rung, 0);
    ck_assert_uint_eq(machine.n_misses, SECOND);
    ck_assert_uint_eq(governor.n_infeasible, SECOND - 1);
    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.rung, WIDEST);
}
END_TEST

/* A minute beside another program that comes and goes, two seconds each on average: misses when it comes. */
START_TEST(a_coming_and_going_load_misses_few)
{
    struct machine machine = { .seed = 70u + (uint64_t)_i, .noise = 0.03, .budget_us = 16000 };
    const uint32_t n_frames = 60 * SECOND;
    uint32_t n_rises = 0;
    uint32_t run = 0;
    double slowdown = 1.0;

    for (uint32_t i = 0; i < n_frames; i++) {
        if (chance(&machine.seed) < 1.0 / 60.0) {
            n_rises += slowdown == 1.0;
            slowdown = slowdown > 1.0 ? 1.0 : 1.25 + 0.65 * chance(&machine.seed);
        }
        run = run_frame(&machine, slowdown) ? run + 1 : 0;
        ck_assert_uint_le(run, 2);
    }
    ck_assert_uint_gt(n_rises, 0);
    ck_assert_uint_le(machine.n_misses, n_rises + 2);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget governor");
    TCase *const plans = tcase_create("plan");
    TCase *const learns = tcase_create("learn");
    TCase *const runs = tcase_create("simulation");

    tcase_add_checked_fixture(plans, set_up, NULL);
    tcase_add_test(plans, options_have_their_defaults_and_ranges);
    tcase_add_test(plans, no_deadline_is_the_widest);
    tcase_add_test(plans, rung_of_is_the_nearest);
    tcase_add_test(plans, a_pinned_width_ignores_the_budget);
    tcase_add_loop_test(plans, plan_is_the_widest_that_fits, 0, 5);
    tcase_add_test(plans, a_deadline_in_the_past_is_infeasible);
    tcase_add_test(plans, down_at_once_and_up_after_six);
    tcase_add_loop_test(plans, a_frame_that_does_not_fit_starts_the_row_again, 1,
                        FITS_TO_GO_UP);
    tcase_add_loop_test(plans, up_no_further_than_all_of_the_row_would_have_fitted, 0,
                        FITS_TO_GO_UP);
    tcase_add_test(plans, replan_keeps_the_plan_and_measures);
    suite_add_tcase(suite, plans);

    tcase_add_checked_fixture(learns, set_up, NULL);
    tcase_add_test(learns, a_rise_is_learnt_at_once_and_a_fall_slowly);
    tcase_add_test(learns, no_time_teaches_nothing);
    tcase_add_test(learns, a_cost_of_zero_is_harmless);
    tcase_add_test(learns, a_cost_without_end_is_harmless);
    tcase_add_test(learns, a_new_ladder_keeps_what_was_learnt);
    tcase_add_loop_test(learns, survives_garbage_and_heals_within_a_second, 0, 5);
    tcase_add_loop_test(learns, plans_are_monotone_and_deterministic, 0, 5);
    suite_add_tcase(suite, learns);

    tcase_add_checked_fixture(runs, set_up, NULL);
    tcase_add_loop_test(runs, steady_machine, 0, 4);
    tcase_add_loop_test(runs, a_slow_down_by_two_misses_at_most_two, 0, AR_ARRAY_LEN(steps));
    tcase_add_test(runs, a_step_of_the_budget_misses_nothing);
    tcase_add_test(runs, one_stalled_frame_costs_less_than_a_second);
    tcase_add_test(runs, a_hopeless_machine_stays_at_the_narrowest);
    tcase_add_loop_test(runs, a_coming_and_going_load_misses_few, 0, 4);
    suite_add_tcase(suite, runs);

    return ar_suite_run(suite);
}
