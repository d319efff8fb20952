/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "nn/border.h"
#include "nn/moments.h"
#include "nn/priv.h"
#include "nn/rows.h"

#define FIT_MAX 2.0 /* and its inverse: see describe_frame() */

#define PLANE_MAX 255.0F /* a plane's byte where nothing is dark */

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

/* Means behind a gate are kept by the count of their channels: the first rung that has it. */
static uint32_t gate_key(const struct ar_net *net, const struct ar_rows *job)
{
    const struct ar_model *model = net->params.model;
    uint32_t rung = 0;

    while (ar_model_channels(model, job->layer->input, rung) != job->input->channels)
        rung++;
    return rung;
}

/* What int8 has of a layer beside float32's description. */
static void describe8(struct ar_net *net, struct ar_net_node *node, uint32_t rung)
{
    const struct ar_layer *layer = node->layer;
    struct ar_rows8 *rows8 = &net->rows8;

    rows8->pack = &node->pack8;
    rows8->input = source8(net, layer->input);
    rows8->add = layer->add == AR_LAYER_PLANES ? NULL : source8(net, layer->add);
    rows8->input_rung = layer->input == AR_LAYER_PLANES ? 0 : net->nodes[layer->input].rung;
    rows8->dw_step = layer->dw_range ? layer->dw_range[rung] / 127.0F : 0.0F;
    rows8->result = NULL;
    if (!ar_net_keeps_int8(net, node))
        return;
    node->result8.zero = net->plan8.layers[node - net->nodes].is_unsigned ? 0 : AR_TENSOR8_ZERO;
    node->result8.step = layer->range[rung] / (node->result8.zero == 0 ? 255.0F : 127.0F);
    rows8->result = &node->result8;
}

static struct ar_rows describe(struct ar_net *net, struct ar_net_node *node, uint32_t rung)
{
    const struct ar_layer *layer = node->layer;
    struct ar_rows job = {
        .kernels = net->params.kernels,
        .layer = layer,
        .pack = &node->pack,
        .border = net->params.model->border,
        .input = source(net, layer->input),
        .add = source(net, layer->add),
        .result = &node->result,
        .width = node->width,
        .height = node->height,
        .outputs = layer->channels[rung],
        .scale = net->ones,
        .bias = layer->bias ? layer->bias : net->zeros,
        .scratch = net->scratch,
        .scratch_stride = net->scratch_stride,
    };

    if (node->is_int8) {
        describe8(net, node, rung);
        job.int8 = &net->rows8;
    }
    if (layer->norm == AR_LAYER_NORM_BATCH) {
        job.scale = layer->scale + (size_t)rung * layer->max_outputs;
        job.bias = layer->bias + (size_t)rung * layer->max_outputs;
    }
    return job;
}

