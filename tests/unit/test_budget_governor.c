/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "budget/governor.h"
#include "tests/suite.h"
#include "tests/unit/chance.h"

enum {
    N_RUNGS = 13,
    N_SEGMENTS = 4,
    WIDEST = N_RUNGS - 1,
    PERIOD_US = 33333,
    BUDGET_US = 25000,
    SECOND = 30, /* in frames */
    NOON_US = 1000000000,
};

static struct ar_cost cost;
static struct ar_governor governor;
static uint64_t seed;

/* 20 ms at full width, of which 2 ms are there at every width: a quarter of it in each segment. */
static void make_cost(void)
{
    cost = (struct ar_cost){ .n_rungs = N_RUNGS, .n_segments = N_SEGMENTS };
    for (uint32_t rung = 0; rung < N_RUNGS; rung++) {
        cost.widths[rung] = 0.25 + 0.0625 * rung;
        for (uint32_t segment = 0; segment < N_SEGMENTS; segment++) {
            for (uint32_t before = 0; before < N_RUNGS; before++) {
                const double width = 0.25 + 0.0625 * (segment > 0 ? before : rung);

                cost.us[segment][before][rung] =
                    (float)(500.0 + 4500.0 * cost.widths[rung] * sqrt(width));
            }
        }
    }
}

static void set_up(void)
{
    make_cost();
    seed = 17;
    memset(&governor, 0xa5, sizeof(governor));
    ar_governor_init(&governor, &(struct ar_budget_params){ .frame_us = BUDGET_US }, &cost);
}

/* Any ladder. Segments have dips of their own, and where a frame has one, rungs are dominated. */
static void make_some_cost(struct ar_cost *some)
{
    const double dips = chance(&seed) < 0.5 ? 0.0 : 0.4;

    memset(some, 0, sizeof(*some));
    some->n_rungs = 1 + chance_below(&seed, AR_COST_MAX_RUNGS);
    some->n_segments = 1 + chance_below(&seed, AR_COST_MAX_SEGMENTS);
    for (uint32_t rung = 0; rung < some->n_rungs; rung++)
        some->widths[rung] = (rung + 1.0) / some->n_rungs;
    for (uint32_t segment = 0; segment < some->n_segments; segment++) {
        const double us = 20000.0 * chance(&seed) / some->n_segments;

        for (uint32_t before = 0; before < some->n_rungs; before++)
            for (uint32_t rung = 0; rung < some->n_rungs; rung++)
                some->us[segment][before][rung] =
                    (float)(us * (0.1 + some->widths[rung] * some->widths[before]) *
                            (1.0 - dips * chance(&seed)));
    }
    ar_cost_mark_dominated(some);
}

/* A governor on some ladder that has seen something. */
static void make_some_governor(struct ar_governor *some)
{
    struct ar_cost ladder;

    make_some_cost(&ladder);
    memset(some, 0, sizeof(*some));
    ar_governor_init(some, &(struct ar_budget_params){ .frame_us = BUDGET_US }, &ladder);
    some->level = 3.0 * chance(&seed) - 1.5;
    for (uint32_t i = 0; i < AR_COST_MAX_SEGMENTS; i++)
        some->margins[i] = 0.3 * chance(&seed);
    ar_governor_set_clock(some, 0.5 + 2.0 * chance(&seed));
}

static uint32_t plan_for(struct ar_governor *of, uint64_t left_us)
{
    return ar_governor_plan(of, NOON_US, NOON_US + left_us);
}

/* Time that just holds a rung on a quiet machine. */
static uint64_t room_for_us(uint32_t rung)
{
    return (uint64_t)ceil(exp(governor.margins[0]) * ar_cost_frame_us(&cost, rung));
}

static uint32_t narrowest_of(const struct ar_cost *of)
{
    uint32_t rung = 0;

    while (of->dominated[rung])
        rung++;
    return rung;
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

START_TEST(every_cause_has_a_name_of_its_own)
{
    for (uint32_t a = 0; a < AR_GOVERNOR_N_CAUSES; a++)
        for (uint32_t b = 0; b < a; b++)
            ck_assert_str_ne(ar_governor_cause_name((enum ar_governor_cause)a),
                             ar_governor_cause_name((enum ar_governor_cause)b));
}
END_TEST

START_TEST(no_deadline_is_the_widest)
{
    governor.level = 2.0;
    ck_assert_uint_eq(ar_governor_plan(&governor, NOON_US, 0), WIDEST);
    ck_assert_int_eq(governor.frame.causes[0], AR_GOVERNOR_PINNED);
    ck_assert_uint_eq(ar_governor_replan(&governor, 1, UINT64_MAX), WIDEST);
    ck_assert_uint_eq(governor.n_infeasible, 0);
}
END_TEST

/* What is laid over the picture leaves less for the network, at once, and gives it back. */
START_TEST(what_comes_after_the_network_is_kept_free)
{
    const uint64_t room_us = room_for_us(WIDEST);

    ck_assert_uint_eq(plan_for(&governor, room_us), WIDEST);
    ar_governor_set_after(&governor, 1500.0);
    ck_assert_uint_lt(plan_for(&governor, room_us), WIDEST);
    ar_governor_set_cost(&governor, &cost);
    ck_assert_uint_eq(plan_for(&governor, room_us), WIDEST);
}
END_TEST

START_TEST(a_pinned_width_ignores_the_budget)
{
    struct ar_budget_params params = { .frame_us = BUDGET_US, .width = 0.5 };

    governor.may_bail = true;
    cost.dominated[4] = true;
    ar_governor_set_cost(&governor, &cost);
    ar_governor_set_params(&governor, &params);
    ar_governor_set_cap(&governor, 2);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 4);
    ck_assert_uint_eq(plan_for(&governor, 1), 4);
    ck_assert_int_eq(governor.frame.causes[0], AR_GOVERNOR_PINNED);
    ck_assert_uint_eq(ar_governor_replan(&governor, 1, NOON_US + 90000), 4);
    ck_assert_uint_eq(ar_governor_plan(&governor, NOON_US, 0), 4);
    ck_assert_uint_eq(governor.n_infeasible, 0);

    params.width = 0.0;
    ar_governor_set_params(&governor, &params);
    governor.may_bail = false;
    ck_assert_uint_eq(plan_for(&governor, 1), 0);
    ck_assert_uint_eq(governor.n_infeasible, 1);
}
END_TEST

/* After a pinned frame on a new ladder, the first free one starts where it fits, and on no rung that is dominated. */
START_TEST(a_new_ladder_is_still_new_after_a_pinned_frame)
{
    struct ar_budget_params params = { .frame_us = BUDGET_US, .width = 0.5 };

    cost.dominated[0] = true;
    ar_governor_set_cost(&governor, &cost);
    ar_governor_set_params(&governor, &params);
    plan_for(&governor, BUDGET_US);
    for (uint32_t segment = 1; segment < N_SEGMENTS; segment++)
        ar_governor_replan(&governor, segment, NOON_US + segment);
    ar_governor_finish(&governor, NOON_US + 10000);
    params.width = 0.0;
    ar_governor_set_params(&governor, &params);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
}
END_TEST

