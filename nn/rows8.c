/* SPDX-License-Identifier: MIT */
#include "nn/rows8.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "nn/arena.h"
#include "nn/border.h"

#define MAX_KERNEL 5

/* Pixels that a row is worked on at once: see nn/rows.c. */
enum { CHUNK_GROUPS = 10, CHUNK_PX = CHUNK_GROUPS * AR_TENSOR_GROUP };

/* A row under way. */
struct line {
    uint32_t y;
    void *data;
    size_t stride; /* bytes, or floats, from a plane (from four) to the next */
    enum ar_store8 store;
    struct ar_epilogue8 epilogue;
};

/* A worker's memory for a row. */
struct work {
    const uint8_t **inputs; /* of the product */
    uint8_t *taps;          /* depthwise results of a chunk, or fours split for a stride of 2 */
    float *line;            /* a row before it is upsampled, or that is only measured */
    float *lanes;           /* see struct ar_epilogue8 */
};

static uint64_t whole_b(uint64_t size_b)
{
    return ar_align_up(size_b, AR_ARENA_ALIGN_B);
}

static uint64_t inputs_b(const struct ar_layer *layer)
{
    return whole_b(ar_pack8_inputs(layer, layer->max_inputs) * sizeof(const uint8_t *));
}

/* Fours from one split row to the next: every other pixel, with a group on either side. */
static size_t split_fours(uint32_t width)
{
    return (size_t)ar_tensor_whole(width) + (size_t)2 * AR_TENSOR_GROUP;
}

static uint64_t taps_b(const struct ar_layer *layer, uint32_t width)
{
    const uint64_t fours = (layer->max_inputs + 3) / 4;

    if (layer->op == AR_LAYER_CONV)
        return layer->stride == 1 ? 0 : fours * layer->kernel * 2 * split_fours(width) * 4;
    return layer->op == AR_LAYER_SEPARABLE
               ? (uint64_t)ar_pack8_inputs(layer, layer->max_inputs) * CHUNK_PX * 4
               : 0;
}

static uint64_t line_b(const struct ar_layer *layer, uint32_t width)
{
    return (uint64_t)ar_tensor_plane_stride(width) * layer->max_outputs * sizeof(float);
}

static uint64_t lanes_floats(uint32_t outputs)
{
    return (uint64_t)outputs * 2 * AR_TENSOR_GROUP;
}

uint64_t ar_rows8_scratch_b(const struct ar_layer *layer, uint32_t width)
{
    return inputs_b(layer) + taps_b(layer, width) + line_b(layer, width) +
           lanes_floats(layer->max_outputs) * sizeof(float);
}

static struct work divide(const struct ar_layer *layer, uint32_t width, uint8_t *scratch)
{
    uint8_t *const taps = scratch + inputs_b(layer);
    uint8_t *const line = taps + taps_b(layer, width);

    return (struct work){
        .inputs = (const uint8_t **)(void *)scratch,
        .taps = taps,
        .line = (float *)(void *)line,
        .lanes = (float *)(void *)(line + line_b(layer, width)),
    };
}

/* ---- scales */

/* The scales of nn/kernels8.h: what this takes is less than anybody could see. */
static float without_last_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    bits &= UINT32_MAX << (24 - AR_DWCONV8_SCALE_BITS);
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void prepare_filter(struct ar_rows8 *rows8, const struct ar_rows *job, uint32_t branch)
{
    const struct ar_pack8_filter *pack = &rows8->pack->filters[branch];
    const struct ar_tensor8 *input = rows8->input;
    struct ar_rows8_filter *filter = &rows8->filters[branch];

    for (uint32_t c = 0; c < input->channels; c++) {
        const float gate = job->gates ? job->gates[c] : 1.0F;
        const float scale =
            gate * input->step * pack->steps[c] / rows8->product->filtered_steps[branch];

        filter->start[c] = -input->zero * pack->sums[c];
        filter->signed_start[c] = (AR_TENSOR8_ZERO - input->zero) * pack->sums[c];
        filter->scale[c] = without_last_bits(fminf(scale, AR_DWCONV8_MAX_SCALE));
    }
}

