/* SPDX-License-Identifier: MIT */
#include "nn/rows.h"

#include <assert.h>
#include <string.h>

#include "base/macros.h"
#include "nn/border.h"

#define MAX_KERNEL 5

/* A finished row on its way: where it goes and what is done to it. */
struct line {
    uint32_t y; /* of the filter's result */
    float *data;
    uint32_t stride;
    struct ar_epilogue epilogue;
};

/* Floats for the taps or depthwise results of one row, at the layer's widest. */
static uint64_t taps_floats(const struct ar_layer *layer, uint32_t width)
{
    const uint64_t inputs = layer->max_inputs;
    const uint64_t k = layer->kernel;

    if (layer->op == AR_LAYER_CONV) /* a group more: see gather_taps() */
        return ((uint64_t)width * layer->stride + k) * k * inputs + AR_TENSOR_GROUP;
    return (uint64_t)width * ar_tensor_padded(layer->max_inputs) * (layer->kernel2 ? 2 : 1);
}

static uint64_t line_offset(const struct ar_layer *layer, uint32_t width)
{
    return (taps_floats(layer, width) + AR_PWCONV_LANES - 1) / AR_PWCONV_LANES *
           AR_PWCONV_LANES;
}

uint64_t ar_rows_scratch(const struct ar_layer *layer, uint32_t width)
{
    return line_offset(layer, width) + (uint64_t)width * ar_tensor_padded(layer->max_outputs);
}

/* The input rows under a filter row's k taps, at the column of output pixel 0. */
static void find_rows(const struct ar_rows *job, uint32_t y, uint32_t kernel,
                      const float *rows[MAX_KERNEL])
{
    const int32_t first = (int32_t)(y * job->layer->stride) - (int32_t)(kernel / 2);

    for (uint32_t i = 0; i < kernel; i++)
        rows[i] = ar_tensor_row(job->input, ar_border_index(job->border, first + (int32_t)i,
                                                            job->input->height));
}

static void copy_groups(float *dst, const float *src, uint32_t channels)
{
    for (uint32_t c = 0; c < channels; c += AR_TENSOR_GROUP)
        memcpy(dst + c, src + c, AR_TENSOR_GROUP * sizeof(float));
}

/*
 * Stacks the k tap rows: [column][tap row][channel], from column -(k / 2) on. A dense filter's
 * inputs at a pixel are then k neighbouring columns in one piece, and pixels overlap, so that
 * nothing is copied for the horizontal taps. Whole groups are copied, in order: what one writes
 * too much is overwritten by the next, and the last has room.
 */
static void gather_taps(const struct ar_rows *job, uint32_t y, float *taps)
{
    const uint32_t k = job->layer->kernel;
    const uint32_t channels = job->input->channels;
    const uint32_t n_columns = (job->width - 1) * job->layer->stride + k;
    const float *rows[MAX_KERNEL];

    find_rows(job, y, k, rows);
    for (uint32_t x = 0; x < n_columns; x++) {
        const ptrdiff_t column = (ptrdiff_t)x - (ptrdiff_t)(k / 2);

        for (uint32_t i = 0; i < k; i++) {
            copy_groups(taps, rows[i] + column * (ptrdiff_t)job->input->pixel_stride, channels);
            taps += channels;
        }
    }
}

static void filter_branch(const struct ar_rows *job, uint32_t y, uint32_t branch, float *dst,
                          uint32_t dst_stride)
{
    const struct ar_layer *layer = job->layer;
    const uint32_t kernel = branch == 0 ? layer->kernel : layer->kernel2;
    const struct ar_dwconv_shape shape = {
        .width = job->width,
        .channels = ar_tensor_padded(job->input->channels),
        .src_stride = job->input->pixel_stride,
        .dst_stride = dst_stride,
        .weight_stride = job->pack->dw_stride,
    };
    const float *rows[MAX_KERNEL];

    find_rows(job, y, kernel, rows);
    job->kernels->dwconv_row[kernel == 5][layer->stride - 1](dst, rows, job->pack->dw[branch],
                                                             &shape);
}

