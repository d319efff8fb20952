/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "nn/moments.h"
#include "nn/priv.h"
#include "nn/rows.h"

#define FIT_MAX 2.0 /* and its inverse: see describe_frame() */

bool ar_net_keeps_int8(const struct ar_net *net, const struct ar_net_node *node)
{
    return node->is_int8 && node != &net->nodes[net->params.model->n_layers - 1];
}

/* A map in float32, or NULL. */
static const struct ar_tensor *source(const struct ar_net *net, int32_t index)
{
    if (index == AR_LAYER_PLANES)
        return &net->planes;
    if (index == AR_LAYER_NONE || ar_net_keeps_int8(net, &net->nodes[index]))
        return NULL;
    return &net->nodes[index].result;
}

/* A map in int8, or NULL. */
static const struct ar_tensor8 *source8(const struct ar_net *net, int32_t index)
{
    if (index == AR_LAYER_PLANES)
        return &net->planes8;
    if (index == AR_LAYER_NONE || !ar_net_keeps_int8(net, &net->nodes[index]))
        return NULL;
    return &net->nodes[index].result8;
}

/* Channels that a layer is given. */
static uint32_t n_inputs(const struct ar_rows *job)
{
    return job->int8 ? job->int8->input->channels : job->input->channels;
}

/* Means behind a gate are kept by the count of their channels: the first rung that has it. */
static uint32_t gate_key(const struct ar_net *net, const struct ar_rows *job)
{
    const struct ar_model *model = net->params.model;
    uint32_t rung = 0;

    while (ar_model_channels(model, job->layer->input, rung) != n_inputs(job))
        rung++;
    return rung;
}

/* What int8 has of a layer beside float32's description. */
static void describe8(struct ar_net *net, struct ar_net_node *node, uint32_t rung,
                      struct ar_rows8 *rows8)
{
    const struct ar_layer *layer = node->layer;

    rows8->pack = &node->pack8;
    rows8->product = &node->pack8.products[rung];
    rows8->input = source8(net, layer->input);
    rows8->add = layer->add == AR_LAYER_PLANES ? NULL : source8(net, layer->add);
    rows8->input_rung = layer->input == AR_LAYER_PLANES ? 0 : net->nodes[layer->input].rung;
    rows8->result = NULL;
    if (!ar_net_keeps_int8(net, node))
        return;
    node->result8.zero = net->plan8.layers[node - net->nodes].is_unsigned ? 0 : AR_TENSOR8_ZERO;
    node->result8.step = layer->range[rung] / (node->result8.zero == 0 ? 255.0F : 127.0F);
    rows8->result = &node->result8;
}

static bool is_last(const struct ar_net *net, const struct ar_layer *layer)
{
    return layer == &net->params.model->layers[net->params.model->n_layers - 1];
}

/* What a layer does at a rung. `ring_rows`: that its map has memory for, where it is in a ring. */
static void describe(struct ar_net *net, struct ar_net_node *node, uint32_t rung,
                     uint32_t ring_rows, struct ar_net_work *work)
{
    const struct ar_layer *layer = node->layer;
    const uint32_t outputs = layer->channels[rung];
    const bool is_ring = node->has_ring || (net->is_shown && is_last(net, layer));
    const uint32_t n_rows = is_ring ? ring_rows : node->result.height;

    node->rung = rung;
    if (ar_net_keeps_int8(net, node))
        ar_tensor8_place_ring(&node->result8, node->memory, outputs, n_rows);
    else
        ar_tensor_place_ring(&node->result, node->memory, outputs, n_rows);
    work->rows = (struct ar_rows){
        .kernels = net->params.kernels,
        .layer = layer,
        .pack = &node->pack,
        .border = net->params.model->border,
        .input = source(net, layer->input),
        .add = source(net, layer->add),
        .result = &node->result,
        .planes8 = ar_net_planes8(net),
        .layout = &net->params.model->layout,
        .width = node->width,
        .height = node->height,
        .outputs = outputs,
        .scale = net->ones,
        .bias = layer->bias ? layer->bias : net->zeros,
        .scratch = net->scratch,
        .scratch_stride = net->scratch_stride,
    };
    if (node->is_int8) {
        describe8(net, node, rung, &work->rows8);
        work->rows.int8 = &work->rows8;
    }
    if (layer->norm == AR_LAYER_NORM_BATCH) {
        work->rows.scale = layer->scale + (size_t)rung * layer->max_outputs;
        work->rows.bias = layer->bias + (size_t)rung * layer->max_outputs;
    }
}