/* What a sum starts at, and what one of it stands for. */
static void prepare_sums(struct ar_rows8 *rows8, const struct ar_rows *job)
{
    const bool filters = rows8->pack->n_filters > 0;
    const int32_t zero = filters ? AR_TENSOR8_ZERO : rows8->input->zero;
    const float step = filters ? rows8->product->larger_step : rows8->input->step;
    const int32_t *const sums =
        rows8->product->sums + (size_t)rows8->input_rung * job->layer->max_outputs;

    for (uint32_t o = 0; o < job->outputs; o++) {
        rows8->start[o] = -zero * sums[o];
        rows8->signed_start[o] = (AR_TENSOR8_ZERO - zero) * sums[o];
        rows8->units[o] = step * rows8->product->steps[o];
    }
}

/* No file's ranges make anything but numbers of what follows. */
static float limited(float value)
{
    return fminf(fmaxf(value, -1e28F), 1e28F);
}

static void prepare_results(struct ar_rows8 *rows8, const struct ar_rows *job)
{
    const struct ar_tensor8 *result = rows8->result;
    const float step = result ? result->step : 1.0F;
    const float zero = result ? (float)result->zero : 0.0F;
    const bool relu = job->layer->relu; /* the zero then comes after it */

    for (uint32_t o = 0; o < job->outputs; o++) {
        const float offset = rows8->pack->offsets ? rows8->pack->offsets[o] : 0.0F;

        rows8->scale[o] = limited(rows8->units[o] * job->scale[o] / step);
        rows8->bias[o] =
            limited(job->bias[o] / step - offset * rows8->scale[o] + (relu ? 0.0F : zero));
    }
    rows8->low = zero > 0.0F ? 1.0F : 0.0F;
    rows8->high = 255.0F;
    if (!rows8->add)
        return;
    rows8->add_scale = limited(rows8->add->step / step);
    rows8->add_bias = (relu ? zero : 0.0F) - (float)rows8->add->zero * rows8->add_scale;
}

void ar_rows8_prepare(struct ar_rows8 *rows8, const struct ar_rows *job)
{
    for (uint32_t i = 0; i < rows8->pack->n_filters; i++)
        prepare_filter(rows8, job, i);
    prepare_sums(rows8, job);
    prepare_results(rows8, job);
}

/* ---- rows */

/* The input rows under a filter row's k taps, at the column of output pixel 0. */
static void find_rows(const struct ar_rows *job, uint32_t y, uint32_t kernel,
                      const uint8_t *rows[MAX_KERNEL])
{
    const int32_t first = (int32_t)(y * job->layer->stride) - (int32_t)(kernel / 2);

    for (uint32_t i = 0; i < kernel; i++)
        rows[i] =
            ar_tensor8_row(job->int8->input, ar_border_index(job->border, first + (int32_t)i,
                                                             job->int8->input->height));
}

/* Pixels from x on of a row's product. */
static void multiply(const struct ar_rows *job, const struct line *line, const uint8_t **inputs,
                     uint32_t x, uint32_t width)
{
    static const uint32_t bytes[AR_STORE8_N] = {
        [AR_STORE8_PLANES] = 1,
        [AR_STORE8_FOURS] = 4,
        [AR_STORE8_FLOATS] = sizeof(float),
    };
    const struct ar_rows8 *rows8 = job->int8;
    const struct ar_pwconv8_shape shape = {
        .width = width,
        .inputs = ar_pack8_inputs(job->layer, rows8->input->channels),
        .outputs = job->outputs,
        .block_inputs = rows8->pack->block_inputs,
        .store = line->store,
        .dst_stride = line->stride,
    };
    struct ar_epilogue8 epilogue = line->epilogue;

    if (epilogue.add)
        epilogue.add += x;
    if (epilogue.add_floats)
        epilogue.add_floats += x;
    job->kernels->pwconv8_row((uint8_t *)line->data + (size_t)x * bytes[line->store], inputs,
                              rows8->product->weights, &shape, &epilogue);
}