/* The model, written once more: what is left at a decision takes so long, without the margin. */
static double believed_us(const struct ar_governor *of, uint32_t segment, uint32_t rung)
{
    const struct ar_governor_frame *frame = &of->frame;

    return frame->clock * exp(frame->levels[segment]) *
           ar_cost_rest_us(&of->cost, segment, segment > 0 ? frame->rungs[segment - 1] : 0,
                           rung);
}

/* The widest rung up to `limit` that is worth running and fits with its margin; the narrowest where none does. */
static uint32_t best_of(const struct ar_governor *of, uint32_t segment, double left_us,
                        uint32_t limit)
{
    const double factor = exp(of->margins[segment]);
    uint32_t best = narrowest_of(&of->cost);

    for (uint32_t rung = best; rung < of->cost.n_rungs && rung <= limit; rung++)
        if (!of->cost.dominated[rung] && factor * believed_us(of, segment, rung) <= left_us)
            best = rung;
    return best;
}

/* One decision, looked at from outside. The ladder is new, or this is not the encoder. */
static void check_decision(const struct ar_governor *of, uint32_t segment)
{
    const struct ar_governor_frame *frame = &of->frame;
    const uint64_t now_us = frame->decided_us[segment];
    const double left_us =
        frame->deadline_us > now_us ? (double)(frame->deadline_us - now_us) : 0.0;
    const uint32_t narrowest = narrowest_of(&of->cost);
    const uint32_t rung = frame->rungs[segment];
    const uint32_t best = best_of(of, segment, left_us, UINT32_MAX);
    const double factor = exp(of->margins[segment]);

    ck_assert_double_eq_tol(frame->predicted_us[segment],
                            factor * believed_us(of, segment, rung),
                            1e-9 * frame->predicted_us[segment]);
    switch (frame->causes[segment]) {
    case AR_GOVERNOR_FITS:
        ck_assert_uint_eq(rung, best);
        break;
    case AR_GOVERNOR_CAPPED:
        ck_assert_uint_eq(rung, best_of(of, segment, left_us, of->cap));
        ck_assert_uint_lt(rung, best);
        break;
    case AR_GOVERNOR_TIGHT:
        ck_assert_uint_eq(rung, narrowest);
        ck_assert_uint_eq(best, narrowest);
        ck_assert_double_gt(believed_us(of, segment, rung), left_us);
        return;
    default:
        ck_abort_msg("cause %d", (int)frame->causes[segment]);
    }
    /* The narrowest alone may use up its margin: there is nothing else to run. */
    if (rung > narrowest)
        ck_assert_double_le(frame->predicted_us[segment], left_us);
    else if (frame->causes[segment] == AR_GOVERNOR_FITS)
        ck_assert_double_le(believed_us(of, segment, rung), left_us);
}

START_TEST(each_decision_is_the_widest_that_fits)
{
    for (int round = 0; round < 1000; round++) {
        struct ar_governor some;
        uint64_t now_us = NOON_US;

        make_some_governor(&some);
        if (round % 2 == 0)
            ar_governor_set_cap(&some, chance_below(&seed, some.cost.n_rungs));
        plan_for(&some, (uint64_t)(60000.0 * chance(&seed)));
        check_decision(&some, 0);
        for (uint32_t segment = 1; segment < some.cost.n_segments; segment++) {
            now_us += (uint64_t)(6000.0 * chance(&seed));
            ar_governor_replan(&some, segment, now_us);
            check_decision(&some, segment);
        }
    }
}
END_TEST

START_TEST(more_time_is_never_narrower)
{
    for (int round = 0; round < 100; round++) {
        struct ar_governor some;
        uint32_t last = 0;

        make_some_governor(&some);
        for (uint64_t left_us = 0; left_us < 80000; left_us += 1013) {
            struct ar_governor copy = some;
            const uint32_t rung = plan_for(&copy, left_us);

            ck_assert_uint_ge(rung, last);
            last = rung;
        }
    }
}
END_TEST

START_TEST(a_slower_machine_is_never_wider)
{
    for (int round = 0; round < 100; round++) {
        struct ar_governor some;
        uint32_t last = AR_COST_MAX_RUNGS;

        make_some_governor(&some);
        for (double level = -2.0; level < 2.5; level += 0.03) {
            struct ar_governor copy = some;
            uint32_t rung;

            copy.level = level;
            rung = plan_for(&copy, BUDGET_US);
            ck_assert_uint_le(rung, last);
            last = rung;
        }
    }
}
END_TEST

START_TEST(a_slower_clock_counts_as_a_slower_machine)
{
    struct ar_governor by_level = governor;

    ar_governor_set_clock(&governor, 2.0);
    by_level.level = log(2.0);
    ck_assert_double_eq_tol(ar_governor_slowdown(&governor), 2.0, 1e-9);
    ck_assert_double_eq_tol(ar_governor_slowdown(&by_level), 2.0, 1e-9);
    for (uint64_t left_us = 0; left_us < 80000; left_us += 1013) {
        struct ar_governor a = governor;
        struct ar_governor b = by_level;

        ck_assert_uint_eq(plan_for(&a, left_us), plan_for(&b, left_us));
    }
}
END_TEST

static const double not_clocks[] = {
    0.0, -1.0, 1e-9, 1e9, (double)NAN, (double)INFINITY, -(double)INFINITY
};

START_TEST(what_is_no_clock_counts_as_one)
{
    ar_governor_set_clock(&governor, 2.0);
    ar_governor_set_clock(&governor, not_clocks[_i]);
    ck_assert_double_eq(ar_governor_slowdown(&governor), 1.0);
}
END_TEST

START_TEST(the_slowest_and_the_fastest_clocks_are_believed)
{
    ar_governor_set_clock(&governor, 0.05);
    ck_assert_double_eq(ar_governor_slowdown(&governor), 0.05);
    ar_governor_set_clock(&governor, 20.0);
    ck_assert_double_eq(ar_governor_slowdown(&governor), 20.0);
    ar_governor_set_clock(&governor, 20.1);
    ck_assert_double_eq(ar_governor_slowdown(&governor), 1.0);
    ar_governor_set_clock(&governor, 0.0499);
    ck_assert_double_eq(ar_governor_slowdown(&governor), 1.0);
}
END_TEST