static void prepare_pass(struct ar_net_work *work, enum ar_rows_pass pass)
{
    work->rows.pass = pass;
    if (work->rows.int8)
        ar_rows8_prepare(&work->rows8, &work->rows);
}

static ar_workers_fn *rows_fn(const struct ar_net_work *work)
{
    return work->rows.int8 ? ar_rows8_work : ar_rows_work;
}

static void run_pass(struct ar_net *net, struct ar_net_work *work, enum ar_rows_pass pass)
{
    prepare_pass(work, pass);
    ar_net_share_rows(net, rows_fn(work), &work->rows, work->rows.height);
}

/* Adds up rows in their order, whoever computed them: results do not depend on the workers. */
static void add_rows(double *totals, const float *rows, uint32_t n_rows, uint32_t n_values)
{
    for (uint32_t y = 0; y < n_rows; y++)
        for (uint32_t i = 0; i < n_values; i++)
            totals[i] += (double)rows[(size_t)y * n_values + i];
}

static void take_squeezed(const struct ar_rows *job, float *means)
{
    const double n_pixels = (double)job->width * job->height;
    double totals[AR_MODEL_MAX_CHANNELS] = { 0 };

    add_rows(totals, job->squeeze_sums, job->height, n_inputs(job));
    for (uint32_t c = 0; c < n_inputs(job); c++)
        means[c] = (float)(totals[c] / n_pixels);
}

/* g = sigmoid(W2 relu(W1 mean + b1) + b2) */
static void excite(const struct ar_layer *layer, uint32_t channels, const float *means,
                   float *gates)
{
    float hidden[AR_MODEL_MAX_CHANNELS];

    for (uint32_t h = 0; h < layer->gate; h++) {
        float sum = layer->gate1_bias[h];

        for (uint32_t c = 0; c < channels; c++)
            sum += layer->gate1[(size_t)h * layer->max_inputs + c] * means[c];
        hidden[h] = sum > 0.0F ? sum : 0.0F;
    }
    for (uint32_t c = 0; c < channels; c++) {
        float sum = layer->gate2_bias[c];

        for (uint32_t h = 0; h < layer->gate; h++)
            sum += layer->gate2[(size_t)c * layer->gate + h] * hidden[h];
        gates[c] = 1.0F / (1.0F + expf(-sum));
    }
}

/*
 * From the previous frame's means, which costs nothing, or from this frame's, which costs a
 * pass.
 */
static void set_gates(struct ar_net *net, struct ar_net_node *node, struct ar_net_work *work)
{
    const struct ar_layer *layer = node->layer;
    struct ar_rows *job = &work->rows;
    const float *means = NULL;

    if (layer->gate_previous)
        means = ar_running_find(&node->gate, gate_key(net, job), net->frame);
    job->squeeze_sums = net->squeeze_sums;
    if (!means) {
        run_pass(net, work, AR_ROWS_SQUEEZE);
        take_squeezed(job, net->means);
        means = net->means;
    }
    excite(layer, n_inputs(job), means, net->gates);
    job->gates = net->gates;
    if (!layer->gate_previous)
        job->squeeze_sums = NULL;
}

/* Mean and variance per channel, as [2][max_outputs]. */
static void take_measured(const struct ar_rows *job, float *moments)
{
    const double n_pixels = (double)job->width * job->height;
    double totals[2 * AR_MODEL_MAX_CHANNELS] = { 0 };

    add_rows(totals, job->sums, job->height, 2 * job->outputs);
    for (uint32_t c = 0; c < job->outputs; c++) {
        const double mean = totals[c] / n_pixels;
        const double variance = totals[job->outputs + c] / n_pixels - mean * mean;

        moments[c] = (float)mean;
        moments[job->layer->max_outputs + c] = (float)fmax(variance, 0);
    }
}

static void fold_moments(struct ar_net_work *work, const float *moments)
{
    const struct ar_layer *layer = work->rows.layer;

    for (uint32_t c = 0; c < work->rows.outputs; c++) {
        const double variance = (double)moments[layer->max_outputs + c];
        const double scale = (double)layer->scale[c] / sqrt(variance + AR_MOMENTS_EPSILON);

        work->scale[c] = (float)scale;
        work->bias[c] = (float)((double)layer->bias[c] - (double)moments[c] * scale);
    }
    work->rows.scale = work->scale;
    work->rows.bias = work->bias;
}