static void run_pass(struct ar_net *net, struct ar_rows *job, enum ar_rows_pass pass)
{
    job->pass = pass;
    if (job->int8)
        ar_rows8_prepare(&net->rows8, job);
    ar_net_share_rows(net, job->int8 ? ar_rows8_work : ar_rows_work, job, job->height);
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

    add_rows(totals, job->squeeze_sums, job->height, job->input->channels);
    for (uint32_t c = 0; c < job->input->channels; c++)
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
static void set_gates(struct ar_net *net, struct ar_net_node *node, struct ar_rows *job)
{
    const struct ar_layer *layer = node->layer;
    const float *means = NULL;

    if (layer->gate_previous)
        means = ar_running_find(&node->gate, gate_key(net, job), net->frame);
    job->squeeze_sums = net->squeeze_sums;
    if (!means) {
        run_pass(net, job, AR_ROWS_SQUEEZE);
        take_squeezed(job, net->means);
        means = net->means;
    }
    excite(layer, job->input->channels, means, net->gates);
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

static void fold_moments(struct ar_net *net, const struct ar_layer *layer, uint32_t outputs,
                         const float *moments)
{
    for (uint32_t c = 0; c < outputs; c++) {
        const double variance = (double)moments[layer->max_outputs + c];
        const double scale = (double)layer->scale[c] / sqrt(variance + AR_MOMENTS_EPSILON);

        net->scale[c] = (float)scale;
        net->bias[c] = (float)((double)layer->bias[c] - (double)moments[c] * scale);
    }
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
static void set_norm(struct ar_net *net, struct ar_net_node *node, struct ar_rows *job,
                     uint32_t rung)
{
    const float *moments = ar_running_find(&node->norm, rung, net->frame);

    job->sums = net->sums;
    if (!moments) {
        float *own = ar_running_own(&node->norm, rung);

        job->scale = net->ones;
        job->bias = net->zeros;
        run_pass(net, job, AR_ROWS_MEASURE);
        take_measured(job, own);
        job->sums = NULL;
        moments = own;
    }
    fold_moments(net, node->layer, job->outputs, moments);
    job->scale = net->scale;
    job->bias = net->bias;
}

/*
 * The map was made with running moments, and its own are known now. Where the two do not fit,
 * it is made again.
 */
static void check_norm(struct ar_net *net, struct ar_net_node *node, struct ar_rows *job,
                       uint32_t rung)
{
    const float *running = ar_running_find(&node->norm, rung, net->frame);
    float *own = ar_running_own(&node->norm, rung);

    take_measured(job, own);
    if (describe_frame(node->layer, job->outputs, running, own))
        return;
    ar_running_replace(&node->norm);
    fold_moments(net, node->layer, job->outputs, own);
    job->sums = NULL;
    run_pass(net, job, AR_ROWS_STORE);
}

/* Rows of planes to fours of bytes. */
static void quantise_rows(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    const struct ar_net *const net = user;
    const struct ar_image_layout *layout = &net->params.model->layout;
    const struct ar_tensor *planes = &net->planes;

    for (uint32_t four = 0; four < ar_tensor8_planes(planes->channels, true); four++) {
        struct ar_quantise8 quantise = { { 0.0F }, { 0.0F } };
        uint32_t plane[4];

        for (uint32_t i = 0; i < 4; i++) {
            plane[i] = ar_min_u32(4 * four + i, planes->channels - 1);
            if (4 * four + i >= planes->channels)
                continue;
            quantise.scale[i] = PLANE_MAX / layout->gain;
            quantise.bias[i] = PLANE_MAX * layout->offset[plane[i]];
        }
        for (uint32_t y = first; y < end; y++) {
            const float *const row = ar_tensor_row(planes, y);
            const float *src[4];

            for (uint32_t i = 0; i < 4; i++)
                src[i] = row + plane[i] * planes->plane_stride;
            net->params.kernels->quantise8_row(ar_tensor8_row(&net->planes8, y) +
                                                   four * net->planes8.plane_stride,
                                               src, &quantise, planes->width);
        }
    }
    for (uint32_t y = first; y < end; y++)
        ar_border_fill8(net->params.model->border, &net->planes8, y);
}

void ar_net_quantise_planes(struct ar_net *net)
{
    net->planes8.step = net->params.model->layout.gain / PLANE_MAX;
    ar_net_share_rows(net, quantise_rows, net, net->planes.height);
}

void ar_net_run_node(struct ar_net *net, struct ar_net_node *node, uint32_t rung)
{
    const struct ar_layer *layer = node->layer;
    struct ar_rows job = describe(net, node, rung);

    node->rung = rung;
    if (ar_net_keeps_int8(net, node))
        ar_tensor8_place(&node->result8, node->memory, job.outputs);
    else
        ar_tensor_place(&node->result, node->memory, job.outputs);
    if (layer->gate)
        set_gates(net, node, &job);
    if (layer->norm == AR_LAYER_NORM_INSTANCE)
        set_norm(net, node, &job, rung);
    run_pass(net, &job, AR_ROWS_STORE);
    if (job.squeeze_sums)
        take_squeezed(&job, ar_running_own(&node->gate, gate_key(net, &job)));
    if (job.sums)
        check_norm(net, node, &job, rung);
}