/* The clock of a frame is the one that it started at, and what it took at that clock teaches nothing. */
START_TEST(a_slow_clock_is_no_slow_machine)
{
    const uint64_t now_us = NOON_US;
    double spent_us = 0.0;

    governor.n_unlearnt = 0;
    ar_governor_set_clock(&governor, 2.0);
    for (int frame = 0; frame < SECOND; frame++) {
        uint32_t rung = plan_for(&governor, BUDGET_US);
        uint32_t before = rung;

        spent_us = 0.0;
        for (uint32_t segment = 0; segment < N_SEGMENTS; segment++) {
            if (segment > 0)
                rung = ar_governor_replan(&governor, segment, now_us + (uint64_t)spent_us);
            spent_us += 2.0 * ar_cost_us(&cost, segment, before, rung);
            before = rung;
        }
        ar_governor_finish(&governor, now_us + (uint64_t)spent_us);
    }
    ck_assert_double_eq_tol(governor.level, 0.0, 1e-2);
    ck_assert_double_eq_tol(ar_governor_slowdown(&governor), 2.0, 3e-2);
}
END_TEST

START_TEST(a_deadline_in_the_past_is_infeasible)
{
    ck_assert_uint_eq(ar_governor_plan(&governor, NOON_US, NOON_US), 0);
    ck_assert_int_eq(governor.frame.causes[0], AR_GOVERNOR_TIGHT);
    ck_assert_uint_eq(ar_governor_plan(&governor, NOON_US, 1), 0);
    ck_assert_uint_eq(ar_governor_plan(&governor, UINT64_MAX, 1), 0);
    ck_assert_uint_eq(governor.n_infeasible, 3);
    ar_governor_replan(&governor, 1, UINT64_MAX);
    ck_assert_uint_eq(governor.n_infeasible, 3);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
    ck_assert_uint_eq(governor.n_infeasible, 3);
}
END_TEST

START_TEST(a_cap_is_respected_and_told)
{
    ar_governor_set_cap(&governor, 5);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 5);
    ck_assert_int_eq(governor.frame.causes[0], AR_GOVERNOR_CAPPED);
    ck_assert_uint_eq(ar_governor_replan(&governor, 1, NOON_US + 1), 5);
    ck_assert_int_eq(governor.frame.causes[1], AR_GOVERNOR_CAPPED);
    ck_assert_uint_eq(plan_for(&governor, room_for_us(3)), 3);
    ck_assert_int_eq(governor.frame.causes[0], AR_GOVERNOR_FITS);
    ar_governor_set_cap(&governor, UINT32_MAX);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
}
END_TEST

START_TEST(a_cap_below_what_is_worth_running_is_the_narrowest)
{
    cost.dominated[0] = true;
    cost.dominated[1] = true;
    cost.dominated[5] = true;
    ar_governor_set_cost(&governor, &cost);
    ar_governor_set_cap(&governor, 0);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 2);
    ck_assert_uint_eq(plan_for(&governor, 1), 2);
    ar_governor_set_cap(&governor, 5);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 4);
}
END_TEST

/* ---- moves of the encoder */

/* No longer new: it waits before it goes up. */
static void settle_at(uint32_t rung)
{
    plan_for(&governor, room_for_us(rung));
    governor.fresh = false;
}

START_TEST(down_at_once_and_up_after_the_wait)
{
    settle_at(9);
    ck_assert_uint_eq(plan_for(&governor, room_for_us(6)), 6);
    ck_assert_uint_gt(governor.wait, 1);
    for (uint32_t i = 1; i < governor.wait; i++) {
        ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 6);
        ck_assert_int_eq(governor.frame.causes[0], AR_GOVERNOR_HELD);
    }
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
    ck_assert_int_eq(governor.frame.causes[0], AR_GOVERNOR_FITS);
}
END_TEST

START_TEST(the_decoder_goes_up_at_once)
{
    settle_at(6);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 6);
    ck_assert_uint_gt(ar_governor_replan(&governor, 1, NOON_US + 3000), 6);
    ck_assert_uint_eq(governor.rung, 6);
}
END_TEST

/* _i: when the frame comes. */
START_TEST(a_frame_that_does_not_fit_starts_the_row_again)
{
    settle_at(6);
    for (int i = 0; i < _i; i++)
        ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 6);
    ck_assert_uint_eq(plan_for(&governor, room_for_us(6)), 6);
    for (uint32_t i = 1; i < governor.wait; i++)
        ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 6);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
}
END_TEST

/* Wherever the tightest frame of the row comes, it decides. */
START_TEST(up_no_further_than_all_of_the_row_would_have_fitted)
{
    const uint32_t wait = governor.wait;

    for (uint32_t tight = 0; tight < wait; tight++) {
        settle_at(6);
        for (uint32_t i = 0; i < wait; i++) {
            const uint32_t rung = plan_for(&governor, room_for_us(i == tight ? 8 : 9));

            ck_assert_uint_eq(rung, i + 1 < wait ? 6 : 8);
        }
        for (uint32_t i = 0; i < wait; i++)
            ck_assert_uint_eq(plan_for(&governor, room_for_us(9)), i + 1 < wait ? 8 : 9);
    }
}
END_TEST

/* ---- frames given up */

START_TEST(a_frame_that_is_late_already_is_given_up_but_never_two)
{
    governor.may_bail = true;
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(plan_for(&governor, 100), AR_GOVERNOR_BAIL);
        ck_assert_int_eq(governor.frame.causes[0], AR_GOVERNOR_BAILED);
        ck_assert_uint_eq(governor.n_bailed, (unsigned)i + 1);
        ck_assert_uint_eq(plan_for(&governor, 100), 0);
        ck_assert_int_eq(governor.frame.causes[0], AR_GOVERNOR_TIGHT);
        for (uint32_t segment = 1; segment < N_SEGMENTS; segment++)
            ck_assert_uint_eq(ar_governor_replan(&governor, segment, NOON_US + 50000), 0);
        ar_governor_finish(&governor, NOON_US + 51000);
    }
    ck_assert_uint_eq(governor.n_infeasible, 20);
}
END_TEST

START_TEST(a_frame_is_given_up_in_its_midst)
{
    governor.may_bail = true;
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
    ck_assert_uint_eq(ar_governor_replan(&governor, 1, NOON_US + 24000), AR_GOVERNOR_BAIL);
    ck_assert_int_eq(governor.frame.causes[1], AR_GOVERNOR_BAILED);
    ck_assert_uint_eq(governor.n_infeasible, 0);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
}
END_TEST

START_TEST(where_all_frames_count_none_is_given_up)
{
    ck_assert_uint_eq(plan_for(&governor, 0), 0);
    ck_assert_uint_eq(ar_governor_replan(&governor, 1, UINT64_MAX), 0);
    ck_assert_uint_eq(governor.n_bailed, 0);
}
END_TEST

