/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "nn/border.h"
#include "nn/chain.h"
#include "nn/graph.h"
#include "nn/model.h"
#include "tests/suite.h"
#include "tests/unit/nn_maker.h"

/*
 * Chains of drawn networks, by the definition: each row is made once; when a task begins, each row that it reads has been
 * made; and until it ends, nobody makes another one in that row's place.
 */

#define N_NETWORKS  60
#define MAX_READS   64
#define MAX_MAP_ROW 256

static const uint32_t heights_px[] = { 16, 18, 22, 34, 50, 130 };
static const uint32_t worker_counts[] = { 1, 2, 3, 4, 7 };

struct rig {
    struct ar_model *model;
    struct ar_chain_plan plan;
    uint32_t height_px;
    bool alone; /* one worker: tasks run one after another */
    /* The task that makes a member's row. */
    uint32_t makers[AR_CHAIN_MAX][MAX_MAP_ROW];
    /* Broken rules, counted: there are millions of reads, and each assertion of the library costs a microsecond. */
    uint32_t n_twice;   /* rows made */
    uint32_t n_missing; /* rows never made, or not when they are read */
    uint32_t
        n_written; /* rows that another one takes the place of before they have been read */
};

static const struct ar_layer *layer_of(const struct rig *rig, uint32_t member)
{
    return &rig->model->layers[rig->plan.chain.first + member];
}

static uint32_t map_height(const struct rig *rig, const struct ar_layer *layer)
{
    return ar_graph_scaled(rig->height_px, layer->shift);
}

/* Tasks below this have ended when `task` begins. */
static uint32_t ended_before(const struct rig *rig, uint32_t task)
{
    return rig->alone ? task : ar_chain_needs(&rig->plan, task);
}

static void find_makers(struct rig *rig)
{
    for (uint32_t m = 0; m < AR_CHAIN_MAX; m++)
        for (uint32_t y = 0; y < MAX_MAP_ROW; y++)
            rig->makers[m][y] = UINT32_MAX;
    for (uint32_t t = 0; t < rig->plan.n_tasks; t++) {
        const struct ar_chain_task task = ar_chain_task(&rig->plan, t);
        const struct ar_layer *layer = layer_of(rig, task.member);
        const uint32_t twice = layer->upsample ? 2 : 1;

        for (uint32_t y = task.first_row * twice; y < task.end_row * twice; y++) {
            rig->n_twice += rig->makers[task.member][y] != UINT32_MAX;
            rig->makers[task.member][y] = t;
        }
    }
    for (uint32_t m = 0; m < rig->plan.chain.end - rig->plan.chain.first; m++)
        for (uint32_t y = 0; y < map_height(rig, layer_of(rig, m)); y++)
            rig->n_missing += rig->makers[m][y] == UINT32_MAX;
}

/* A row of a map that a task reads. */
static void check_read(struct rig *rig, uint32_t task, int32_t index, uint32_t row)
{
    const uint32_t member = (uint32_t)index - rig->plan.chain.first;
    const uint32_t *const makers = rig->makers[member];
    const uint32_t ring = rig->plan.members[member].ring_rows;

    rig->n_missing += makers[row] >= ended_before(rig, task);
    for (uint32_t y = row % ring; y < map_height(rig, layer_of(rig, member)); y += ring) {
        if (y < row)
            rig->n_written += makers[y] >= ended_before(rig, makers[row]);
        if (y > row)
            rig->n_written += task >= ended_before(rig, makers[y]);
    }
}

static bool is_member(const struct rig *rig, int32_t index)
{
    return index >= (int32_t)rig->plan.chain.first && index < (int32_t)rig->plan.chain.end;
}

static void check_input(struct rig *rig, uint32_t task, const struct ar_layer *layer,
                        uint32_t kernel, uint32_t y)
{
    const uint32_t height = map_height(rig, &rig->model->layers[layer->input]);

    if (layer->op == AR_LAYER_SHUFFLE) {
        check_read(rig, task, layer->input, y / 2);
        return;
    }
    for (uint32_t i = 0; i < kernel; i++)
        check_read(rig, task, layer->input,
                   ar_border_index(rig->model->border,
                                   (int32_t)(y * layer->stride + i) - (int32_t)(kernel / 2),
                                   height));
}