/* Every tap of a dense filter is four planes, moved. */
static void point_at_taps(const struct ar_rows *job, uint32_t y, const uint8_t **inputs)
{
    const struct ar_tensor8 *input = job->int8->input;
    const ptrdiff_t k = (ptrdiff_t)job->layer->kernel;
    const uint8_t *rows[MAX_KERNEL];

    find_rows(job, y, job->layer->kernel, rows);
    for (size_t i = 0; i < ar_tensor8_planes(input->channels, true); i++)
        for (ptrdiff_t row = 0; row < k; row++)
            for (ptrdiff_t column = -(k / 2); column <= k / 2; column++)
                *inputs++ = rows[row] + i * input->plane_stride + 4 * column;
}

/* See nn/rows.c: four bytes move as one float does. */
static void split_taps(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    const struct ar_tensor8 *input = job->int8->input;
    const ptrdiff_t k = (ptrdiff_t)job->layer->kernel;
    const size_t stride = split_fours(job->width);
    const uint8_t **inputs = work->inputs;
    const uint8_t *rows[MAX_KERNEL];
    float *even = (float *)(void *)work->taps + AR_TENSOR_GROUP;

    find_rows(job, y, job->layer->kernel, rows);
    for (size_t i = 0; i < ar_tensor8_planes(input->channels, true); i++) {
        for (ptrdiff_t row = 0; row < k; row++) {
            const uint8_t *const src = rows[row] + i * input->plane_stride;
            float *const odd = even + stride;

            memcpy(even - 1, src - 8, 4);
            memcpy(odd - 1, src - 4, 4);
            job->kernels->split_row(even, odd, (const float *)(const void *)src,
                                    job->width + AR_TENSOR_HALO / 2);
            for (ptrdiff_t column = -(k / 2); column <= k / 2; column++)
                *inputs++ =
                    (const uint8_t *)(column & 1 ? odd + (column - 1) / 2 : even + column / 2);
            even = odd + stride;
        }
    }
}

static void conv_line(const struct ar_rows *job, const struct line *line,
                      const struct work *work)
{
    if (job->layer->stride == 1)
        point_at_taps(job, line->y, work->inputs);
    else
        split_taps(job, line->y, work);
    multiply(job, line, work->inputs, 0, job->width);
}

/* Depthwise results of a branch, of pixels from x on. Those of the branches lie by turns, four channels each. */
static void filter(const struct ar_rows *job, uint32_t y, uint32_t branch, uint32_t x,
                   uint32_t width, uint8_t *taps)
{
    const struct ar_rows8 *rows8 = job->int8;
    const struct ar_rows8_filter *scaled = &rows8->filters[branch];
    const uint32_t kernel = rows8->pack->filters[branch].kernel;
    const struct ar_dwconv8_filter weights = { rows8->pack->filters[branch].weights,
                                               scaled->start, scaled->signed_start,
                                               scaled->scale };
    const struct ar_dwconv8_shape shape = {
        .width = width,
        .channels = rows8->input->channels,
        .src_stride = rows8->input->plane_stride,
        .dst_stride = (size_t)rows8->pack->n_filters * CHUNK_PX * 4,
    };
    uint8_t *const dst = taps + (size_t)branch * CHUNK_PX * 4;
    const uint8_t *rows[MAX_KERNEL];

    find_rows(job, y, kernel, rows);
    for (uint32_t i = 0; i < kernel; i++)
        rows[i] += (size_t)x * job->layer->stride;
    job->kernels->dwconv8_row[kernel == 5][job->layer->stride - 1](dst, rows, &weights, &shape);
}

static void separable_line(const struct ar_rows *job, const struct line *line,
                           const struct work *work)
{
    const uint32_t fours = ar_pack8_inputs(job->layer, job->int8->input->channels);

    for (size_t i = 0; i < fours; i++)
        work->inputs[i] = work->taps + i * CHUNK_PX * 4;
    for (uint32_t x = 0; x < job->width; x += CHUNK_PX) {
        const uint32_t width = ar_min_u32(CHUNK_PX, job->width - x);

        for (uint32_t i = 0; i < job->int8->pack->n_filters; i++)
            filter(job, line->y, i, x, width, work->taps);
        multiply(job, line, work->inputs, x, width);
    }
}