/* Where the budget cannot be held at all, the picture goes on, if late. */
START_TEST(a_hopeless_machine_gives_nothing_up)
{
    governor.may_bail = true;
    governor.level = 2.7;
    for (int i = 0; i < 10; i++)
        ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 0);
    ck_assert_uint_eq(governor.n_bailed, 0);
    ck_assert_uint_eq(governor.n_infeasible, 10);
}
END_TEST

/* ---- learning */

/* A frame in which each segment takes `ratio` times what calibration says, and `pause_us` more in one. */
static bool play(double ratio, uint32_t paused, double pause_us, uint64_t budget_us)
{
    double spent_us = 0.0;
    uint32_t rung = plan_for(&governor, budget_us);
    uint32_t before = rung;

    for (uint32_t segment = 0; segment < N_SEGMENTS; segment++) {
        if (segment > 0)
            rung = ar_governor_replan(&governor, segment, NOON_US + (uint64_t)spent_us);
        spent_us += ratio * ar_cost_us(&cost, segment, before, rung);
        spent_us += segment == paused ? pause_us : 0.0;
        before = rung;
    }
    ar_governor_finish(&governor, NOON_US + (uint64_t)spent_us);
    return spent_us > (double)budget_us;
}

static bool play_at(double ratio)
{
    return play(ratio, 0, 0.0, BUDGET_US);
}

static void play_many(double ratio, uint32_t n_frames)
{
    for (uint32_t i = 0; i < n_frames; i++)
        play_at(ratio);
}

START_TEST(the_first_frames_teach_nothing)
{
    const uint32_t n_unlearnt = governor.n_unlearnt;

    ck_assert_uint_ge(n_unlearnt, 1);
    for (uint32_t i = 0; i < n_unlearnt; i++)
        play_at(8.0);
    ck_assert_double_eq(governor.level, 0.0);
    play_at(1.2);
    ck_assert_double_gt(governor.level, 0.0);
}
END_TEST

/* _i: in thousandths. */
START_TEST(a_level_that_stays_is_learnt)
{
    const double ratio = _i / 1000.0;

    governor.n_unlearnt = 0;
    play_many(ratio, SECOND);
    ck_assert_double_eq_tol(ar_governor_slowdown(&governor), ratio, 0.02 * ratio);
}
END_TEST

START_TEST(a_rise_is_believed_sooner_than_a_fall)
{
    struct ar_governor before;
    double rise;

    governor.n_unlearnt = 0;
    play_many(1.0, 2 * SECOND);
    before = governor;
    play_at(1.1);
    rise = governor.level - before.level;
    governor = before;
    play_at(1.0 / 1.1);
    ck_assert_double_gt(rise, 1.5 * (before.level - governor.level));
    ck_assert_double_lt(governor.level, before.level);
    ck_assert_double_lt(rise, log(1.1));
}
END_TEST

START_TEST(one_spike_is_not_believed_and_a_second_one_is)
{
    governor.n_unlearnt = 0;
    play_many(1.0, SECOND);
    play_at(3.0);
    ck_assert_double_lt(ar_governor_slowdown(&governor), 1.3);
    play_at(3.0);
    ck_assert_double_eq_tol(ar_governor_slowdown(&governor), 3.0, 0.1);
}
END_TEST

/* _i: frames in between. */
START_TEST(two_spikes_apart_are_two_first_ones)
{
    governor.n_unlearnt = 0;
    play_many(1.0, SECOND);
    play_at(3.0);
    play_many(1.0, (uint32_t)_i);
    play_at(3.0);
    ck_assert_double_lt(ar_governor_slowdown(&governor), 1.4);
}
END_TEST

/* _i: the segment. A pause in one is not a slow machine, and the frames after it are as wide as before. */
START_TEST(a_pause_in_one_segment_is_no_slow_machine)
{
    governor.n_unlearnt = 0;
    play_many(1.0, SECOND);
    for (int i = 0; i < 3; i++)
        play(1.0, (uint32_t)_i, 9000.0, BUDGET_US);
    ck_assert_double_eq_tol(governor.level, 0.0, 0.03);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), WIDEST);
}
END_TEST

START_TEST(no_time_teaches_nothing)
{
    governor.n_unlearnt = 0;
    for (int i = 0; i < 3; i++) {
        static const uint64_t ends_us[] = { NOON_US, NOON_US - 1, 0 };

        plan_for(&governor, BUDGET_US);
        for (uint32_t segment = 1; segment < N_SEGMENTS; segment++)
            ck_assert_uint_eq(ar_governor_replan(&governor, segment, ends_us[i]), WIDEST);
        ar_governor_finish(&governor, ends_us[i]);
        ck_assert_double_eq(governor.level, 0.0);
        ck_assert_uint_eq(governor.n_recent, 0);
    }
}
END_TEST

START_TEST(a_change_of_less_than_a_spike_is_found_within_a_second)
{
    governor.n_unlearnt = 0;
    play_many(1.0, 2 * SECOND);
    play_many(0.75, AR_GOVERNOR_N_RECENT);
    ck_assert_double_eq_tol(ar_governor_slowdown(&governor), 0.75, 0.02);
    ck_assert_uint_lt(governor.n_recent, AR_GOVERNOR_N_RECENT); /* of the new state */
}
END_TEST

START_TEST(what_a_segment_took_is_believed_of_the_rest)
{
    for (uint32_t segment = 1; segment < N_SEGMENTS; segment++) {
        uint64_t now_us = NOON_US;

        plan_for(&governor, 40000);
        for (uint32_t i = 1; i < segment; i++) {
            now_us += (uint64_t)lround(ar_cost_us(&cost, i - 1, WIDEST, WIDEST));
            ar_governor_replan(&governor, i, now_us);
        }
        now_us += (uint64_t)lround(1.1 * ar_cost_us(&cost, segment - 1, WIDEST, WIDEST));
        ar_governor_replan(&governor, segment, now_us);
        ck_assert_double_gt(governor.frame.levels[segment], 0.05);
        ck_assert_double_lt(governor.frame.levels[segment], 0.10);
        ck_assert_double_eq(governor.level, 0.0);
    }
}
END_TEST

/* Of a pause less is believed than of a machine as slow, but not less than of a smaller one. */
START_TEST(a_longer_segment_is_never_believed_less)
{
    double last = -10.0;

    for (uint64_t spent_us = 1; spent_us < 100000; spent_us += 100) {
        plan_for(&governor, 40000);
        ar_governor_replan(&governor, 1, NOON_US + spent_us);
        ck_assert_double_ge(governor.frame.levels[1], last);
        last = governor.frame.levels[1];
    }
    ck_assert_double_lt(last, log(100000.0 / ar_cost_us(&cost, 0, WIDEST, WIDEST)));
}
END_TEST

/* ---- margins */

