/* SPDX-License-Identifier: MIT */
#include "nn/net.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/frame.h"
#include "base/macros.h"
#include "nn/border.h"
#include "nn/graph.h"
#include "nn/moments.h"
#include "nn/place.h"
#include "nn/priv.h"
#include "nn/rows.h"

#define PLANE_MAX 255.0F /* a plane's byte where nothing is dark */

#define MAX_MEMORY_B (1u << 30) /* a model that wants more is a mistake, or malice */
/*
 * So that a worker that is interrupted holds up the others by a quarter of its share at most.
 */
#define CHUNKS_PER_WORKER 4

/* What a chain's rings may take of the second cache for the sake of longer tasks, and how long these are at most. */
#define CACHE_B    (640u << 10)
#define MOST_SCALE 4

static uint64_t whole_lines_b(uint64_t size_b)
{
    return (size_b + AR_ARENA_ALIGN_B - 1) / AR_ARENA_ALIGN_B * AR_ARENA_ALIGN_B;
}

static uint32_t last_reader(const struct ar_model *model, uint32_t index)
{
    uint32_t last = index;

    for (uint32_t i = index + 1; i < model->n_layers; i++)
        if (model->layers[i].input == (int32_t)index || model->layers[i].add == (int32_t)index)
            last = i;
    return last;
}

static uint64_t rows_b(const struct ar_net *net, const struct ar_net_node *node,
                       uint32_t n_rows, uint32_t channels)
{
    const uint32_t stored =
        ar_tensor_stored(node->result.height, node->result.has_twins, n_rows);

    return whole_lines_b(
        ar_net_keeps_int8(net, node)
            ? ar_tensor8_bytes(stored, node->result8.width, channels, node->result8.fours)
            : ar_tensor_floats(stored, node->result.width, channels) * sizeof(float));
}

/* Bytes of the rows of a chain's layer that are under way. */
static uint64_t window_b(const struct ar_net *net, const struct ar_chain_plan *plan,
                         uint32_t member, uint32_t rung)
{
    const struct ar_net_node *node = &net->nodes[plan->chain.first + member];

    return rows_b(net, node, plan->members[member].ring_rows, node->layer->channels[rung]);
}

/* As long tasks as the cache has room for. */
void ar_net_plan_chain(const struct ar_net *net, const struct ar_chain *chain, uint32_t rung,
                       struct ar_chain_plan *plan)
{
    const uint32_t n_workers = ar_workers_count(net->params.workers);

    for (uint32_t scale = MOST_SCALE;; scale /= 2) {
        uint64_t sum_b = 0;

        ar_chain_plan(plan, net->params.model, chain, net->params.height_px, n_workers, scale);
        for (uint32_t i = 0; i < chain->end - chain->first; i++)
            sum_b += window_b(net, plan, i, rung);
        if (scale == 1 || sum_b <= CACHE_B)
            return;
    }
}

static void find_chains(struct ar_net *net)
{
    const struct ar_model *model = net->params.model;
    struct ar_chain chain = { .end = 0 };

    while (chain.end < model->n_layers) {
        chain = ar_chain_find(model, chain.end);
        net->chains[net->n_chains++] = chain;
        for (uint32_t i = chain.first; i < chain.end; i++)
            net->nodes[i].has_ring =
                !net->params.keep_all && ar_chain_has_ring(model, &chain, i);
    }
}

static uint32_t chain_of(const struct ar_net *net, uint32_t layer)
{
    uint32_t i = 0;

    while (net->chains[i].end <= layer)
        i++;
    return i;
}

/* Whole maps. The last result stays as it is until the next frame: no layer runs after it. */
static void lay_out_maps(struct ar_net *net)
{
    const struct ar_model *model = net->params.model;
    struct ar_place places[AR_MODEL_MAX_LAYERS] = { 0 };
    uint8_t *memory;

    for (uint32_t i = 0; i < model->n_layers; i++) {
        const struct ar_net_node *node = &net->nodes[i];

        if (node->has_ring)
            continue;
        places[i] = (struct ar_place){
            .size = rows_b(net, node, node->result.height, node->layer->max_outputs),
            .first = chain_of(net, i),
            .last = net->params.keep_all ? net->n_chains : chain_of(net, last_reader(model, i)),
        };
    }
    memory = ar_arena_take_b(&net->arena, ar_place_all(places, model->n_layers));
    for (uint32_t i = 0; memory && i < model->n_layers; i++)
        if (!net->nodes[i].has_ring)
            net->nodes[i].memory = memory + places[i].offset;
}

