/* SPDX-License-Identifier: MIT */
#include "nn/image.h"

#include <assert.h>
#include <stdbool.h>

/* What the bytes of a frame's range mean: luma black and steps to white, chroma steps side to side. */
struct byte_range {
    float black;
    float luma_steps;
    float chroma_steps;
    float chroma_low;
    float chroma_high;
};

static const struct byte_range byte_ranges[] = {
    [AR_FRAME_FULL] = { 0.0F, 255.0F, 255.0F, 0.0F, 255.0F },
    [AR_FRAME_LIMITED] = { 16.0F, 219.0F, 224.0F, 16.0F, 240.0F },
};

#define FULL_STEPS    255.0F
#define CHROMA_CENTRE 128.0F /* the byte of no colour, in either range */
#define HALF          0.5F   /* of a byte */

/* What one plane measures: the byte that full-range 0 falls on, bytes to full-range 255, limits. */
struct lane {
    float zero;
    float steps;
    float low;
    float high;
};

static void set_lane(struct ar_image_scale *scale, const struct ar_image_layout *layout,
                     uint32_t i, struct lane lane)
{
    /* plane = (full / 255 - offset) * gain, with full / 255 = (value - zero) / steps */
    scale->ingest_mul[i] = layout->gain / lane.steps;
    scale->ingest_add[i] = (-lane.zero / lane.steps - layout->offset[i]) * layout->gain;
    scale->emit_mul[i] = lane.steps / layout->gain;
    scale->emit_add[i] = layout->offset[i] * lane.steps + lane.zero;
    scale->low[i] = lane.low;
    scale->high[i] = lane.high;
}

/* Of planes whose values are set, without the half. */
static struct ar_image_tints tints_of(const struct ar_image_scale *scale)
{
    const float u_mul = scale->emit_mul[4];
    const float v_mul = scale->emit_mul[5];
    const float u_add = scale->emit_add[4] - CHROMA_CENTRE;
    const float v_add = scale->emit_add[5] - CHROMA_CENTRE;

    return (struct ar_image_tints){
        .r_of_v = v_mul * AR_IMAGE_R_OF_V,
        .g_of_u = u_mul * AR_IMAGE_G_OF_U,
        .g_of_v = v_mul * AR_IMAGE_G_OF_V,
        .b_of_u = u_mul * AR_IMAGE_B_OF_U,
        .r = v_add * AR_IMAGE_R_OF_V,
        .g = u_add * AR_IMAGE_G_OF_U + v_add * AR_IMAGE_G_OF_V,
        .b = u_add * AR_IMAGE_B_OF_U,
    };
}

void ar_image_scale_init(struct ar_image_scale *scale, const struct ar_image_layout *layout,
                         enum ar_frame_range range, const struct ar_tensor *planes)
{
    const struct byte_range *const bytes = &byte_ranges[range];
    const float luma_step = FULL_STEPS / bytes->luma_steps;
    const float chroma_step = FULL_STEPS / bytes->chroma_steps;
    const struct lane full = { 0.0F, FULL_STEPS, 0.0F, FULL_STEPS };
    const struct lane luma = { bytes->black, bytes->luma_steps, bytes->black,
                               bytes->black + bytes->luma_steps };
    /* Full-range 128, not 127.5, is the centre that limited range's 128 stands for. */
    const struct lane chroma = { CHROMA_CENTRE - CHROMA_CENTRE / chroma_step,
                                 bytes->chroma_steps, bytes->chroma_low, bytes->chroma_high };

    *scale = (struct ar_image_scale){
        .luma = { .widen_mul = luma_step,
                  .widen_add = -bytes->black * luma_step,
                  .narrow_mul = 1.0F / luma_step,
                  .narrow_add = bytes->black + HALF,
                  .low = luma.low,
                  .high = luma.high },
        .chroma = { .widen_mul = chroma_step,
                    .widen_add = -CHROMA_CENTRE * chroma_step,
                    .narrow_mul = 1.0F / chroma_step,
                    .narrow_add = CHROMA_CENTRE + HALF,
                    .low = chroma.low,
                    .high = chroma.high },
        .plane_stride = planes->plane_stride,
        .plane_row_stride = planes->row_stride,
    };
    if (layout->planes == AR_IMAGE_YUV420) {
        for (uint32_t i = 0; i < 6; i++)
            set_lane(scale, layout, i, i < 4 ? luma : chroma);
        scale->tints = tints_of(scale);
        for (uint32_t i = 0; i < 6; i++)
            scale->emit_add[i] += HALF;
    } else {
        for (uint32_t i = 0; i < 3; i++)
            set_lane(scale, layout, i, full);
    }
}

enum ar_frame_range ar_image_range_of(const struct ar_frame_shape *shape)
{
    return shape->format == AR_FRAME_XRGB ? AR_FRAME_FULL : shape->range;
}

static uint8_t *byte_row(const struct ar_frame *frame, uint32_t plane, uint32_t row)
{
    return frame->planes[plane].data + (size_t)row * frame->planes[plane].stride_b;
}

struct ar_image_rows ar_image_rows_of_pair(const struct ar_frame *frame, uint32_t pair)
{
    struct ar_image_rows rows = {
        .y = { byte_row(frame, 0, 2 * pair), byte_row(frame, 0, 2 * pair + 1) },
        .width_px = frame->shape.width_px,
    };