/* _i: how slow it is, in tenths. */
START_TEST(a_steady_machine_needs_little_margin)
{
    const double start = governor.margins[0];

    governor.n_unlearnt = 0;
    play_many(_i / 10.0, 20 * SECOND);
    for (uint32_t i = 0; i < N_SEGMENTS; i++) {
        ck_assert_double_gt(governor.margins[i], 0.0);
        ck_assert_double_lt(governor.margins[i], 0.5 * start);
    }
}
END_TEST

/* Of noisy predictions about one in a hundred is worse than the margin. */
START_TEST(the_margin_is_what_one_prediction_in_a_hundred_exceeds)
{
    const uint32_t n_frames = 200 * SECOND;
    uint32_t n_worse = 0;

    governor.n_unlearnt = 0;
    for (uint32_t i = 0; i < n_frames; i++) {
        const double ratio = 1.0 + 0.2 * (chance(&seed) + chance(&seed) - 1.0);
        double residual;

        play_at(ratio);
        residual = log((double)(uint64_t)(ratio * ar_cost_frame_us(&cost, WIDEST)) /
                       ar_cost_frame_us(&cost, WIDEST)) -
                   governor.frame.levels[0];
        n_worse += governor.frame.rungs[0] == WIDEST && residual > governor.margins[0];
    }
    ck_assert_uint_ge(n_worse, n_frames / 400);
    ck_assert_uint_le(n_worse, n_frames / 25);
}
END_TEST

START_TEST(an_event_teaches_a_margin_no_more_than_a_step)
{
    double margins[AR_COST_MAX_SEGMENTS];

    governor.n_unlearnt = 0;
    play_many(1.0, SECOND);
    memcpy(margins, governor.margins, sizeof(margins));
    play(1.0, N_SEGMENTS - 1, 40000.0, BUDGET_US);
    for (uint32_t i = 0; i < N_SEGMENTS; i++) {
        ck_assert_double_gt(governor.margins[i], margins[i]);
        ck_assert_double_le(governor.margins[i], margins[i] + 0.02);
    }
}
END_TEST

/* ---- misses */

/* A miss that no spike explains. */
static void miss_by_little(void)
{
    plan_for(&governor, room_for_us(WIDEST));
    for (uint32_t segment = 1; segment < N_SEGMENTS; segment++)
        ar_governor_replan(&governor, segment, NOON_US + segment * 5000);
    ar_governor_finish(&governor, NOON_US + (uint64_t)(1.15 * (double)room_for_us(WIDEST)));
}

static void go_up_and_miss(void)
{
    governor.since_up = 1;
    governor.level = 0.0;
    governor.n_recent = 0;
    miss_by_little();
}

START_TEST(a_miss_after_a_move_up_doubles_the_wait_and_time_heals)
{
    const uint32_t wait = governor.wait;
    uint32_t longest;

    governor.n_unlearnt = 0;
    go_up_and_miss();
    ck_assert_uint_eq(governor.wait, 2 * wait);
    play_at(1.0);
    go_up_and_miss();
    ck_assert_uint_eq(governor.wait, 4 * wait);
    for (int i = 0; i < 20; i++) {
        play_at(1.0);
        go_up_and_miss();
    }
    longest = governor.wait;
    ck_assert_uint_ge(longest, 4 * wait);
    ck_assert_uint_le(longest, 60 * SECOND);
    play_many(1.0, 11 * SECOND);
    ck_assert_uint_eq(governor.wait, longest / 2);
    play_many(1.0, 300 * SECOND);
    ck_assert_uint_eq(governor.wait, wait);
}
END_TEST

START_TEST(a_miss_long_after_a_move_up_is_not_its_fault)
{
    const uint32_t wait = governor.wait;

    governor.n_unlearnt = 0;
    play_many(1.0, 10 * SECOND);
    miss_by_little();
    ck_assert_uint_eq(governor.wait, wait);
}
END_TEST

START_TEST(a_move_up_is_remembered)
{
    const uint32_t wait = governor.wait;

    governor.n_unlearnt = 0;
    play_many(1.0, 10 * SECOND);
    play(1.0, 0, 0.0, room_for_us(8));
    ck_assert_uint_le(governor.rung, 8);
    play_many(1.0, wait);
    ck_assert_uint_eq(governor.rung, WIDEST);
    miss_by_little();
    ck_assert_uint_eq(governor.wait, 2 * wait);
}
END_TEST

START_TEST(without_a_deadline_nothing_is_missed)
{
    const uint32_t wait = governor.wait;

    governor.n_unlearnt = 0;
    for (int i = 0; i < 4; i++) {
        governor.since_up = 1;
        ar_governor_plan(&governor, NOON_US, 0);
        for (uint32_t segment = 1; segment < N_SEGMENTS; segment++)
            ar_governor_replan(&governor, segment, NOON_US + segment * 5200);
        ar_governor_finish(&governor, NOON_US + N_SEGMENTS * 5200);
        ck_assert_uint_eq(governor.misses_in_a_row, 0);
        ck_assert_uint_eq(governor.wait, wait);
    }
    ck_assert_double_gt(governor.level, 0.0);
}
END_TEST

START_TEST(a_panic_starts_the_row_again)
{
    governor.n_unlearnt = 0;
    play_many(1.0, 10 * SECOND);
    plan_for(&governor, room_for_us(6));
    ck_assert(play(1.0, 3, 40000.0, BUDGET_US));
    ck_assert_uint_eq(governor.fits_in_a_row, 1);
    ck_assert(play(1.0, 3, 40000.0, BUDGET_US));
    ck_assert_uint_eq(governor.fits_in_a_row, 0);
}
END_TEST

START_TEST(a_spike_after_a_move_up_is_not_its_fault)
{
    const uint32_t wait = governor.wait;

    governor.n_unlearnt = 0;
    governor.since_up = 1;
    ck_assert(play(1.0, 3, 30000.0, BUDGET_US));
    ck_assert_uint_eq(governor.wait, wait);
}
END_TEST

START_TEST(two_misses_in_a_row_are_a_panic)
{
    const uint32_t wait = governor.wait;
    double margin;

    governor.n_unlearnt = 0;
    play_many(1.0, 10 * SECOND);
    margin = governor.margins[0];
    ck_assert(play(1.0, 3, 40000.0, BUDGET_US));
    ck_assert_double_le(governor.margins[0], margin + 0.02);
    play_at(1.0);
    ck_assert(play(1.0, 3, 40000.0, BUDGET_US));
    ck_assert_uint_eq(governor.wait, wait);
    margin = governor.margins[0];
    ck_assert(play(1.0, 3, 40000.0, BUDGET_US));
    ck_assert_double_gt(governor.margins[0], 1.9 * margin);
    ck_assert_uint_gt(governor.wait, wait);
}
END_TEST

/* ---- garbage */