/*
 * Whether running moments describe a frame: the mean over the channels of the mean square that
 * they leave behind, 1 where they are the frame's own (doc/MODEL-FORMAT.md, "Running
 * statistics").
 */
static bool describe_frame(const struct ar_layer *layer, uint32_t outputs, const float *running,
                           const float *own)
{
    double sum = 0;

    for (uint32_t c = 0; c < outputs; c++) {
        const double shift = (double)own[c] - (double)running[c];
        const double variance = (double)own[layer->max_outputs + c];

        sum += (variance + shift * shift + AR_MOMENTS_EPSILON) /
               ((double)running[layer->max_outputs + c] + AR_MOMENTS_EPSILON);
    }
    return sum <= outputs * FIT_MAX && sum >= outputs / FIT_MAX;
}

/*
 * With running moments this frame's own are gathered on the way; without, by a pass of its own.
 */
static void set_norm(struct ar_net *net, struct ar_net_node *node, struct ar_net_work *work)
{
    const float *moments = ar_running_find(&node->norm, node->rung, net->frame);

    work->rows.sums = node->sums;
    if (!moments) {
        float *own = ar_running_own(&node->norm, node->rung);

        work->rows.scale = net->ones;
        work->rows.bias = net->zeros;
        run_pass(net, work, AR_ROWS_MEASURE);
        take_measured(&work->rows, own);
        work->rows.sums = NULL;
        moments = own;
    }
    fold_moments(work, moments);
}

/*
 * The map was made with running moments, and its own are known now. Where the two do not fit, it has to be made again, with its
 * own: then true.
 */
static bool is_unfit(struct ar_net *net, struct ar_net_node *node, struct ar_net_work *work)
{
    const float *running = ar_running_find(&node->norm, node->rung, net->frame);
    float *own = ar_running_own(&node->norm, node->rung);

    take_measured(&work->rows, own);
    if (describe_frame(node->layer, work->rows.outputs, running, own))
        return false;
    ar_running_replace(&node->norm);
    fold_moments(work, own);
    work->rows.sums = NULL;
    return true;
}

void ar_net_run_node(struct ar_net *net, struct ar_net_node *node, uint32_t rung)
{
    struct ar_net_work *work = &net->works[0];
    const uint64_t start_ns = net->layers_ns ? ar_clock_now_ns() : 0;

    describe(net, node, rung, 0, work);
    if (node->layer->gate)
        set_gates(net, node, work);
    if (node->layer->norm == AR_LAYER_NORM_INSTANCE)
        set_norm(net, node, work);
    run_pass(net, work, AR_ROWS_STORE);
    if (work->rows.squeeze_sums)
        take_squeezed(&work->rows, ar_running_own(&node->gate, gate_key(net, &work->rows)));
    if (work->rows.sums && is_unfit(net, node, work))
        run_pass(net, work, AR_ROWS_STORE);
    if (net->layers_ns)
        net->layers_ns[node - net->nodes] = ar_clock_now_ns() - start_ns;
}

/* Rows of the last layer's map for two of the picture. */
static uint32_t rows_of_pair(const struct ar_model *model)
{
    return 2u >> ar_model_planes_shift(model);
}

static void show_rows(struct ar_net *net, const struct ar_chain_task *task, uint32_t worker)
{
    const uint32_t rows = rows_of_pair(net->params.model);
    const uint64_t start_ns = net->layers_ns ? ar_clock_now_ns() : 0;

    net->show->fn(net->show->user, task->first_row / rows, task->end_row / rows, worker);
    if (net->layers_ns)
        net->shows_ns[worker] += ar_clock_now_ns() - start_ns;
}

static void run_task(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    struct ar_net *const net = user;
    const uint64_t start_ns = net->layers_ns ? ar_clock_now_ns() : 0;

    assert(end == first + 1);

    const struct ar_chain_task task = ar_chain_task(&net->plan, first);
    struct ar_net_work *const work = &net->works[task.member];

    rows_fn(work)(&work->rows, task.first_row, task.end_row, worker);
    if (net->layers_ns)
        net->works_ns[worker][task.member] += ar_clock_now_ns() - start_ns;
    if (net->is_shown && is_last(net, work->rows.layer) && task.first_row < task.end_row)
        show_rows(net, &task, worker);
}