/* Sums a depthwise row and applies the gates, while it is in the cache. */
static void gate_line(const struct ar_rows *job, uint32_t y, float *data, uint32_t stride)
{
    const uint32_t channels = job->input->channels;
    float *const sums = job->squeeze_sums ? job->squeeze_sums + (size_t)y * channels : NULL;

    if (sums)
        memset(sums, 0, channels * sizeof(float));
    for (uint32_t x = 0; x < job->width; x++) {
        float *const pixel = data + (size_t)x * stride;

        for (uint32_t c = 0; sums && c < channels; c++)
            sums[c] += pixel[c];
        for (uint32_t c = 0; job->gates && c < channels; c++)
            pixel[c] *= job->gates[c];
    }
}

/*
 * The epilogue for rows that no pointwise kernel made: src gives sums, the line gets results.
 */
static void finish_line(const struct ar_rows *job, const struct line *line)
{
    const struct ar_epilogue *epilogue = &line->epilogue;
    const uint32_t n_add = epilogue->add ? ar_min_u32(epilogue->add_channels, job->outputs) : 0;

    for (uint32_t x = 0; x < job->width; x++) {
        float *const pixel = line->data + (size_t)x * line->stride;

        for (uint32_t c = 0; epilogue->sums && c < job->outputs; c++) {
            epilogue->sums[c] += pixel[c];
            epilogue->sums[job->outputs + c] += pixel[c] * pixel[c];
        }
        for (uint32_t c = 0; c < job->outputs; c++) {
            const float value = pixel[c] * epilogue->scale[c] + epilogue->bias[c];

            pixel[c] = epilogue->relu && !(value > 0.0F) ? 0.0F : value;
        }
        for (uint32_t c = 0; c < n_add; c++)
            pixel[c] += epilogue->add[(size_t)x * epilogue->add_stride + c];
    }
}

static void multiply_line(const struct ar_rows *job, const struct line *line, const float *src,
                          uint32_t src_stride)
{
    const struct ar_pack_matrix *matrix = ar_pack_find(job->pack, job->input->channels);
    const struct ar_pwconv_shape shape = {
        .width = job->width,
        .inputs = ar_pack_inputs(job->layer, job->input->channels),
        .outputs = job->outputs,
        .src_stride = src_stride,
        .dst_stride = line->stride,
        .block_inputs = matrix->block_inputs,
    };

    job->kernels->pwconv_row(line->data, src, matrix->weights, &shape, &line->epilogue);
}

static void conv_line(const struct ar_rows *job, const struct line *line, float *taps)
{
    gather_taps(job, line->y, taps);
    multiply_line(job, line, taps,
                  job->layer->stride * job->layer->kernel * job->input->channels);
}

static void separable_line(const struct ar_rows *job, const struct line *line, float *taps)
{
    const uint32_t channels = ar_tensor_padded(job->input->channels);
    const uint32_t stride = channels * (job->layer->kernel2 ? 2 : 1);

    filter_branch(job, line->y, 0, taps, stride);
    if (job->layer->kernel2)
        filter_branch(job, line->y, 1, taps + channels, stride);
    if (job->layer->gate)
        gate_line(job, line->y, taps, stride);
    multiply_line(job, line, taps, stride);
}

static void pointwise_line(const struct ar_rows *job, const struct line *line, float *taps)
{
    multiply_line(job, line, ar_tensor_row(job->input, line->y), job->input->pixel_stride);
}

static void depthwise_line(const struct ar_rows *job, const struct line *line, float *taps)
{
    filter_branch(job, line->y, 0, line->data, line->stride);
    finish_line(job, line);
}

/* Channel 4c + 2i + j of a pixel goes to channel c at row i, column j of its 2 x 2 block. */
static void shuffle_line(const struct ar_rows *job, const struct line *line, float *taps)
{
    const float *const src =
        ar_tensor_row(job->input, line->y / 2) + (line->y % 2 == 0 ? 0 : 2);

    for (uint32_t x = 0; x < job->width; x++) {
        const float *const block = src + (size_t)(x / 2) * job->input->pixel_stride + x % 2;
        float *const pixel = line->data + (size_t)x * line->stride;

        for (uint32_t c = 0; c < job->outputs; c++)
            pixel[c] = block[(size_t)4 * c];
        for (uint32_t c = job->outputs; c < ar_tensor_padded(job->outputs); c++)
            pixel[c] = 0.0F;
    }
    finish_line(job, line);
}