static uint64_t garbage_time(void)
{
    static const uint64_t times_us[] = { 0,       1,          NOON_US - 1,    NOON_US,
                                         NOON_US, 1ull << 63, UINT64_MAX - 1, UINT64_MAX };
    const uint32_t pick = chance_below(&seed, 2 * AR_ARRAY_LEN(times_us));

    if (pick < AR_ARRAY_LEN(times_us))
        return times_us[pick];
    return NOON_US + (uint64_t)(chance(&seed) * 50000.0);
}

/* Each assertion of Check is a write to a file: where there are many things to look at, one says it all. */
static bool is_sane(const struct ar_governor *of)
{
    const struct ar_governor_frame *frame = &of->frame;
    bool sane = of->rung < of->cost.n_rungs && fabs(of->level) < 3.0 && of->clock > 0.0 &&
                isfinite(of->clock) && of->wait >= 1;

    for (uint32_t i = 0; i < AR_COST_MAX_SEGMENTS; i++)
        sane = sane && of->margins[i] > 0.0 && of->margins[i] < 1.0 &&
               fabs(frame->levels[i]) < 3.0 && isfinite(frame->predicted_us[i]);
    for (uint32_t i = 0; i < AR_GOVERNOR_N_RECENT; i++)
        sane = sane && isfinite(of->recent[i]);
    return sane;
}

/* Two governors that live the same life. */
struct twins {
    struct ar_governor one;
    struct ar_governor other;
    bool bailed; /* the last frame was given up */
};

/* Byte for byte, but for the ladder, which nothing writes. */
static bool are_alike(const struct twins *twins)
{
    return memcmp(&twins->one.level, &twins->other.level,
                  sizeof(struct ar_governor) - offsetof(struct ar_governor, level)) == 0;
}

static bool may_choose(const struct twins *twins, uint32_t segment, uint32_t rung)
{
    const struct ar_governor *const of = &twins->one;
    const struct ar_cost *const ladder = &of->cost;

    if (rung == AR_GOVERNOR_BAIL)
        return of->may_bail && !twins->bailed &&
               of->frame.causes[segment] == AR_GOVERNOR_BAILED;
    if (of->params.width > 0.0)
        return rung == ar_cost_rung_of(ladder, of->params.width);
    if (of->frame.deadline_us == 0)
        return rung == ladder->n_rungs - 1;
    return rung < ladder->n_rungs && !ladder->dominated[rung] &&
           (rung == narrowest_of(ladder) || rung <= of->cap);
}

static void check_choice(const struct twins *twins, uint32_t segment, uint32_t rung,
                         uint32_t other_rung)
{
    ck_assert(rung == other_rung && are_alike(twins) && is_sane(&twins->one) &&
              may_choose(twins, segment, rung));
}

/* True unless the frame was given up. */
static bool decide_all(struct twins *twins)
{
    const uint64_t start_us = garbage_time();
    const uint64_t deadline_us = garbage_time();
    uint32_t rung = ar_governor_plan(&twins->one, start_us, deadline_us);

    check_choice(twins, 0, rung, ar_governor_plan(&twins->other, start_us, deadline_us));
    for (uint32_t segment = 1; rung != AR_GOVERNOR_BAIL && segment < twins->one.cost.n_segments;
         segment++) {
        const uint64_t now_us = garbage_time();

        rung = ar_governor_replan(&twins->one, segment, now_us);
        check_choice(twins, segment, rung, ar_governor_replan(&twins->other, segment, now_us));
    }
    return rung != AR_GOVERNOR_BAIL;
}

static void live_a_frame(struct twins *twins)
{
    const bool done = decide_all(twins);
    const uint64_t end_us = garbage_time();

    twins->bailed = !done;
    if (!done)
        return;
    ar_governor_finish(&twins->one, end_us);
    ar_governor_finish(&twins->other, end_us);
    ck_assert(are_alike(twins) && is_sane(&twins->one));
}

static double garbage_clock(void)
{
    if (chance(&seed) < 0.5)
        return 0.2 + 3.0 * chance(&seed);
    return not_clocks[chance_below(&seed, AR_ARRAY_LEN(not_clocks))];
}

/* Something that happens between two frames. */
static void change_something(struct twins *twins)
{
    struct ar_cost ladder;
    const struct ar_budget_params params = {
        .frame_us = chance_below(&seed, 60000),
        .width = chance(&seed) < 0.7 ? 0.0 : chance(&seed),
    };
    const double clock = garbage_clock();

    switch (chance_below(&seed, 12)) {
    case 0:
        make_some_cost(&ladder);
        ar_governor_set_cost(&twins->one, &ladder);
        ar_governor_set_cost(&twins->other, &ladder);
        break;
    case 1:
        twins->one.cap = chance_below(&seed, AR_COST_MAX_RUNGS);
        ar_governor_set_cap(&twins->other, twins->one.cap);
        break;
    case 2:
        ar_governor_set_params(&twins->one, &params);
        ar_governor_set_params(&twins->other, &params);
        break;
    case 3:
        ar_governor_set_clock(&twins->one, clock);
        ar_governor_set_clock(&twins->other, clock);
        break;
    case 4:
        twins->one.may_bail = !twins->one.may_bail;
        twins->other.may_bail = twins->one.may_bail;
        break;
    default:
        break;
    }
}

START_TEST(any_life_is_survived_and_lived_twice_the_same)
{
    static struct twins twins;

    seed = 4711u + (uint64_t)_i;
    make_some_governor(&twins.one);
    twins.other = twins.one;
    twins.bailed = false;
    for (int i = 0; i < 2000; i++) {
        change_something(&twins);
        live_a_frame(&twins);
    }
}
END_TEST

/* Calibrated times that are none: the rungs stay rungs, and what it has learnt stays a number. */
START_TEST(times_that_are_none_are_survived)
{
    static const float not_times[] = { 0.0F, -5.0F, 1e-38F, 3e38F, NAN, INFINITY, -INFINITY };

    for (int round = 0; round < 500; round++) {
        struct ar_governor some;
        struct ar_cost ladder;

        make_some_governor(&some);
        ladder = some.cost;
        for (uint32_t segment = 0; segment < ladder.n_segments; segment++)
            for (uint32_t before = 0; before < ladder.n_rungs; before++)
                for (uint32_t rung = 0; rung < ladder.n_rungs; rung++)
                    if (chance(&seed) < 0.2)
                        ladder.us[segment][before][rung] =
                            not_times[chance_below(&seed, AR_ARRAY_LEN(not_times))];
        ar_cost_mark_dominated(&ladder);
        ar_governor_set_cost(&some, &ladder);
        some.n_unlearnt = 0;
        ck_assert_uint_lt(ar_governor_plan(&some, garbage_time(), garbage_time()),
                          ladder.n_rungs);
        for (uint32_t segment = 1; segment < ladder.n_segments; segment++)
            ck_assert_uint_lt(ar_governor_replan(&some, segment, garbage_time()),
                              ladder.n_rungs);
        ar_governor_finish(&some, garbage_time());
        for (uint32_t i = 0; i < AR_COST_MAX_SEGMENTS; i++)
            some.frame.predicted_us[i] = 0.0; /* is what the table says */
        ck_assert(is_sane(&some));
    }
}
END_TEST