static void pointwise_line(const struct ar_rows *job, const struct line *line,
                           const struct work *work)
{
    const struct ar_tensor8 *input = job->int8->input;
    const uint8_t *const row = ar_tensor8_row(input, line->y);

    for (size_t i = 0; i < ar_tensor8_planes(input->channels, true); i++)
        work->inputs[i] = row + i * input->plane_stride;
    multiply(job, line, work->inputs, 0, job->width);
}

static void run_line(const struct ar_rows *job, const struct line *line,
                     const struct work *work)
{
    switch (job->layer->op) {
    case AR_LAYER_CONV:
        conv_line(job, line, work);
        break;
    case AR_LAYER_SEPARABLE:
        separable_line(job, line, work);
        break;
    default:
        assert(job->layer->op == AR_LAYER_POINTWISE);
        pointwise_line(job, line, work);
        break;
    }
}

/* The sum of a vector's lanes, halves onto halves. */
static float fold(const float *lanes)
{
    float sum[AR_TENSOR_GROUP / 2];

    for (size_t i = 0; i < AR_TENSOR_GROUP / 2; i++)
        sum[i] = lanes[i] + lanes[i + AR_TENSOR_GROUP / 2];
    for (size_t n = AR_TENSOR_GROUP / 4; n > 0; n /= 2)
        for (size_t i = 0; i < n; i++)
            sum[i] += sum[i + n];
    return sum[0];
}

/* A row's sums, in the units of float32's. */
static void add_lanes(const struct ar_rows *job, uint32_t y, const float *lanes)
{
    float *const sums = job->sums + (size_t)y * 2 * job->outputs;

    for (size_t o = 0; o < job->outputs; o++) {
        const float unit = job->int8->units[o];
        const float *const of_output = lanes + o * 2 * AR_TENSOR_GROUP;

        sums[o] = fold(of_output) * unit;
        sums[job->outputs + o] = fold(of_output + AR_TENSOR_GROUP) * unit * unit;
    }
}

/* Whether the bytes' own lower limit is what ReLU does. */
static bool is_limit(const struct ar_rows8 *rows8)
{
    return rows8->result && rows8->result->zero == 0 && !rows8->add;
}

/* A line of floats in scratch memory. */
static struct line scratch_line(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    const struct ar_rows8 *rows8 = job->int8;
    struct line line = {
        .y = y,
        .data = work->line,
        .stride = ar_tensor_plane_stride(job->width),
        .store = AR_STORE8_FLOATS,
        .epilogue = { .start = rows8->start,
                      .signed_start = rows8->signed_start,
                      .scale = rows8->scale,
                      .bias = rows8->bias,
                      .relu = job->layer->relu && !is_limit(rows8),
                      .low = rows8->low,
                      .high = rows8->high },
    };

    if (job->sums) {
        line.epilogue.lanes = work->lanes;
        memset(work->lanes, 0, lanes_floats(job->outputs) * sizeof(float));
    }
    return line;
}

static int32_t sum_bytes(const uint8_t *bytes, uint32_t n, uint32_t stride)
{
    int32_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += bytes[i * stride];
    return sum;
}

/*
 * The sums of a row's depthwise results, before the gates and exact: a filter of sums. What comes out of the filter may
 * be beyond its range, which is that behind the gates.
 */
static void squeeze_row(const struct ar_rows *job, uint32_t y)
{
    const struct ar_rows8 *rows8 = job->int8;
    const struct ar_pack8_filter *filter = &rows8->pack->filters[0];
    const uint32_t kernel = filter->kernel;
    const size_t row_b = 4 * ar_dwconv8_fours(kernel);
    const uint32_t channels = rows8->input->channels;
    float *const sums = job->squeeze_sums + (size_t)y * channels;
    const uint8_t *rows[MAX_KERNEL];

    find_rows(job, y, kernel, rows);
    for (size_t c = 0; c < channels; c++) {
        const int8_t *const weights = filter->weights + c * kernel * row_b;
        int32_t sum = rows8->filters[0].start[c] * (int32_t)job->width;

        for (size_t r = 0; r < kernel; r++) {
            const uint8_t *const first = rows[r] + c * rows8->input->plane_stride - kernel / 2;

            for (size_t i = 0; i < kernel; i++)
                sum += weights[r * row_b + i] *
                       sum_bytes(first + i, job->width, job->layer->stride);
        }
        sums[c] = (float)sum * rows8->input->step * filter->steps[c];
    }
}