/* Rings of a chain lie side by side. Returns the bytes that they take. */
uint64_t ar_net_place_rings(struct ar_net *net, const struct ar_chain_plan *plan, uint32_t rung)
{
    uint64_t used_b = 0;

    for (uint32_t i = 0; i < plan->chain.end - plan->chain.first; i++) {
        struct ar_net_node *node = &net->nodes[plan->chain.first + i];

        if (!node->has_ring)
            continue;
        node->memory = net->rings ? net->rings + used_b : NULL;
        used_b += window_b(net, plan, i, rung);
    }
    return used_b;
}

/* The most that some layers' rings take at any rung. */
static uint64_t most_rings_b(struct ar_net *net, const struct ar_chain *chain)
{
    uint64_t most_b = 0;

    if (chain->end == chain->first)
        return 0;
    for (uint32_t rung = 0; rung < net->params.model->n_rungs; rung++) {
        struct ar_chain_plan plan;
        uint64_t need_b;

        ar_net_plan_chain(net, chain, rung, &plan);
        need_b = ar_net_place_rings(net, &plan, rung);
        if (need_b > most_b)
            most_b = need_b;
    }
    return most_b;
}

/* For each chain, and for what of it runs together when its instance norms have no moments. */
static void lay_out_rings(struct ar_net *net)
{
    uint64_t most_b = 0;

    for (uint32_t i = 0; i < net->n_chains; i++) {
        const struct ar_chain *chain = &net->chains[i];
        const struct ar_chain plain = ar_chain_plain(chain);
        const uint64_t needs_b[] = { most_rings_b(net, chain), most_rings_b(net, &plain) };

        for (size_t n = 0; n < AR_ARRAY_LEN(needs_b); n++)
            if (needs_b[n] > most_b)
                most_b = needs_b[n];
    }
    net->rings = ar_arena_take_b(&net->arena, most_b);
}

/*
 * The planes are not shared: the camera's picture arrives before the first layer, and padding
 * stays zero.
 */
static void lay_out_planes(struct ar_net *net)
{
    const uint32_t n_planes = ar_model_n_planes(net->params.model);
    void *memory;

    net->planes.channels = n_planes;
    if (net->params.precision == AR_NET_F32) {
        memory = ar_arena_take(&net->arena, ar_tensor_floats(net->planes.height,
                                                             net->planes.width, n_planes));
        if (memory)
            ar_tensor_place(&net->planes, memory, n_planes);
        return;
    }
    net->planes8 = (struct ar_tensor8){
        .height = net->planes.height,
        .width = net->planes.width,
        .fours = true,
        .step = net->params.model->layout.gain / PLANE_MAX,
    };
    memory = ar_arena_take_b(&net->arena, ar_tensor8_bytes(net->planes.height,
                                                           net->planes.width, n_planes, true));
    if (memory)
        ar_tensor8_place(&net->planes8, memory, n_planes);
}

/* What a worker works in: as much as the neediest layer wants. */
static void lay_out_scratch(struct ar_net *net)
{
    const struct ar_model *model = net->params.model;
    uint64_t squeeze_sums = 0;
    uint64_t scratch = 0;

    for (uint32_t i = 0; i < model->n_layers; i++) {
        const struct ar_net_node *node = &net->nodes[i];
        const struct ar_layer *layer = node->layer;
        const uint64_t need = node->is_int8
                                  ? ar_rows8_scratch_b(layer, node->width) / sizeof(float)
                                  : ar_rows_scratch(layer, node->width);
        const uint64_t need_squeeze = (uint64_t)node->height * layer->max_inputs;

        if (need > scratch)
            scratch = need;
        if (layer->gate && need_squeeze > squeeze_sums)
            squeeze_sums = need_squeeze;
    }
    net->scratch_stride = whole_lines_b(scratch * sizeof(float)) / sizeof(float);
    net->scratch =
        ar_arena_take(&net->arena, net->scratch_stride * ar_workers_count(net->params.workers));
    net->squeeze_sums = ar_arena_take(&net->arena, squeeze_sums);
}

static uint64_t n_sums(const struct ar_net_node *node)
{
    return node->layer->norm == AR_LAYER_NORM_INSTANCE
               ? (uint64_t)node->height * 2 * node->layer->max_outputs
               : 0;
}

/* Side by side for the layers of a chain. */
static void lay_out_sums(struct ar_net *net)
{
    uint64_t most = 0;
    float *sums;

    for (uint32_t i = 0; i < net->n_chains; i++) {
        uint64_t need = 0;

        for (uint32_t l = net->chains[i].first; l < net->chains[i].end; l++)
            need += n_sums(&net->nodes[l]);
        if (need > most)
            most = need;
    }
    sums = ar_arena_take(&net->arena, most);
    for (uint32_t i = 0; sums && i < net->n_chains; i++) {
        float *next = sums;

        for (uint32_t l = net->chains[i].first; l < net->chains[i].end; l++) {
            net->nodes[l].sums = next;
            next += n_sums(&net->nodes[l]);
        }
    }
}