START_TEST(a_new_ladder_keeps_what_was_learnt)
{
    struct ar_cost small;

    governor.n_unlearnt = 0;
    play_many(1.5, SECOND);
    small = cost;
    small.n_rungs = 3;
    small.n_segments = 1;
    ar_governor_set_cost(&governor, &small);
    ck_assert_double_eq_tol(ar_governor_slowdown(&governor), 1.5, 0.05);
    ck_assert_uint_eq(plan_for(&governor, BUDGET_US), 2);
    ck_assert_uint_eq(plan_for(&governor, 1), 0);
    ar_governor_set_cost(&governor, &cost);
    ck_assert_uint_gt(plan_for(&governor, BUDGET_US), 2);
}
END_TEST

START_TEST(after_garbage_it_heals_within_two_seconds)
{
    static struct twins twins;

    seed = 99u + (uint64_t)_i;
    ar_governor_init(&twins.one, &governor.params, &cost);
    twins.other = twins.one;
    for (int i = 0; i < 2000; i++)
        live_a_frame(&twins);
    governor = twins.one;
    play_many(1.0, 2 * SECOND);
    ck_assert_double_eq_tol(ar_governor_slowdown(&governor), 1.0, 0.1);
}
END_TEST

/* ---- machines */

/* Frame after frame at 30 a second; each segment has noise of its own. */
struct machine {
    double noise; /* largest relative deviation */
    uint64_t budget_us;
    uint64_t frame; /* index of the next */
    uint32_t n_misses;
    uint32_t n_switches;
    uint32_t encoder_rung;
    uint32_t last_rung;
};

/* True when the frame was late. */
static bool run_frame(struct machine *machine, double slowdown)
{
    const uint64_t now_us = NOON_US + machine->frame * PERIOD_US;
    const uint32_t planned = ar_governor_plan(&governor, now_us, now_us + machine->budget_us);
    uint32_t rung = planned;
    uint32_t before = rung;
    double spent_us = 0.0;

    for (uint32_t segment = 0; segment < N_SEGMENTS; segment++) {
        const double noise = 1.0 + machine->noise * (2.0 * chance(&seed) - 1.0);

        if (segment > 0)
            rung = ar_governor_replan(&governor, segment, now_us + (uint64_t)spent_us);
        spent_us += ar_cost_us(&cost, segment, before, rung) * slowdown * noise;
        before = rung;
    }
    ar_governor_finish(&governor, now_us + (uint64_t)spent_us);
    machine->n_switches += machine->frame > 0 && planned != machine->encoder_rung;
    machine->encoder_rung = planned;
    machine->last_rung = rung;
    machine->n_misses += spent_us > (double)machine->budget_us;
    machine->frame++;
    return spent_us > (double)machine->budget_us;
}

static void run_frames(struct machine *machine, double slowdown, uint32_t n_frames)
{
    for (uint32_t i = 0; i < n_frames; i++)
        run_frame(machine, slowdown);
}

START_TEST(a_quiet_machine_misses_nothing_and_keeps_calm)
{
    struct machine machine = { .noise = 0.03, .budget_us = room_for_us(9) };

    seed = 1u + (uint64_t)_i;
    run_frames(&machine, 1.0, 60 * SECOND);
    ck_assert_uint_le(machine.n_misses, 60 * SECOND / 100);
    ck_assert_uint_le(machine.n_switches, 60);
    ck_assert_uint_ge(machine.encoder_rung, 7);
}
END_TEST

static const struct {
    uint64_t budget_us;
    double noise;
} steps[] = { { BUDGET_US, 0.0 }, { BUDGET_US, 0.03 }, { 22000, 0.0 }, { 22000, 0.02 } };

START_TEST(a_slow_down_by_two_is_absorbed_within_two_frames)
{
    struct machine machine = { .noise = steps[_i].noise, .budget_us = steps[_i].budget_us };

    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.n_misses, 0);
    ck_assert_uint_eq(machine.encoder_rung, WIDEST);

    run_frames(&machine, 2.0, 2);
    machine.n_misses = 0;
    run_frames(&machine, 2.0, SECOND);
    ck_assert_uint_eq(machine.n_misses, 0);
    run_frames(&machine, 2.0, 9 * SECOND);
    ck_assert_uint_le(machine.n_misses, steps[_i].noise > 0.0 ? 9 * SECOND / 100 : 0);
    ck_assert_uint_lt(machine.encoder_rung, WIDEST);
    ck_assert_uint_gt(machine.encoder_rung, 0);

    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.encoder_rung, WIDEST);
    ck_assert_uint_eq(machine.last_rung, WIDEST);
}
END_TEST

START_TEST(a_step_of_the_budget_misses_nothing)
{
    struct machine machine = { .noise = 0.02, .budget_us = BUDGET_US };

    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.encoder_rung, WIDEST);
    machine.budget_us = 12000;
    run_frame(&machine, 1.0);
    ck_assert_uint_lt(machine.encoder_rung, WIDEST);
    run_frames(&machine, 1.0, SECOND);
    machine.budget_us = BUDGET_US;
    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.encoder_rung, WIDEST);
    ck_assert_uint_eq(machine.n_misses, 0);
}
END_TEST

START_TEST(one_stalled_frame_costs_less_than_a_second)
{
    struct machine machine = { .noise = 0.02, .budget_us = BUDGET_US };

    run_frames(&machine, 1.0, SECOND);
    ck_assert(run_frame(&machine, 50.0));
    run_frames(&machine, 1.0, SECOND);
    ck_assert_uint_eq(machine.n_misses, 1);
    ck_assert_uint_eq(machine.encoder_rung, WIDEST);
}
END_TEST

START_TEST(a_hopeless_machine_stays_at_the_narrowest)
{
    struct machine machine = { .noise = 0.02, .budget_us = BUDGET_US };

    run_frames(&machine, 12.0, SECOND);
    ck_assert_uint_eq(machine.encoder_rung, 0);
    ck_assert_uint_eq(machine.n_misses, SECOND);
    ck_assert_uint_gt(governor.n_infeasible, SECOND / 2);
    run_frames(&machine, 1.0, 2 * SECOND);
    ck_assert_uint_eq(machine.encoder_rung, WIDEST);
}
END_TEST