static void measure_row(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    const struct line line = scratch_line(job, y, work);

    run_line(job, &line, work);
    add_lanes(job, y, work->lanes);
}

/* Writes each pixel of a line twice, in one row of the map, with what is added there. */
static void widen_line(const struct ar_rows *job, const struct line *line, uint32_t y)
{
    const struct ar_rows8 *rows8 = job->int8;
    const struct ar_tensor8 *add = rows8->add;
    const struct ar_widen8 widen = { rows8->add_scale, rows8->add_bias, rows8->low,
                                     rows8->high };
    const uint8_t *const added = add ? ar_tensor8_row(add, y) : NULL;
    uint8_t *plane = ar_tensor8_row(rows8->result, y);

    for (size_t c = 0; c < job->outputs; c++) {
        const bool has_add = add && c < add->channels;

        job->kernels->widen8_row(plane, (const float *)line->data + c * line->stride,
                                 has_add ? added + c * add->plane_stride : NULL, &widen,
                                 rows8->result->width);
        plane += rows8->result->plane_stride;
    }
    ar_border_fill8(job->border, rows8->result, y);
}

static void store_upsampled(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    const struct line line = scratch_line(job, y, work);
    const uint32_t n_rows = job->int8->result->has_twins ? 1 : 2;
    const uint32_t end = ar_min_u32(2 * y + n_rows, job->int8->result->height);

    run_line(job, &line, work);
    for (uint32_t i = 2 * y; i < end; i++)
        widen_line(job, &line, i);
}

static void store_bytes(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    const struct ar_rows8 *rows8 = job->int8;
    struct line line = scratch_line(job, y, work);

    line.data = ar_tensor8_row(rows8->result, y);
    line.stride = rows8->result->plane_stride;
    line.store = rows8->result->fours ? AR_STORE8_FOURS : AR_STORE8_PLANES;
    if (rows8->add) {
        line.epilogue.add = ar_tensor8_row(rows8->add, y);
        line.epilogue.add_stride = rows8->add->plane_stride;
        line.epilogue.add_channels = ar_min_u32(rows8->add->channels, job->outputs);
        line.epilogue.add_scale = rows8->add_scale;
        line.epilogue.add_bias = rows8->add_bias;
    }
    run_line(job, &line, work);
    ar_border_fill8(job->border, rows8->result, y);
}

static void store_floats(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    const struct ar_rows_add add = ar_rows_find_add(job, y, work->line);
    struct line line = scratch_line(job, y, work);

    line.data = ar_tensor_row(job->result, y);
    line.stride = job->result->plane_stride;
    line.epilogue.add_floats = add.data;
    line.epilogue.add_stride = add.stride;
    line.epilogue.add_channels = add.channels;
    run_line(job, &line, work);
    ar_border_fill(job->border, job->result, y);
}

static void store_row(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    if (!job->int8->result)
        store_floats(job, y, work);
    else if (job->layer->upsample)
        store_upsampled(job, y, work);
    else
        store_bytes(job, y, work);
    if (job->sums)
        add_lanes(job, y, work->lanes);
    if (job->squeeze_sums)
        squeeze_row(job, y);
}

void ar_rows8_work(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker)
{
    const struct ar_rows *const self = job;
    const struct work work = divide(self->layer, self->width,
                                    (uint8_t *)(self->scratch + worker * self->scratch_stride));

    for (uint32_t y = first_row; y < end_row; y++) {
        if (self->pass == AR_ROWS_SQUEEZE)
            squeeze_row(self, y);
        else if (self->pass == AR_ROWS_MEASURE)
            measure_row(self, y, &work);
        else
            store_row(self, y, &work);
    }
}