/* Writes each pixel of a line twice, in one row of the map, with what is added there. */
static void widen_line(const struct ar_rows *job, const struct line *line, uint32_t y)
{
    const struct ar_tensor *add = job->add;
    const uint32_t n_add = add ? ar_min_u32(add->channels, job->outputs) : 0;
    const float *added = add ? ar_tensor_row(add, y) : NULL;
    float *pixel = ar_tensor_row(job->result, y);

    for (uint32_t x = 0; x < job->result->width; x++) {
        copy_groups(pixel, line->data + (size_t)(x / 2) * line->stride, job->outputs);
        for (uint32_t c = 0; c < n_add; c++)
            pixel[c] += added[(size_t)x * add->pixel_stride + c];
        pixel += job->result->pixel_stride;
    }
    ar_border_fill(job->border, job->result, y);
}

typedef void op_line_fn(const struct ar_rows *job, const struct line *line, float *taps);

static op_line_fn *const op_lines[AR_LAYER_N_OPS] = {
    [AR_LAYER_CONV] = conv_line,           [AR_LAYER_SEPARABLE] = separable_line,
    [AR_LAYER_POINTWISE] = pointwise_line, [AR_LAYER_DEPTHWISE] = depthwise_line,
    [AR_LAYER_SHUFFLE] = shuffle_line,
};

/* A line in scratch memory, beside the taps. */
static struct line scratch_line(const struct ar_rows *job, uint32_t y, float *scratch)
{
    struct line line = {
        .y = y,
        .stride = ar_tensor_padded(job->outputs),
        .epilogue = { .scale = job->scale, .bias = job->bias, .relu = job->layer->relu },
    };

    line.data = scratch + line_offset(job->layer, job->width);
    if (job->sums) {
        line.epilogue.sums = job->sums + (size_t)y * 2 * job->outputs;
        memset(line.epilogue.sums, 0, (size_t)2 * job->outputs * sizeof(float));
    }
    return line;
}

static void squeeze_row(const struct ar_rows *job, uint32_t y, float *scratch)
{
    const uint32_t stride = ar_tensor_padded(job->input->channels);

    filter_branch(job, y, 0, scratch, stride);
    gate_line(job, y, scratch, stride);
}

static void measure_row(const struct ar_rows *job, uint32_t y, float *scratch)
{
    struct line line = scratch_line(job, y, scratch);

    op_lines[job->layer->op](job, &line, scratch);
}

static void store_row(const struct ar_rows *job, uint32_t y, float *scratch)
{
    const struct ar_tensor *result = job->result;
    struct line line = scratch_line(job, y, scratch);

    if (job->layer->upsample) {
        op_lines[job->layer->op](job, &line, scratch);
        for (uint32_t i = 2 * y; i < ar_min_u32(2 * y + 2, result->height); i++)
            widen_line(job, &line, i);
        return;
    }
    line.data = ar_tensor_row(result, y);
    line.stride = result->pixel_stride;
    if (job->add) {
        line.epilogue.add = ar_tensor_row(job->add, y);
        line.epilogue.add_stride = job->add->pixel_stride;
        line.epilogue.add_channels = ar_min_u32(job->add->channels, job->outputs);
    }
    op_lines[job->layer->op](job, &line, scratch);
    ar_border_fill(job->border, result, y);
}

void ar_rows_work(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker)
{
    static void (*const rows[AR_ROWS_N_PASSES])(const struct ar_rows *, uint32_t, float *) = {
        [AR_ROWS_SQUEEZE] = squeeze_row,
        [AR_ROWS_MEASURE] = measure_row,
        [AR_ROWS_STORE] = store_row,
    };
    const struct ar_rows *const self = job;
    float *const scratch = self->scratch + worker * self->scratch_stride;

    for (uint32_t y = first_row; y < end_row; y++)
        rows[self->pass](self, y, scratch);
}
