/* SPDX-License-Identifier: MIT */
#include <check.h>

#include "daemon/work.h"
#include "tests/suite.h"
#include "tests/unit/nn_maker.h"

static struct ar_model *model;
static struct ar_work work;

static void open_model(uint64_t seed)
{
    model = nn_maker_model(seed);
    work = (struct ar_work){ .model = model, .width_px = 64, .height_px = 48 };
}

static double layers_macs(uint32_t segment, const uint32_t *rungs)
{
    double macs = 0.0;

    for (uint32_t i = 0; i < model->n_layers; i++) {
        const struct ar_fit_work one = ar_work_of_layer(&work, i, rungs);

        if (model->layers[i].segment == segment)
            macs += one.depthwise + one.pointwise;
    }
    return macs;
}

/* _i: the seed. A segment's MACs are those of its layers, each after any rung in the segments before. */
START_TEST(a_segment_is_its_layers)
{
    static struct ar_cost cost;

    open_model((uint64_t)_i);
    ar_work_fill_cost(&work, &cost);
    ck_assert_uint_eq(cost.n_rungs, model->n_rungs);
    ck_assert_uint_eq(cost.n_segments, model->n_segments);
    for (uint32_t rung = 0; rung < cost.n_rungs; rung++) {
        ck_assert_double_eq_tol(cost.widths[rung], (double)model->widths[rung], 1e-6);
        for (uint32_t s = 0; s < cost.n_segments; s++) {
            for (uint32_t before = 0; before < cost.n_rungs; before++) {
                uint32_t rungs[AR_COST_MAX_SEGMENTS];
                double macs;

                for (uint32_t i = 0; i < AR_COST_MAX_SEGMENTS; i++)
                    rungs[i] = i < s ? before : rung;
                macs = layers_macs(s, rungs);
                ck_assert_double_eq_tol(ar_cost_macs(&cost, s, before, rung), macs,
                                        1e-6 * macs);
            }
        }
    }
    ar_model_close(model);
}
END_TEST

START_TEST(a_wider_rung_has_more_to_do)
{
    open_model((uint64_t)_i);
    for (uint32_t layer = 0; layer < model->n_layers; layer++) {
        double last_b = 0.0;
        double last_macs = 0.0;

        for (uint32_t rung = 0; rung < model->n_rungs; rung++) {
            uint32_t rungs[AR_COST_MAX_SEGMENTS];
            struct ar_fit_work one;

            for (uint32_t i = 0; i < AR_COST_MAX_SEGMENTS; i++)
                rungs[i] = rung;
            one = ar_work_of_layer(&work, layer, rungs);
            ck_assert_double_gt(one.bytes, 0.0);
            ck_assert_double_ge(one.bytes, last_b);
            ck_assert_double_ge(one.depthwise + one.pointwise, last_macs);
            last_b = one.bytes;
            last_macs = one.depthwise + one.pointwise;
        }
    }
    ar_model_close(model);
}
END_TEST

START_TEST(int8_moves_fewer_bytes_for_the_same_macs)
{
    const uint32_t rungs[AR_COST_MAX_SEGMENTS] = { 0 };

    open_model((uint64_t)_i);
    for (uint32_t layer = 0; layer < model->n_layers; layer++) {
        struct ar_fit_work f32;
        struct ar_fit_work int8;

        work.precision = AR_NET_F32;
        f32 = ar_work_of_layer(&work, layer, rungs);
        work.precision = AR_NET_INT8;
        int8 = ar_work_of_layer(&work, layer, rungs);
        ck_assert_double_lt(int8.bytes, f32.bytes);
        ck_assert_double_eq(int8.depthwise, f32.depthwise);
        ck_assert_double_eq(int8.pointwise, f32.pointwise);
    }
    ar_model_close(model);
}
END_TEST

START_TEST(a_sweep_begins_empty)
{
    static struct ar_sweep sweep;

    open_model((uint64_t)_i);
    sweep.n_runs[0] = 3;
    ar_work_begin_sweep(&work, &sweep);
    ck_assert_uint_eq(sweep.n_rungs, model->n_rungs);
    ck_assert_uint_eq(sweep.n_segments, model->n_segments);
    ck_assert_uint_eq(sweep.n_layers, model->n_layers);
    ck_assert_uint_eq(sweep.n_runs[0], 0);
    for (uint32_t i = 0; i < model->n_layers; i++)
        ck_assert_uint_eq(sweep.segments[i], model->layers[i].segment);
    ar_model_close(model);
}
END_TEST

/* Each of what a network's time hangs on; weights and texts are none of it. */
START_TEST(what_makes_work_the_same)
{
    struct ar_model *other;
    struct ar_work others;

    open_model((uint64_t)_i);
    other = nn_maker_model((uint64_t)_i);
    others = work;
    others.model = other;
    other->layers[0].weight = NULL;
    other->info.style[0] = '!';
    ck_assert(ar_work_is_same(&work, &others));
    others.width_px++;
    ck_assert(!ar_work_is_same(&work, &others));
    others.width_px--;
    others.height_px++;
    ck_assert(!ar_work_is_same(&work, &others));
    others.height_px--;
    others.precision = work.precision == AR_NET_INT8 ? AR_NET_F32 : AR_NET_INT8;
    ck_assert(!ar_work_is_same(&work, &others));
    others.precision = work.precision;
    other->layers[other->n_layers - 1].channels[other->n_rungs - 1] += 8;
    ck_assert(!ar_work_is_same(&work, &others));
    other->layers[other->n_layers - 1].channels[other->n_rungs - 1] -= 8;
    other->layers[0].segment++;
    ck_assert(!ar_work_is_same(&work, &others));
    other->layers[0].segment--;
    other->n_layers--;
    ck_assert(!ar_work_is_same(&work, &others));
    other->n_layers++;
    other->n_rungs++;
    ck_assert(!ar_work_is_same(&work, &others));
    other->n_rungs--;
    ck_assert(ar_work_is_same(&work, &others));
    ar_model_close(other);
    ar_model_close(model);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("work");
    TCase *const tests = tcase_create("work");

    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, a_segment_is_its_layers, 1, 6);
    tcase_add_loop_test(tests, a_wider_rung_has_more_to_do, 1, 6);
    tcase_add_loop_test(tests, int8_moves_fewer_bytes_for_the_same_macs, 1, 6);
    tcase_add_loop_test(tests, a_sweep_begins_empty, 1, 6);
    tcase_add_loop_test(tests, what_makes_work_the_same, 1, 6);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
