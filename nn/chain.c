/* SPDX-License-Identifier: MIT */
#include "nn/chain.h"

#include <assert.h>

#include "base/macros.h"
#include "nn/graph.h"

#define ANY_TIME UINT32_MAX /* as n_before */

/*
 * Layers of a chain that have whole maps, which all need memory at once. More are no faster: a block is two of them, of which
 * the second adds what the first one has just read, and the first block has a layer that leads to it.
 */
#define MOST_WHOLE 3

static bool needs_whole_maps(const struct ar_layer *layer)
{
    return layer->norm == AR_LAYER_NORM_INSTANCE;
}

/* Whether layer `end` goes on with the chain. */
static bool goes_on(const struct ar_model *model, const struct ar_chain *chain)
{
    const struct ar_layer *last = &model->layers[chain->end - 1];
    const struct ar_layer *next = &model->layers[chain->end];

    if (chain->end == model->n_layers || chain->end - chain->first == AR_CHAIN_MAX ||
        next->segment != last->segment || last->gate || next->gate)
        return false;
    return !needs_whole_maps(last) || (needs_whole_maps(next) && last->add == AR_LAYER_NONE &&
                                       chain->end - chain->whole < MOST_WHOLE);
}

struct ar_chain ar_chain_find(const struct ar_model *model, uint32_t first)
{
    struct ar_chain chain = { .first = first, .end = first, .whole = first };

    do {
        if (!needs_whole_maps(&model->layers[chain.end]))
            chain.whole = chain.end + 1;
        chain.end++;
    } while (goes_on(model, &chain));
    return chain;
}

static bool reads(const struct ar_layer *reader, uint32_t layer)
{
    return reader->input == (int32_t)layer || reader->add == (int32_t)layer;
}

bool ar_chain_has_ring(const struct ar_model *model, const struct ar_chain *chain,
                       uint32_t layer)
{
    bool is_read = false;

    for (uint32_t i = layer + 1; i < model->n_layers; i++) {
        if (!reads(&model->layers[i], layer))
            continue;
        if (i >= chain->whole)
            return false;
        is_read = true;
    }
    return is_read;
}

/* Log2 of the downscale of the rows that a layer makes. */
static uint32_t rows_shift(const struct ar_model *model, const struct ar_layer *layer)
{
    return layer->op == AR_LAYER_SHUFFLE ? layer->shift : ar_graph_filter_shift(model, layer);
}

/* The first member's number is 0. */
static const struct ar_layer *layer_of(const struct ar_chain_plan *plan,
                                       const struct ar_model *model, uint32_t member)
{
    return &model->layers[plan->chain.first + member];
}

static uint32_t n_members(const struct ar_chain_plan *plan)
{
    return plan->chain.end - plan->chain.first;
}

/* Log2 of the picture rows of the lowest strip in which every map has whole rows. */
static uint32_t least_strip_shift(const struct ar_chain_plan *plan,
                                  const struct ar_model *model)
{
    uint32_t shift = 0;

    for (uint32_t i = 0; i < n_members(plan); i++) {
        const struct ar_layer *layer = layer_of(plan, model, i);

        shift = ar_max_u32(shift, rows_shift(model, layer));
        shift = ar_max_u32(shift, ar_graph_input_shift(model, layer->input));
    }
    return shift;
}

/* How a member reads another one's map. */
struct link {
    bool exists;
    uint32_t rows;   /* of the map, made in a step */
    uint32_t behind; /* rows that are read before the strip of the same step */
    uint32_t ahead;  /* and behind it */
};

/* Rows that a filter reads on either side of its centre. */
static uint32_t reach(const struct ar_layer *layer)
{
    return ar_max_u32(layer->kernel, layer->kernel2) / 2;
}

static struct link find_link(const struct ar_chain_plan *plan, const struct ar_model *model,
                             uint32_t from, uint32_t to)
{
    const struct ar_layer *maker = layer_of(plan, model, from);
    const struct ar_layer *reader = layer_of(plan, model, to);
    const uint32_t index = plan->chain.first + from;
    struct link link = { .exists = from < to && reads(reader, index) };

    link.rows = plan->members[from].step_rows << (rows_shift(model, maker) - maker->shift);
    if (reader->input != (int32_t)index || reader->op == AR_LAYER_SHUFFLE)
        return link;
    link.behind = reach(reader);
    link.ahead = reach(reader) >= reader->stride - 1 ? reach(reader) - (reader->stride - 1) : 0;
    return link;
}

/* Steps between a reader's first one and its maker's. */
static uint32_t link_steps(const struct link *link, uint32_t slack)
{
    return (link->ahead + link->rows - 1) / link->rows + slack;
}

