/* SPDX-License-Identifier: MIT */
#include "nn/rows.h"

#include <assert.h>
#include <string.h>

#include "base/macros.h"
#include "nn/border.h"

#define MAX_KERNEL 5
#define MAX_LINES  2 /* that are worked on at once */
#define MAX_ROWS   (MAX_KERNEL + MAX_LINES - 1)

/*
 * A row is worked on in chunks of so many groups of pixels at most, so that a chunk's depthwise results, which the
 * pointwise product reads once for each block of outputs, stay in the nearest cache: 96 channels take
 * 30 KiB. 5 groups are 80 pixels, which 640, 1280 and 1920 are whole multiples of at every scale.
 */
enum { CHUNK_GROUPS = 5, CHUNK_PX = CHUNK_GROUPS * AR_TENSOR_GROUP };

/* A finished row on its way: where it goes and what is done to it. */
struct line {
    uint32_t y; /* of the filter's result */
    float *data;
    size_t stride; /* floats from a plane to the next */
    struct ar_epilogue epilogue;
};

/* A worker's memory for a row. */
struct work {
    const float **inputs; /* of the pointwise product */
    float *taps; /* depthwise results of a chunk's lines, or planes split for a stride of 2 */
    float *line; /* a row that is not stored as it is */
};

static uint32_t n_inputs(const struct ar_layer *layer, uint32_t channels)
{
    return channels * ar_pack_inputs_per_channel(layer);
}

/* Every other pixel of a row, with a group on either side. */
static size_t split_stride(uint32_t width)
{
    return (size_t)ar_tensor_whole(width) + (size_t)2 * AR_TENSOR_GROUP;
}

/* Two rows of a filter need four of the map, three of which each needs by itself. */
static uint32_t lines_at_once(const struct ar_layer *layer)
{
    return layer->op == AR_LAYER_SEPARABLE && layer->kernel == 3 && layer->stride == 1 &&
                   !layer->kernel2 && !layer->gate && !layer->upsample
               ? MAX_LINES
               : 1;
}

/* Floats from the depthwise results of a chunk's line to the next one's. */
static size_t taps_stride(const struct ar_layer *layer, uint32_t channels)
{
    return (size_t)n_inputs(layer, channels) * CHUNK_PX;
}

static uint64_t taps_floats(const struct ar_layer *layer, uint32_t width)
{
    if (layer->op == AR_LAYER_CONV)
        return layer->stride == 1
                   ? 0
                   : (uint64_t)layer->max_inputs * layer->kernel * 2 * split_stride(width);
    return (uint64_t)taps_stride(layer, layer->max_inputs) * lines_at_once(layer);
}

/* Floats that the pointers take. */
static uint64_t inputs_floats(const struct ar_layer *layer)
{
    const uint64_t size_b =
        (uint64_t)n_inputs(layer, layer->max_inputs) * sizeof(const float *);

    return ar_align_up(size_b / sizeof(float), AR_TENSOR_GROUP);
}

uint64_t ar_rows_scratch(const struct ar_layer *layer, uint32_t width)
{
    return inputs_floats(layer) + taps_floats(layer, width) +
           (uint64_t)ar_tensor_plane_stride(width) * layer->max_outputs;
}

static struct work divide(const struct ar_layer *layer, uint32_t width, float *scratch)
{
    return (struct work){
        .inputs = (const float **)(void *)scratch,
        .taps = scratch + inputs_floats(layer),
        .line = scratch + inputs_floats(layer) + taps_floats(layer, width),
    };
}

/* The input rows under the taps of filter rows, at the column of output pixel 0. */
static void find_rows(const struct ar_rows *job, uint32_t y, uint32_t n_rows, uint32_t kernel,
                      const float *rows[MAX_ROWS])
{
    const int32_t first = (int32_t)(y * job->layer->stride) - (int32_t)(kernel / 2);

    for (uint32_t i = 0; i < kernel + (n_rows - 1) * job->layer->stride; i++)
        rows[i] = ar_tensor_row(job->input, ar_border_index(job->border, first + (int32_t)i,
                                                            job->input->height));
}