static void check_task(struct rig *rig, uint32_t index)
{
    const struct ar_chain_task task = ar_chain_task(&rig->plan, index);
    const struct ar_layer *layer = layer_of(rig, task.member);
    const uint32_t twice = layer->upsample ? 2 : 1;

    for (uint32_t y = task.first_row; y < task.end_row; y++) {
        if (is_member(rig, layer->input)) {
            check_input(rig, index, layer, layer->kernel, y);
            if (layer->kernel2)
                check_input(rig, index, layer, layer->kernel2, y);
        }
        for (uint32_t i = 0; is_member(rig, layer->add) && i < twice; i++)
            if (y * twice + i < map_height(rig, layer))
                check_read(rig, index, layer->add, y * twice + i);
    }
}

static void check_chain(struct rig *rig, const struct ar_chain *chain, uint32_t n_workers,
                        uint32_t scale)
{
    rig->alone = n_workers == 1;
    ar_chain_plan(&rig->plan, rig->model, chain, rig->height_px, n_workers, scale);
    find_makers(rig);
    for (uint32_t t = 0; t < rig->plan.n_tasks; t++) {
        rig->n_missing += ar_chain_needs(&rig->plan, t) > t;
        check_task(rig, t);
    }
    ck_assert_uint_eq(rig->n_twice, 0);
    ck_assert_uint_eq(rig->n_missing, 0);
    ck_assert_uint_eq(rig->n_written, 0);
}

START_TEST(test_tasks)
{
    struct rig rig = { .model = nn_maker_model((uint64_t)_i) };
    struct ar_chain chain = { 0, 0 };

    while (chain.end < rig.model->n_layers) {
        chain = ar_chain_find(rig.model, chain.end);
        for (size_t h = 0; h < AR_ARRAY_LEN(heights_px); h++) {
            rig.height_px = heights_px[h];
            for (size_t w = 0; w < AR_ARRAY_LEN(worker_counts); w++)
                for (uint32_t scale = 1; scale <= 4; scale *= 2)
                    check_chain(&rig, &chain, worker_counts[w], scale);
        }
    }
    ar_model_close(rig.model);
}
END_TEST

/* What makes a chain, layer by layer; and what of it may be in a ring. */
START_TEST(test_chains)
{
    struct ar_model *model = nn_maker_model((uint64_t)_i);
    struct ar_chain chain = { 0, 0 };

    while (chain.end < model->n_layers) {
        const uint32_t first = chain.end;

        chain = ar_chain_find(model, first);
        ck_assert_uint_eq(chain.first, first);
        ck_assert_uint_gt(chain.end, first);
        ck_assert_uint_le(chain.end - first, AR_CHAIN_MAX);
        for (uint32_t i = first; i < chain.end; i++) {
            const struct ar_layer *layer = &model->layers[i];

            ck_assert_uint_eq(layer->segment, model->layers[first].segment);
            ck_assert(layer->gate == 0 || chain.end == first + 1);
            if (!ar_chain_has_ring(model, &chain, i))
                continue;
            ck_assert(layer->norm != AR_LAYER_NORM_INSTANCE);
            for (uint32_t r = 0; r < model->n_layers; r++)
                if (model->layers[r].input == (int32_t)i || model->layers[r].add == (int32_t)i)
                    ck_assert(r < chain.end && model->layers[r].norm != AR_LAYER_NORM_INSTANCE);
        }
    }
    ck_assert(!ar_chain_has_ring(model, &chain, model->n_layers - 1));
    ar_model_close(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nn_chain");
    TCase *tc = tcase_create("all");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_tasks, 0, N_NETWORKS);
    tcase_add_loop_test(tc, test_chains, 0, N_NETWORKS);
    suite_add_tcase(suite, tc);
    return ar_suite_run(suite);
}