/* As early as what they read allows; then those that read no member's map as late as their readers do. */
static void set_first_steps(struct ar_chain_plan *plan, const struct ar_model *model,
                            uint32_t slack)
{
    struct ar_chain_member *const members = plan->members;
    bool reads_member[AR_CHAIN_MAX] = { false };

    for (uint32_t to = 0; to < n_members(plan); to++) {
        for (uint32_t from = 0; from < to; from++) {
            const struct link link = find_link(plan, model, from, to);

            if (!link.exists)
                continue;
            reads_member[to] = true;
            members[to].first_step =
                ar_max_u32(members[to].first_step,
                           members[from].first_step + link_steps(&link, slack));
        }
    }
    for (uint32_t from = 0; from < n_members(plan); from++) {
        uint32_t latest = UINT32_MAX;

        for (uint32_t to = from + 1; !reads_member[from] && to < n_members(plan); to++) {
            const struct link link = find_link(plan, model, from, to);

            if (link.exists)
                latest = ar_min_u32(latest, members[to].first_step - link_steps(&link, slack));
        }
        if (latest != UINT32_MAX)
            members[from].first_step = latest;
    }
}

/*
 * A ring has the rows from the first one that a reader may be at, 1 + slack steps back, to the last one that is made.
 * Needs: makers of the step before, readers of two steps before.
 */
static void set_links(struct ar_chain_plan *plan, const struct ar_model *model, uint32_t slack)
{
    const uint32_t n = n_members(plan);

    for (uint32_t i = 0; i < n; i++)
        plan->members[i].n_before = ANY_TIME;
    for (uint32_t to = 0; to < n; to++) {
        for (uint32_t from = 0; from < to; from++) {
            const struct link link = find_link(plan, model, from, to);
            struct ar_chain_member *const maker = &plan->members[from];
            struct ar_chain_member *const reader = &plan->members[to];

            if (!link.exists)
                continue;
            maker->ring_rows =
                ar_max_u32(maker->ring_rows,
                           link.rows * (reader->first_step - maker->first_step + 1 + slack) +
                               link.behind);
            reader->n_before = ar_min_u32(reader->n_before, (n - from - 1) * plan->n_parts);
            maker->n_before = ar_min_u32(maker->n_before, (2 * n - to - 1) * plan->n_parts);
        }
    }
}

/* The picture's rows are read by the tasks that make them: of those of a step memory holds as many as may be under way. */
static void set_shown(struct ar_chain_plan *plan, const struct ar_model *model, uint32_t slack)
{
    struct ar_chain_member *const member = &plan->members[n_members(plan) - 1];
    const struct ar_layer *layer = layer_of(plan, model, n_members(plan) - 1);

    if (plan->chain.end < model->n_layers)
        return;
    member->ring_rows =
        (member->step_rows << (rows_shift(model, layer) - layer->shift)) * (1 + slack);
    member->n_before = ar_min_u32(member->n_before, n_members(plan) * plan->n_parts);
}

void ar_chain_plan(struct ar_chain_plan *plan, const struct ar_model *model,
                   const struct ar_chain *chain, uint32_t height_px, uint32_t n_workers,
                   uint32_t scale)
{
    const uint32_t n = chain->end - chain->first;
    const uint32_t slack = n_workers > 1 ? 1 : 0;
    uint32_t n_steps = 0;
    uint32_t strip_shift;

    *plan = (struct ar_chain_plan){ .chain = *chain, .n_parts = 1 };
    while (n * plan->n_parts < n_workers)
        plan->n_parts *= 2;
    strip_shift = least_strip_shift(plan, model);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t shift = rows_shift(model, layer_of(plan, model, i));

        plan->members[i].step_rows = (scale * plan->n_parts) << (strip_shift - shift);
        plan->members[i].height = ar_graph_scaled(height_px, shift);
    }
    set_first_steps(plan, model, slack);
    set_links(plan, model, slack);
    set_shown(plan, model, slack);
    for (uint32_t i = 0; i < n; i++) {
        struct ar_chain_member *member = &plan->members[i];
        const uint32_t map_rows = ar_graph_scaled(height_px, layer_of(plan, model, i)->shift);

        member->ring_rows = ar_min_u32(member->ring_rows, map_rows);
        n_steps =
            ar_max_u32(n_steps, member->first_step + (member->height + member->step_rows - 1) /
                                                         member->step_rows);
    }
    plan->n_tasks = n_steps * n * plan->n_parts;
}

struct ar_chain_task ar_chain_task(const struct ar_chain_plan *plan, uint32_t index)
{
    const uint32_t part = index % plan->n_parts;
    const uint32_t number = index / plan->n_parts % n_members(plan);
    const uint32_t step = index / plan->n_parts / n_members(plan);
    const struct ar_chain_member *member = &plan->members[number];
    const uint32_t rows = member->step_rows / plan->n_parts;
    struct ar_chain_task task = { .member = number };

    if (step < member->first_step)
        return task;
    task.first_row = (step - member->first_step) * member->step_rows + part * rows;
    task.first_row = ar_min_u32(task.first_row, member->height);
    task.end_row = ar_min_u32(task.first_row + rows, member->height);
    return task;
}

uint32_t ar_chain_needs(const struct ar_chain_plan *plan, uint32_t index)
{
    const uint32_t n_tasks = n_members(plan) * plan->n_parts;
    const uint32_t number = index / plan->n_parts % n_members(plan);
    const uint32_t before = plan->members[number].n_before;
    const uint32_t first = index / n_tasks * n_tasks;

    return before < first ? first - before : 0;
}