/* Pixels from x on of a row's pointwise product. */
static void multiply(const struct ar_rows *job, const struct line *line, const float **inputs,
                     uint32_t x, uint32_t width)
{
    const struct ar_pwconv_shape shape = {
        .width = width,
        .inputs = n_inputs(job->layer, job->input->channels),
        .outputs = job->outputs,
        .block_inputs = job->pack->block_inputs,
        .dst_stride = line->stride,
    };
    struct ar_epilogue epilogue = line->epilogue;

    if (epilogue.add)
        epilogue.add += x;
    job->kernels->pwconv_row(line->data + x, inputs, job->pack->weights, &shape, &epilogue);
}

static void point_at_planes(const float **inputs, const float *planes, size_t stride,
                            uint32_t n)
{
    for (size_t i = 0; i < n; i++)
        inputs[i] = planes + i * stride;
}

/* Every tap of a dense filter is an input plane, moved. */
static void point_at_taps(const struct ar_rows *job, uint32_t y, const float **inputs)
{
    const size_t k = job->layer->kernel;
    const float *rows[MAX_ROWS];

    find_rows(job, y, 1, job->layer->kernel, rows);
    for (size_t c = 0; c < job->input->channels; c++)
        for (size_t row = 0; row < k; row++)
            for (size_t column = 0; column < k; column++)
                *inputs++ = rows[row] + c * job->input->plane_stride + column - k / 2;
}

/*
 * With a stride of 2 a tap's pixels are all even or all odd ones: each row of a plane is split in two, and a
 * tap is one of these, moved.
 */