static void lay_out_nodes(struct ar_net *net)
{
    const struct ar_model *model = net->params.model;

    for (uint32_t i = 0; i < model->n_layers; i++) {
        struct ar_net_node *node = &net->nodes[i];
        const struct ar_layer *layer = node->layer;

        if (node->is_int8)
            ar_pack8_init(&node->pack8, model, layer, &net->arena);
        else
            ar_pack_init(&node->pack, layer, &net->arena);
        if (layer->norm == AR_LAYER_NORM_INSTANCE)
            ar_running_init(&node->norm, model->n_rungs, 2 * layer->max_outputs, &net->arena);
        if (layer->gate_previous)
            ar_running_init(&node->gate, model->n_rungs, layer->max_inputs, &net->arena);
    }
}

static void lay_out(struct ar_net *net)
{
    lay_out_planes(net);
    lay_out_maps(net);
    lay_out_rings(net);
    lay_out_scratch(net);
    lay_out_sums(net);
    lay_out_nodes(net);
}

/* The size of the picture at a downscale of 2^shift. */
static void set_size(const struct ar_net *net, uint32_t shift, uint32_t *width,
                     uint32_t *height)
{
    *width = ar_graph_scaled(net->params.width_px, shift);
    *height = ar_graph_scaled(net->params.height_px, shift);
}

static void init_sizes(struct ar_net *net)
{
    const struct ar_model *model = net->params.model;

    set_size(net, ar_model_planes_shift(model), &net->planes.width, &net->planes.height);
    for (uint32_t i = 0; i < model->n_layers; i++) {
        struct ar_net_node *node = &net->nodes[i];
        const struct ar_layer *layer = &model->layers[i];
        const uint32_t shift =
            layer->op == AR_LAYER_SHUFFLE ? layer->shift : ar_graph_filter_shift(model, layer);

        node->layer = layer;
        set_size(net, shift, &node->width, &node->height);
        set_size(net, layer->shift, &node->result.width, &node->result.height);
        /* The last one's rows are shown one by one. */
        node->result.has_twins =
            layer->upsample && layer->add == AR_LAYER_NONE && i + 1 < model->n_layers;
        if (net->params.precision != AR_NET_INT8)
            continue;
        node->is_int8 = !net->plan8.layers[i].is_float;
        node->result8 = (struct ar_tensor8){
            .width = node->result.width,
            .height = node->result.height,
            .has_twins = node->result.has_twins,
            .fours = net->plan8.layers[i].fours,
        };
    }
}

static int check_size(const struct ar_net_params *params, struct ar_reason *reason)
{
    const uint32_t w = params->width_px;
    const uint32_t h = params->height_px;

    if (w % 2 == 0 && h % 2 == 0 && w >= AR_FRAME_MIN_PX && h >= AR_FRAME_MIN_PX &&
        w <= AR_FRAME_MAX_W_PX && h <= AR_FRAME_MAX_H_PX)
        return 0;
    return ar_reason_set(reason, -EINVAL,
                         "style '%s': cannot paint %ux%u, must be even and from %dx%d to %dx%d",
                         params->model->info.style, w, h, AR_FRAME_MIN_PX, AR_FRAME_MIN_PX,
                         AR_FRAME_MAX_W_PX, AR_FRAME_MAX_H_PX);
}

static int build(struct ar_net *net, struct ar_reason *reason)
{
    int ret;

    init_sizes(net);
    find_chains(net);
    lay_out(net);
    net->memory_b = sizeof(*net) + net->arena.used_b;
    if (net->memory_b > MAX_MEMORY_B)
        return ar_reason_set(reason, -ENOMEM,
                             "style '%s': needs %llu MiB for %ux%u, at most %u are allowed",
                             net->params.model->info.style,
                             (unsigned long long)(net->memory_b >> 20), net->params.width_px,
                             net->params.height_px, MAX_MEMORY_B >> 20);
    ret = ar_arena_allocate(&net->arena);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "style '%s': %llu MiB for %ux%u",
                                 net->params.model->info.style,
                                 (unsigned long long)(net->memory_b >> 20),
                                 net->params.width_px, net->params.height_px);
    lay_out(net);
    return 0;
}

int ar_net_check_int8(const struct ar_model *model, struct ar_reason *reason)
{
    struct ar_plan8 plan;

    if (!model->has_int8_ranges)
        return ar_reason_set(reason, -ENOTSUP,
                             "style '%s': cannot run in int8, the file has no int8 ranges",
                             model->info.style);
    return ar_plan8_make(&plan, model, reason);
}

int ar_net_create(struct ar_net **out, const struct ar_net_params *params,
                  struct ar_reason *reason)
{
    int ret = check_size(params, reason);
    struct ar_net *net;