/*
 * Whether a chain's tasks can show what they make: not where it may have to be made again, nor where a task's rows are no
 * whole pairs of the picture's.
 */
static bool shows_at_once(const struct ar_net *net, const struct ar_chain_plan *plan)
{
    const struct ar_chain *chain = &plan->chain;
    const struct ar_layer *last = &net->params.model->layers[chain->end - 1];
    const struct ar_chain_member *member = &plan->members[chain->end - 1 - chain->first];

    return is_last(net, last) && chain->whole == chain->end && !last->upsample &&
           member->step_rows / plan->n_parts % rows_of_pair(net->params.model) == 0;
}

static uint32_t task_needs(const void *user, uint32_t task)
{
    const struct ar_net *const net = user;

    return ar_chain_needs(&net->plan, task);
}

/* Of the time that a chain took each layer has the share that its tasks have of all time; showing has the rest. */
static void share_time(struct ar_net *net, uint64_t took_ns)
{
    const struct ar_chain *chain = &net->plan.chain;
    uint64_t sums_ns[AR_CHAIN_MAX] = { 0 };
    uint64_t all_ns = 1;

    for (uint32_t w = 0; w < ar_workers_count(net->params.workers); w++) {
        all_ns += net->shows_ns[w];
        net->shows_ns[w] = 0;
        for (uint32_t i = 0; i < chain->end - chain->first; i++) {
            sums_ns[i] += net->works_ns[w][i];
            all_ns += net->works_ns[w][i];
            net->works_ns[w][i] = 0;
        }
    }
    for (uint32_t i = 0; i < chain->end - chain->first; i++)
        net->layers_ns[chain->first + i] =
            (uint64_t)((double)took_ns * (double)sums_ns[i] / (double)all_ns);
}

/* Whether every instance norm of a chain has running moments, so that no layer has to be measured first. */
static bool is_warm(const struct ar_net *net, const struct ar_chain *chain, uint32_t rung)
{
    for (uint32_t i = chain->first; i < chain->end; i++) {
        const struct ar_net_node *node = &net->nodes[i];

        if (node->layer->norm == AR_LAYER_NORM_INSTANCE &&
            !ar_running_find(&node->norm, rung, net->frame))
            return false;
    }
    return true;
}

/* The first layer whose map does not fit its moments is made again, and what follows it. */
static void check_norms(struct ar_net *net, const struct ar_chain *chain, uint32_t rung)
{
    uint32_t i = chain->first;

    while (i < chain->end) {
        struct ar_net_work *work = &net->works[i - chain->first];

        if (work->rows.sums && is_unfit(net, &net->nodes[i], work)) {
            run_pass(net, work, AR_ROWS_STORE);
            break;
        }
        i++;
    }
    for (i++; i < chain->end; i++)
        ar_net_run_node(net, &net->nodes[i], rung);
}

static void run_together(struct ar_net *net, const struct ar_chain *chain, uint32_t rung)
{
    const uint64_t start_ns = net->layers_ns ? ar_clock_now_ns() : 0;

    ar_net_plan_chain(net, chain, rung, &net->plan);
    net->is_shown = net->show && shows_at_once(net, &net->plan);
    ar_net_place_rings(net, &net->plan, rung);
    for (uint32_t i = chain->first; i < chain->end; i++) {
        struct ar_net_node *node = &net->nodes[i];
        struct ar_net_work *work = &net->works[i - chain->first];

        describe(net, node, rung, net->plan.members[i - chain->first].ring_rows, work);
        if (node->layer->norm == AR_LAYER_NORM_INSTANCE)
            set_norm(net, node, work);
        prepare_pass(work, AR_ROWS_STORE);
    }
    ar_workers_run_in_order(net->params.workers, run_task, task_needs, net, net->plan.n_tasks);
    if (net->layers_ns)
        share_time(net, ar_clock_now_ns() - start_ns);
    check_norms(net, chain, rung);
}

void ar_net_run_chain(struct ar_net *net, const struct ar_chain *chain, uint32_t rung)
{
    const struct ar_chain together = is_warm(net, chain, rung) ? *chain : ar_chain_plain(chain);
    uint32_t next = chain->first;

    if (together.end - together.first > 1) {
        run_together(net, &together, rung);
        next = together.end;
    }
    for (; next < chain->end; next++)
        ar_net_run_node(net, &net->nodes[next], rung);
}