/* A minute beside another program that comes and goes, two seconds each on average: misses when it comes. */
START_TEST(a_coming_and_going_load_misses_few)
{
    struct machine machine = { .noise = 0.02, .budget_us = 16000 };
    uint32_t n_rises = 0;
    uint32_t run = 0;
    double slowdown = 1.0;

    seed = 70u + (uint64_t)_i;
    for (uint32_t i = 0; i < 60 * SECOND; i++) {
        if (chance(&seed) < 1.0 / 60.0) {
            n_rises += slowdown == 1.0;
            slowdown = slowdown > 1.0 ? 1.0 : 1.25 + 0.65 * chance(&seed);
        }
        run = run_frame(&machine, slowdown) ? run + 1 : 0;
        ck_assert_uint_le(run, 2);
    }
    ck_assert_uint_gt(n_rises, 0);
    ck_assert_uint_le(machine.n_misses, n_rises + 2);
}
END_TEST

static void add_plans(Suite *suite)
{
    TCase *const plans = tcase_create("plan");

    tcase_set_timeout(plans, 30);
    tcase_add_checked_fixture(plans, set_up, NULL);
    tcase_add_test(plans, options_have_their_defaults_and_ranges);
    tcase_add_test(plans, every_cause_has_a_name_of_its_own);
    tcase_add_test(plans, no_deadline_is_the_widest);
    tcase_add_test(plans, what_comes_after_the_network_is_kept_free);
    tcase_add_test(plans, a_pinned_width_ignores_the_budget);
    tcase_add_test(plans, a_new_ladder_is_still_new_after_a_pinned_frame);
    tcase_add_test(plans, each_decision_is_the_widest_that_fits);
    tcase_add_test(plans, more_time_is_never_narrower);
    tcase_add_test(plans, a_slower_machine_is_never_wider);
    tcase_add_test(plans, a_slower_clock_counts_as_a_slower_machine);
    tcase_add_loop_test(plans, what_is_no_clock_counts_as_one, 0, AR_ARRAY_LEN(not_clocks));
    tcase_add_test(plans, the_slowest_and_the_fastest_clocks_are_believed);
    tcase_add_test(plans, a_slow_clock_is_no_slow_machine);
    tcase_add_test(plans, a_deadline_in_the_past_is_infeasible);
    tcase_add_test(plans, a_cap_is_respected_and_told);
    tcase_add_test(plans, a_cap_below_what_is_worth_running_is_the_narrowest);
    suite_add_tcase(suite, plans);
}

static void add_moves(Suite *suite)
{
    TCase *const moves = tcase_create("moves");

    tcase_set_timeout(moves, 30);
    tcase_add_checked_fixture(moves, set_up, NULL);
    tcase_add_test(moves, down_at_once_and_up_after_the_wait);
    tcase_add_test(moves, the_decoder_goes_up_at_once);
    tcase_add_loop_test(moves, a_frame_that_does_not_fit_starts_the_row_again, 1, 4);
    tcase_add_test(moves, up_no_further_than_all_of_the_row_would_have_fitted);
    tcase_add_test(moves, a_frame_that_is_late_already_is_given_up_but_never_two);
    tcase_add_test(moves, a_frame_is_given_up_in_its_midst);
    tcase_add_test(moves, where_all_frames_count_none_is_given_up);
    tcase_add_test(moves, a_hopeless_machine_gives_nothing_up);
    suite_add_tcase(suite, moves);
}

static void add_learning(Suite *suite)
{
    TCase *const learns = tcase_create("learn");

    tcase_set_timeout(learns, 30);
    tcase_add_checked_fixture(learns, set_up, NULL);
    tcase_add_test(learns, the_first_frames_teach_nothing);
    tcase_add_loop_test(learns, a_level_that_stays_is_learnt, 500, 505);
    tcase_add_loop_test(learns, a_level_that_stays_is_learnt, 1500, 1505);
    tcase_add_test(learns, a_rise_is_believed_sooner_than_a_fall);
    tcase_add_test(learns, one_spike_is_not_believed_and_a_second_one_is);
    tcase_add_loop_test(learns, two_spikes_apart_are_two_first_ones, 1, 5);
    tcase_add_loop_test(learns, a_pause_in_one_segment_is_no_slow_machine, 0, N_SEGMENTS);
    tcase_add_test(learns, no_time_teaches_nothing);
    tcase_add_test(learns, a_change_of_less_than_a_spike_is_found_within_a_second);
    tcase_add_test(learns, what_a_segment_took_is_believed_of_the_rest);
    tcase_add_test(learns, a_longer_segment_is_never_believed_less);
    tcase_add_loop_test(learns, a_steady_machine_needs_little_margin, 7, 14);
    tcase_add_test(learns, the_margin_is_what_one_prediction_in_a_hundred_exceeds);
    tcase_add_test(learns, an_event_teaches_a_margin_no_more_than_a_step);
    tcase_add_test(learns, a_miss_after_a_move_up_doubles_the_wait_and_time_heals);
    tcase_add_test(learns, a_miss_long_after_a_move_up_is_not_its_fault);
    tcase_add_test(learns, a_move_up_is_remembered);
    tcase_add_test(learns, without_a_deadline_nothing_is_missed);
    tcase_add_test(learns, a_panic_starts_the_row_again);
    tcase_add_test(learns, a_spike_after_a_move_up_is_not_its_fault);
    tcase_add_test(learns, two_misses_in_a_row_are_a_panic);
    suite_add_tcase(suite, learns);
}

static void add_lives(Suite *suite)
{
    TCase *const lives = tcase_create("lives");

    tcase_set_timeout(lives, 30);
    tcase_add_checked_fixture(lives, set_up, NULL);
    tcase_add_loop_test(lives, any_life_is_survived_and_lived_twice_the_same, 0, 4);
    tcase_add_test(lives, times_that_are_none_are_survived);
    tcase_add_test(lives, a_new_ladder_keeps_what_was_learnt);
    tcase_add_loop_test(lives, after_garbage_it_heals_within_two_seconds, 0, 4);
    tcase_add_loop_test(lives, a_quiet_machine_misses_nothing_and_keeps_calm, 0, 4);
    tcase_add_loop_test(lives, a_slow_down_by_two_is_absorbed_within_two_frames, 0,
                        AR_ARRAY_LEN(steps));
    tcase_add_test(lives, a_step_of_the_budget_misses_nothing);
    tcase_add_test(lives, one_stalled_frame_costs_less_than_a_second);
    tcase_add_test(lives, a_hopeless_machine_stays_at_the_narrowest);
    tcase_add_loop_test(lives, a_coming_and_going_load_misses_few, 0, 4);
    suite_add_tcase(suite, lives);
}

int main(void)
{
    Suite *const suite = suite_create("budget governor");

    add_plans(suite);
    add_moves(suite);
    add_learning(suite);
    add_lives(suite);
    return ar_suite_run(suite);
}