    if (frame->shape.format == AR_FRAME_I420 || frame->shape.format == AR_FRAME_NV12)
        rows.u = byte_row(frame, 1, pair);
    if (frame->shape.format == AR_FRAME_I420)
        rows.v = byte_row(frame, 2, pair);
    return rows;
}

#define LINE_B 64 /* of a cache */

static void fetch(const uint8_t *row, size_t size_b)
{
    for (size_t i = 0; i < size_b; i += LINE_B)
        __builtin_prefetch(row + i);
}

/*
 * Asks for a pair of rows while the one before is worked on: a frame is far from the processor, its rows are short, and what the
 * hardware guesses ahead comes too late for either.
 */
static void fetch_pair(const struct ar_frame *frame, uint32_t pair)
{
    const uint32_t n_planes = ar_frame_n_planes(frame->shape.format);

    if (pair >= frame->shape.height_px / 2)
        return;
    fetch(byte_row(frame, 0, 2 * pair), ar_frame_plane_width_b(&frame->shape, 0));
    fetch(byte_row(frame, 0, 2 * pair + 1), ar_frame_plane_width_b(&frame->shape, 0));
    for (uint32_t plane = 1; plane < n_planes; plane++)
        fetch(byte_row(frame, plane, pair), ar_frame_plane_width_b(&frame->shape, plane));
}

/* The first plane row of a pair. */
static uint32_t row_of_pair(const struct ar_image_layout *layout, uint32_t pair)
{
    return layout->planes == AR_IMAGE_YUV420 ? pair : 2 * pair;
}

/* Whether planes and frame are the same picture, and the pairs within it. */
static bool sizes_match(const struct ar_image_layout *layout, uint32_t width, uint32_t height,
                        const struct ar_frame_shape *shape, uint32_t end)
{
    const uint32_t shrink = layout->planes == AR_IMAGE_YUV420 ? 2 : 1;

    return width * shrink == shape->width_px && height * shrink == shape->height_px &&
           end <= shape->height_px / 2;
}

void ar_image_ingest(const struct ar_kernels *kernels, const struct ar_image_layout *layout,
                     const struct ar_tensor *planes, const struct ar_frame *frame,
                     uint32_t first, uint32_t end)
{
    ar_ingest_row_fn *const ingest = kernels->ingest_row[layout->planes][frame->shape.format];
    struct ar_image_scale scale;

    assert(sizes_match(layout, planes->width, planes->height, &frame->shape, end));
    ar_image_scale_init(&scale, layout, ar_image_range_of(&frame->shape), planes);
    for (uint32_t pair = first; pair < end; pair++) {
        const struct ar_image_rows rows = ar_image_rows_of_pair(frame, pair);

        fetch_pair(frame, pair + 1);
        ingest(ar_tensor_row(planes, row_of_pair(layout, pair)), &rows, &scale);
    }
}

/* To full range: each gives what its formula does, rounded, for every byte. */
static const struct ar_stretch8 stretch_luma = { .low = 15, .mul = 38155, .sub = 85 };
static const struct ar_stretch8 stretch_chroma = { .low = 15, .mul = 37301, .sub = 17 };

static void stretch(const struct ar_kernels *kernels, const struct ar_tensor8 *planes,
                    uint8_t *row)
{
    const uint32_t n = 4 * ar_tensor_whole(planes->width);

    kernels->stretch8_row(row, &stretch_luma, n);
    kernels->stretch8_row(row + planes->plane_stride, &stretch_chroma, n);
}

void ar_image_ingest8(const struct ar_kernels *kernels, const struct ar_image_layout *layout,
                      const struct ar_tensor8 *planes, const struct ar_frame *frame,
                      uint32_t first, uint32_t end)
{
    ar_ingest8_row_fn *const ingest = kernels->ingest8_row[layout->planes][frame->shape.format];
    const enum ar_frame_range range = ar_image_range_of(&frame->shape);
    const struct ar_tensor strides = { .plane_stride = planes->plane_stride,
                                       .row_stride = planes->row_stride };
    struct ar_image_scale scale;

    assert(sizes_match(layout, planes->width, planes->height, &frame->shape, end));
    ar_image_scale_init(&scale, layout, range, &strides);
    for (uint32_t pair = first; pair < end; pair++) {
        const struct ar_image_rows rows = ar_image_rows_of_pair(frame, pair);
        uint8_t *const row = ar_tensor8_row(planes, row_of_pair(layout, pair));

        fetch_pair(frame, pair + 1);
        ingest(row, &rows, &scale);
        if (layout->planes == AR_IMAGE_YUV420 && range == AR_FRAME_LIMITED)
            stretch(kernels, planes, row);
    }
}

void ar_image_emit(const struct ar_kernels *kernels, const struct ar_image_layout *layout,
                   const struct ar_tensor *planes, struct ar_frame *frame, uint32_t first,
                   uint32_t end)
{
    ar_emit_row_fn *const emit = kernels->emit_row[layout->planes][frame->shape.format];
    struct ar_image_scale scale;

    assert(sizes_match(layout, planes->width, planes->height, &frame->shape, end));
    ar_image_scale_init(&scale, layout, ar_image_range_of(&frame->shape), planes);
    for (uint32_t pair = first; pair < end; pair++) {
        const struct ar_image_rows rows = ar_image_rows_of_pair(frame, pair);

        emit(&rows, ar_tensor_row(planes, row_of_pair(layout, pair)), &scale);
    }
}