static void split_taps(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    const ptrdiff_t k = (ptrdiff_t)job->layer->kernel;
    const size_t stride = split_stride(job->width);
    const float **inputs = work->inputs;
    const float *rows[MAX_ROWS];
    float *even = work->taps + AR_TENSOR_GROUP;

    find_rows(job, y, 1, job->layer->kernel, rows);
    for (size_t c = 0; c < job->input->channels; c++) {
        for (ptrdiff_t row = 0; row < k; row++) {
            const float *const src = rows[row] + c * job->input->plane_stride;
            float *const odd = even + stride;

            even[-1] = src[-2];
            odd[-1] = src[-1];
            job->kernels->split_row(even, odd, src, job->width + AR_TENSOR_HALO / 2);
            for (ptrdiff_t column = -(k / 2); column <= k / 2; column++)
                *inputs++ = (column & 1 ? odd + (column - 1) / 2 : even + column / 2);
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

/* Where a filter's results go. */
struct taps {
    float *data;
    size_t stride; /* floats from a plane to the next */
    size_t row_stride;
};

/* Depthwise results of some rows from y on, pixels from x on. */
static void filter(const struct ar_rows *job, uint32_t y, uint32_t n_rows, uint32_t branch,
                   uint32_t x, uint32_t width, const struct taps *taps)
{
    const struct ar_layer *layer = job->layer;
    const uint32_t kernel = branch == 0 ? layer->kernel : layer->kernel2;
    const struct ar_dwconv_shape shape = {
        .width = width,
        .height = n_rows,
        .channels = job->input->channels,
        .src_stride = job->input->plane_stride,
        .dst_stride = taps->stride,
        .dst_row_stride = taps->row_stride,
    };
    const float *rows[MAX_ROWS];

    find_rows(job, y, n_rows, kernel, rows);
    for (uint32_t i = 0; i < kernel + (n_rows - 1) * layer->stride; i++)
        rows[i] += (size_t)x * layer->stride;
    job->kernels->dwconv_row[kernel == 5][layer->stride - 1](taps->data, rows,
                                                             job->pack->dw[branch], &shape);
}

/* Sums a chunk of depthwise results and applies the gates, while it is in the cache. */
static void gate(const struct ar_rows *job, uint32_t y, float *taps, uint32_t width)
{
    const uint32_t channels = job->input->channels;
    float *const sums = job->squeeze_sums ? job->squeeze_sums + (size_t)y * channels : NULL;

    for (uint32_t c = 0; c < channels; c++) {
        float *const plane = taps + (size_t)c * CHUNK_PX;

        for (uint32_t x = 0; sums && x < width; x++)
            sums[c] += plane[x];
        for (uint32_t x = 0; job->gates && x < width; x++)
            plane[x] *= job->gates[c];
    }
}

/* Widths of chunks that differ by a group at most. */
static uint32_t chunk_px(uint32_t width)
{
    const uint32_t n_groups = ar_tensor_whole(width) / AR_TENSOR_GROUP;
    const uint32_t n_chunks = (n_groups + CHUNK_GROUPS - 1) / CHUNK_GROUPS;

    return (n_groups + n_chunks - 1) / n_chunks * AR_TENSOR_GROUP;
}

static void begin_squeeze(const struct ar_rows *job, uint32_t y)
{
    if (job->squeeze_sums)
        memset(job->squeeze_sums + (size_t)y * job->input->channels, 0,
               job->input->channels * sizeof(float));
}

static void separable_lines(const struct ar_rows *job, const struct line *lines,
                            uint32_t n_lines, const struct work *work)
{
    const uint32_t n_branches = ar_pack_inputs_per_channel(job->layer);
    const size_t stride = taps_stride(job->layer, job->input->channels);
    const uint32_t step = chunk_px(job->width);

    assert(n_lines >= 1);
    begin_squeeze(job, lines->y);
    for (uint32_t x = 0; x < job->width; x += step) {
        const uint32_t width = ar_min_u32(step, job->width - x);

        /* The branches' results of a channel lie side by side. */
        for (uint32_t i = 0; i < n_branches; i++)
            filter(job, lines->y, n_lines, i, x, width,
                   &(struct taps){ work->taps + (size_t)i * CHUNK_PX,
                                   (size_t)n_branches * CHUNK_PX, stride });
        if (job->layer->gate)
            gate(job, lines->y, work->taps, width);
        for (uint32_t i = 0; i < n_lines; i++) {
            point_at_planes(work->inputs, work->taps + i * stride, CHUNK_PX,
                            n_inputs(job->layer, job->input->channels));
            multiply(job, &lines[i], work->inputs, x, width);
        }
    }
}

/* Pixels from x on of a row of int8's planes. */
static void read_planes8(const struct ar_rows *job, uint32_t y, uint32_t x, uint32_t width,
                         float *dst, size_t stride)
{
    const uint8_t *src = ar_tensor8_row(job->planes8, y) + (size_t)4 * x;
    const float gain = job->layout->gain;

    for (uint32_t c = 0; c < job->planes8->channels; c += 4) {
        struct ar_dequantise8 dequantise = {
            .mul = gain / 255.0F,
            .n = ar_min_u32(job->planes8->channels - c, 4),
            .dst_stride = stride,
        };

        for (uint32_t i = 0; i < dequantise.n; i++)
            dequantise.add[i] = -job->layout->offset[c + i] * gain;
        job->kernels->dequantise8_row(dst + c * stride, src, &dequantise, width);
        src += job->planes8->plane_stride;
    }
}

static void pointwise_planes8_line(const struct ar_rows *job, const struct line *line,
                                   const struct work *work)
{
    const uint32_t step = chunk_px(job->width);

    point_at_planes(work->inputs, work->taps, CHUNK_PX, job->planes8->channels);
    for (uint32_t x = 0; x < job->width; x += step) {
        const uint32_t width = ar_min_u32(step, job->width - x);

        read_planes8(job, line->y, x, width, work->taps, CHUNK_PX);
        multiply(job, line, work->inputs, x, width);
    }
}

static void pointwise_line(const struct ar_rows *job, const struct line *line,
                           const struct work *work)
{
    if (job->planes8) {
        pointwise_planes8_line(job, line, work);
        return;
    }
    point_at_planes(work->inputs, ar_tensor_row(job->input, line->y), job->input->plane_stride,
                    job->input->channels);
    multiply(job, line, work->inputs, 0, job->width);
}

/* The epilogue of one plane that no pointwise kernel made: it holds sums, and gets results. */
static void finish_plane(const struct ar_rows *job, const struct line *line, uint32_t c)
{
    const struct ar_epilogue *epilogue = &line->epilogue;
    float *const plane = line->data + c * line->stride;

    for (uint32_t x = 0; epilogue->sums && x < job->width; x++) {
        epilogue->sums[c] += plane[x];
        epilogue->sums[job->outputs + c] += plane[x] * plane[x];
    }
    for (uint32_t x = 0; x < job->width; x++) {
        const float value = plane[x] * epilogue->scale[c] + epilogue->bias[c];

        plane[x] = epilogue->relu && !(value > 0.0F) ? 0.0F : value;
    }
    if (!epilogue->add || c >= epilogue->add_channels)
        return;
    for (uint32_t x = 0; x < job->width; x++)
        plane[x] += epilogue->add[c * epilogue->add_stride + x];
}

static void finish_line(const struct ar_rows *job, const struct line *line)
{
    for (uint32_t c = 0; c < job->outputs; c++)
        finish_plane(job, line, c);
}

static void depthwise_line(const struct ar_rows *job, const struct line *line,
                           const struct work *work)
{
    filter(job, line->y, 1, 0, 0, job->width, &(struct taps){ line->data, line->stride, 0 });
    finish_line(job, line);
}

/* Channel 4c + 2i + j of a pixel goes to channel c at row i, column j of its 2 x 2 block. */
static void shuffle_line(const struct ar_rows *job, const struct line *line,
                         const struct work *work)
{
    const size_t stride = job->input->plane_stride;
    const float *src = ar_tensor_row(job->input, line->y / 2) + 2 * stride * (line->y % 2);

    for (uint32_t c = 0; c < job->outputs; c++) {
        float *const plane = line->data + c * line->stride;

        for (uint32_t x = 0; x < job->width; x++)
            plane[x] = src[x % 2 * stride + x / 2];
        src += 4 * stride;
    }
    finish_line(job, line);
}

/* Writes each pixel of a line twice, in one row of the map, with what is added there. */
static void widen_line(const struct ar_rows *job, const struct line *line, uint32_t y)
{
    const struct ar_tensor *add = job->add;
    const float *added = add ? ar_tensor_row(add, y) : NULL;
    float *plane = ar_tensor_row(job->result, y);

    for (uint32_t c = 0; c < job->outputs; c++) {
        const bool has_add = add && c < add->channels;

        job->kernels->widen_row(plane, line->data + c * line->stride,
                                has_add ? added + c * add->plane_stride : NULL,
                                job->result->width);
        plane += job->result->plane_stride;
    }
    ar_border_fill(job->border, job->result, y);
}

typedef void op_line_fn(const struct ar_rows *job, const struct line *line,
                        const struct work *work);

static op_line_fn *const op_lines[AR_LAYER_N_OPS] = {
    [AR_LAYER_CONV] = conv_line,
    [AR_LAYER_POINTWISE] = pointwise_line,
    [AR_LAYER_DEPTHWISE] = depthwise_line,
    [AR_LAYER_SHUFFLE] = shuffle_line,
};

static void run_lines(const struct ar_rows *job, const struct line *lines, uint32_t n_lines,
                      const struct work *work)
{
    if (job->layer->op == AR_LAYER_SEPARABLE) {
        separable_lines(job, lines, n_lines, work);
        return;
    }
    for (uint32_t i = 0; i < n_lines; i++)
        op_lines[job->layer->op](job, &lines[i], work);
}

/* A line in scratch memory. */
static struct line scratch_line(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    struct line line = {
        .y = y,
        .data = work->line,
        .stride = ar_tensor_plane_stride(job->width),
        .epilogue = { .scale = job->scale, .bias = job->bias, .relu = job->layer->relu },
    };

    if (job->sums) {
        line.epilogue.sums = job->sums + (size_t)y * 2 * job->outputs;
        memset(line.epilogue.sums, 0, (size_t)2 * job->outputs * sizeof(float));
    }
    return line;
}

static void squeeze_rows(const struct ar_rows *job, uint32_t y, uint32_t n_rows,
                         const struct work *work)
{
    const uint32_t step = chunk_px(job->width);

    assert(n_rows == 1);
    begin_squeeze(job, y);
    for (uint32_t x = 0; x < job->width; x += step) {
        const uint32_t width = ar_min_u32(step, job->width - x);

        filter(job, y, 1, 0, x, width, &(struct taps){ work->taps, CHUNK_PX, 0 });
        gate(job, y, work->taps, width);
    }
}

static void measure_rows(const struct ar_rows *job, uint32_t y, uint32_t n_rows,
                         const struct work *work)
{
    struct line lines[MAX_LINES] = { 0 };

    for (uint32_t i = 0; i < n_rows; i++)
        lines[i] = scratch_line(job, y + i, work);
    run_lines(job, lines, n_rows, work);
}

static void store_upsampled(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    const struct line line = scratch_line(job, y, work);
    const uint32_t n_rows = job->result->has_twins ? 1 : 2;
    const uint32_t end = ar_min_u32(2 * y + n_rows, job->result->height);

    run_lines(job, &line, 1, work);
    for (uint32_t i = 2 * y; i < end; i++)
        widen_line(job, &line, i);
}

struct ar_rows_add ar_rows_find_add(const struct ar_rows *job, uint32_t y, float *scratch)
{
    struct ar_rows_add add = { NULL, 0, 0 };

    if (!job->add)
        return add;
    add.channels = ar_min_u32(job->add->channels, job->outputs);
    if (job->planes8 && job->layer->add == AR_LAYER_PLANES) {
        add.data = scratch;
        add.stride = ar_tensor_plane_stride(job->width);
        read_planes8(job, y, 0, job->width, scratch, add.stride);
    } else {
        add.data = ar_tensor_row(job->add, y);
        add.stride = job->add->plane_stride;
    }
    return add;
}

/* A line that is a row of the map. */
static struct line map_line(const struct ar_rows *job, uint32_t y, const struct work *work)
{
    const struct ar_rows_add add = ar_rows_find_add(job, y, work->line);
    struct line line = scratch_line(job, y, work);

    line.data = ar_tensor_row(job->result, y);
    line.stride = job->result->plane_stride;
    line.epilogue.add = add.data;
    line.epilogue.add_stride = add.stride;
    line.epilogue.add_channels = add.channels;
    return line;
}

static void store_rows(const struct ar_rows *job, uint32_t y, uint32_t n_rows,
                       const struct work *work)
{
    struct line lines[MAX_LINES] = { 0 };

    if (job->layer->upsample) {
        store_upsampled(job, y, work);
        return;
    }
    for (uint32_t i = 0; i < n_rows; i++)
        lines[i] = map_line(job, y + i, work);
    run_lines(job, lines, n_rows, work);
    for (uint32_t i = 0; i < n_rows; i++)
        ar_border_fill(job->border, job->result, y + i);
}

void ar_rows_work(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker)
{
    static void (*const rows[AR_ROWS_N_PASSES])(const struct ar_rows *, uint32_t, uint32_t,
                                                const struct work *) = {
        [AR_ROWS_SQUEEZE] = squeeze_rows,
        [AR_ROWS_MEASURE] = measure_rows,
        [AR_ROWS_STORE] = store_rows,
    };
    const struct ar_rows *const self = job;
    const uint32_t step = lines_at_once(self->layer);
    const struct work work =
        divide(self->layer, self->width, self->scratch + worker * self->scratch_stride);

    for (uint32_t y = first_row; y < end_row; y += step)
        rows[self->pass](self, y, ar_min_u32(step, end_row - y), &work);
}
