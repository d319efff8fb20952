/* SPDX-License-Identifier: MIT */
#include "daemon/work.h"

#include <assert.h>
#include <string.h>

static_assert(AR_COST_MAX_RUNGS >= AR_MODEL_MAX_RUNGS, "a cost table holds every rung");
static_assert(AR_COST_MAX_SEGMENTS >= AR_MODEL_MAX_SEGMENTS, "and every segment");
static_assert(AR_SWEEP_MAX_LAYERS >= AR_MODEL_MAX_LAYERS, "a sweep holds every layer");

struct ar_fit_work ar_work_of_layer(void *user, uint32_t layer, const uint32_t *rungs)
{
    const struct ar_work *work = user;
    const struct ar_model_macs macs =
        ar_model_layer_macs(work->model, layer, rungs, work->width_px, work->height_px);
    const uint32_t value_b = work->precision == AR_NET_INT8 ? 1 : sizeof(float);

    return (struct ar_fit_work){
        .depthwise = (double)macs.depthwise,
        .pointwise = (double)macs.pointwise,
        .bytes = (double)ar_model_layer_bytes(work->model, layer, rungs, work->width_px,
                                              work->height_px, value_b),
    };
}

void ar_work_fill_cost(const struct ar_work *work, struct ar_cost *cost)
{
    const struct ar_model *model = work->model;

    *cost = (struct ar_cost){ .n_rungs = model->n_rungs, .n_segments = model->n_segments };
    for (uint32_t rung = 0; rung < model->n_rungs; rung++)
        cost->widths[rung] = model->widths[rung];
    for (uint32_t s = 0; s < model->n_segments; s++) {
        for (uint32_t before = 0; before < model->n_rungs; before++) {
            for (uint32_t rung = 0; rung < model->n_rungs; rung++) {
                uint32_t rungs[AR_MODEL_MAX_SEGMENTS];

                for (uint32_t i = 0; i < model->n_segments; i++)
                    rungs[i] = i < s ? before : rung;
                cost->macs[s][before][rung] =
                    (float)ar_model_segment_macs(model, s, rungs, work->width_px,
                                                 work->height_px);
            }
        }
    }
}

void ar_work_begin_sweep(const struct ar_work *work, struct ar_sweep *sweep)
{
    const struct ar_model *model = work->model;

    *sweep = (struct ar_sweep){ .n_rungs = model->n_rungs,
                                .n_segments = model->n_segments,
                                .n_layers = model->n_layers };
    for (uint32_t i = 0; i < model->n_layers; i++)
        sweep->segments[i] = model->layers[i].segment;
}

static bool same_layer(const struct ar_layer *a, const struct ar_layer *b, uint32_t n_rungs)
{
    return a->op == b->op && a->norm == b->norm && a->input == b->input && a->add == b->add &&
           a->segment == b->segment && a->kernel == b->kernel && a->kernel2 == b->kernel2 &&
           a->stride == b->stride && a->upsample == b->upsample && a->gate == b->gate &&
           a->gate_previous == b->gate_previous &&
           memcmp(a->channels, b->channels, n_rungs * sizeof(a->channels[0])) == 0;
}

bool ar_work_is_same(const struct ar_work *a, const struct ar_work *b)
{
    const struct ar_model *one = a->model;
    const struct ar_model *two = b->model;

    if (a->precision != b->precision || a->width_px != b->width_px ||
        a->height_px != b->height_px || one->n_layers != two->n_layers ||
        one->n_rungs != two->n_rungs || one->layout.planes != two->layout.planes)
        return false;
    for (uint32_t i = 0; i < one->n_layers; i++)
        if (!same_layer(&one->layers[i], &two->layers[i], one->n_rungs))
            return false;
    return true;
}