    *out = NULL;
    if (ret < 0)
        return ret;
    net = calloc(1, sizeof(*net));
    if (!net)
        return ar_reason_set_err(reason, -ENOMEM, "style '%s'", params->model->info.style);
    net->params = *params;
    net->frame = 1;
    for (uint32_t c = 0; c < AR_MODEL_MAX_CHANNELS; c++)
        net->ones[c] = 1.0F;
    if (params->precision == AR_NET_INT8) {
        ret = ar_net_check_int8(params->model, reason);
        if (ret == 0)
            ret = ar_plan8_make(&net->plan8, params->model, reason);
    }
    if (ret == 0)
        ret = build(net, reason);
    if (ret < 0) {
        ar_net_destroy(net);
        return ret;
    }
    *out = net;
    return 0;
}

void ar_net_destroy(struct ar_net *net)
{
    if (!net)
        return;
    ar_arena_finish(&net->arena);
    free(net);
}

const struct ar_model *ar_net_model(const struct ar_net *net)
{
    return net->params.model;
}

size_t ar_net_memory_b(const struct ar_net *net)
{
    return (size_t)net->memory_b;
}

const struct ar_tensor *ar_net_planes(const struct ar_net *net)
{
    return net->params.precision == AR_NET_F32 ? &net->planes : NULL;
}

const struct ar_tensor8 *ar_net_planes8(const struct ar_net *net)
{
    return net->params.precision == AR_NET_INT8 ? &net->planes8 : NULL;
}

uint32_t ar_net_planes_width(const struct ar_net *net)
{
    return net->planes.width;
}

uint32_t ar_net_planes_height(const struct ar_net *net)
{
    return net->planes.height;
}

float ar_net_level(const struct ar_net *net, uint32_t plane, uint32_t y, uint32_t x)
{
    const struct ar_image_layout *layout = &net->params.model->layout;
    const size_t four = plane / 4;

    if (net->params.precision == AR_NET_INT8)
        return ar_tensor8_row(&net->planes8,
                              y)[four * net->planes8.plane_stride + (size_t)4 * x + plane % 4];
    return (ar_tensor_plane(&net->planes, y, plane)[x] / layout->gain + layout->offset[plane]) *
           PLANE_MAX;
}

void ar_net_finish_rows(const struct ar_net *net, uint32_t first, uint32_t end)
{
    const enum ar_layer_border border = net->params.model->border;

    for (uint32_t y = first; y < end; y++) {
        if (net->params.precision == AR_NET_INT8)
            ar_border_fill8(border, &net->planes8, y);
        else
            ar_border_fill(border, &net->planes, y);
    }
}

const struct ar_tensor *ar_net_layer(const struct ar_net *net, uint32_t layer)
{
    assert(layer < net->params.model->n_layers);
    return &net->nodes[layer].result;
}

void ar_net_run(struct ar_net *net, uint32_t segment, uint32_t rung)
{
    const struct ar_model *model = net->params.model;

    assert(segment < model->n_segments && rung < model->n_rungs);
    for (uint32_t i = 0; i < net->n_chains; i++)
        if (model->layers[net->chains[i].first].segment == segment)
            ar_net_run_chain(net, &net->chains[i], rung);
}

void ar_net_run_and_show(struct ar_net *net, uint32_t rung, const struct ar_net_show *show)
{
    net->show = show;
    ar_net_run(net, net->params.model->n_segments - 1, rung);
    if (!net->is_shown)
        ar_net_share_rows(net, show->fn, show->user, net->params.height_px / 2);
    net->show = NULL;
    net->is_shown = false;
}

void ar_net_time_layers(struct ar_net *net, uint64_t *layers_ns)
{
    net->layers_ns = layers_ns;
}

void ar_net_end_frame(struct ar_net *net)
{
    const struct ar_model *model = net->params.model;

    for (uint32_t i = 0; i < model->n_layers; i++) {
        ar_moments_end_frame(&net->nodes[i].norm, &model->layers[i], net->frame,
                             model->instance_rate);
        ar_running_end_frame(&net->nodes[i].gate, net->frame, 1.0F);
    }
    net->frame++;
}

void ar_net_forget(struct ar_net *net)
{
    for (uint32_t i = 0; i < net->params.model->n_layers; i++) {
        ar_running_forget(&net->nodes[i].norm);
        ar_running_forget(&net->nodes[i].gate);
    }
}

void ar_net_share_rows(const struct ar_net *net, ar_workers_fn *fn, void *job, uint32_t n_rows)
{
    struct ar_workers *workers = net->params.workers;
    const uint32_t n_chunks = CHUNKS_PER_WORKER * ar_workers_count(workers);

    ar_workers_run(workers, fn, job, n_rows, ar_max_u32(1, n_rows / n_chunks));
}

uint32_t ar_net_n_workers(const struct ar_net *net)
{
    return ar_workers_count(net->params.workers);
}

const struct ar_kernels *ar_net_kernels(const struct ar_net *net)
{
    return net->params.kernels;
}
