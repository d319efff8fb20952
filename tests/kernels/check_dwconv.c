/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/macros.h"
#include "nn/tensor.h"
#include "tests/kernels/kcheck.h"

#define MAX_HEIGHT 3
#define MAX_GAP    8 /* floats between planes, and between rows */
#define MAX_ROWS   9 /* 5 x 5, stride 2 */

enum {
    DST = MAX_ROWS, /* buffers before it are the tap rows */
    WEIGHTS,
    EXPECTED,
};

static const uint32_t channel_counts[] = { 1, 2, 3, 8, 24 };

struct dwconv_case {
    struct ar_dwconv_shape shape;
    uint32_t kernel;
    uint32_t stride;
    enum kcheck_kind kind;
    float *dst;
    const float *rows[MAX_ROWS];
    float *weights;
};

/* Pixels under the taps of so many results. */
static uint32_t taps_px(const struct dwconv_case *c, uint32_t width)
{
    return (width - 1) * c->stride + c->kernel;
}

/* Rows under the taps of all results. */
static uint32_t taps_rows(const struct dwconv_case *c)
{
    return (c->shape.height - 1) * c->stride + c->kernel;
}

/* Planes lie close together: what is read past one's taps may be the next one's. */
static void draw_shape(struct kcheck *check, struct dwconv_case *c, uint32_t width,
                       uint32_t channels)
{
    const size_t planes = channels * (ar_tensor_whole(width) + (size_t)MAX_GAP);

    c->shape = (struct ar_dwconv_shape){
        .width = width,
        .height = 1 + kcheck_draw_below(check, MAX_HEIGHT),
        .channels = channels,
        .src_stride = taps_px(c, width) + kcheck_draw_below(check, 40),
        .dst_stride = ar_tensor_whole(width) + kcheck_draw_below(check, MAX_GAP + 1),
        .dst_row_stride = planes + kcheck_draw_below(check, MAX_GAP + 1),
    };
}

static size_t dst_floats(const struct dwconv_case *c)
{
    return (c->shape.height - 1) * c->shape.dst_row_stride +
           (c->shape.channels - 1) * c->shape.dst_stride + ar_tensor_whole(c->shape.width);
}

/* A row of planes from the first tap to the end of what may be read. Only what counts is a number. */
static const float *draw_row(struct kcheck *check, const struct dwconv_case *c, uint32_t index)
{
    const struct ar_dwconv_shape *const shape = &c->shape;
    const size_t readable_px =
        taps_px(c, ar_tensor_whole(shape->width)) + 2 * AR_TENSOR_GROUP - 1;
    const size_t n = (shape->channels - 1) * shape->src_stride + readable_px;
    const float extreme = FLT_MAX / 4.0F / (float)(c->kernel * c->kernel);
    float *const row = kcheck_place(check, index, n * sizeof(*row));

    for (uint32_t i = 0; i < shape->channels; i++)
        for (uint32_t x = 0; x < taps_px(c, shape->width); x++)
            row[i * shape->src_stride + x] = kcheck_draw_kind(check, c->kind, extreme);
    return row + c->kernel / 2;
}

static void place_case(struct kcheck *check, struct dwconv_case *c)
{
    const size_t n_weights = (size_t)c->shape.channels * c->kernel * c->kernel;

    c->dst = kcheck_place(check, DST, dst_floats(c) * sizeof(*c->dst));
    c->weights = kcheck_place(check, WEIGHTS, n_weights * sizeof(*c->weights));
    for (size_t i = 0; i < n_weights; i++)
        c->weights[i] = kcheck_draw(check);
    for (uint32_t i = 0; i < taps_rows(c); i++)
        c->rows[i] = draw_row(check, c, i);
}

/* One output in double precision, and the sum of its terms' magnitudes. */
static double formula(const struct dwconv_case *c, uint32_t x, uint32_t y, uint32_t i,
                      double *magnitude)
{
    const int32_t half = (int32_t)(c->kernel / 2);
    const float *const *const rows = c->rows + (size_t)y * c->stride;
    const float *taps = c->weights + (size_t)i * c->kernel * c->kernel;
    double sum = 0.0;

    *magnitude = 0.0;
    for (int32_t dy = -half; dy <= half; dy++) {
        const float *const plane = rows[dy + half] + i * c->shape.src_stride;

        for (int32_t dx = -half; dx <= half; dx++) {
            const ptrdiff_t px = (ptrdiff_t)(x * c->stride) + dx;
            const double product = (double)plane[px] * (double)*taps++;

            sum += product;
            *magnitude += fabs(product);
        }
    }
    return sum;
}

/* expected: what the reference gave with the same strides, or NULL to hold against the formula. */
static void compare_plane(struct kcheck *check, const struct dwconv_case *c, uint32_t y,
                          uint32_t i, const float *expected)
{
    const double n_terms = (double)c->kernel * c->kernel;
    const size_t plane = y * c->shape.dst_row_stride + i * c->shape.dst_stride;

    for (uint32_t x = 0; x < c->shape.width; x++) {
        double magnitude = 0.0;
        const double exact = formula(c, x, y, i, &magnitude);
        const double want = expected ? (double)expected[plane + x] : exact;
        const double bound = n_terms * ((double)FLT_EPSILON * magnitude + (double)FLT_MIN);
        const double got = (double)c->dst[plane + x];

        if (!(fabs(got - want) <= bound))
            kcheck_fail(check, "row %u channel %u pixel %u: %.9g, should be %.9g +- %.3g", y, i,
                        x, got, want, bound);
    }
}

/* What lies between a plane's whole groups and the next plane, or the next row. */
static bool has_clean_gap(const struct dwconv_case *c, uint32_t y, uint32_t i)
{
    const struct ar_dwconv_shape *const shape = &c->shape;
    const bool is_last = i + 1 == shape->channels;
    const size_t end = i * shape->dst_stride + ar_tensor_whole(shape->width);
    const size_t next = is_last ? shape->dst_row_stride : (i + 1) * shape->dst_stride;

    if (is_last && y + 1 == shape->height)
        return true;
    return kcheck_is_poison(c->dst + y * shape->dst_row_stride + end,
                            (next - end) * sizeof(*c->dst));
}

static void compare(struct kcheck *check, const struct dwconv_case *c, const float *expected)
{
    for (uint32_t y = 0; y < c->shape.height; y++) {
        for (uint32_t i = 0; i < c->shape.channels; i++) {
            compare_plane(check, c, y, i, expected);
            if (!has_clean_gap(c, y, i))
                kcheck_fail(check, "row %u channel %u: wrote past its whole groups", y, i);
        }
    }
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the rows");
}

static ar_dwconv_row_fn *slot_of(const struct ar_kernels *kernels, const struct dwconv_case *c)
{
    return kernels->dwconv_row[c->kernel == 5][c->stride - 1];
}

static void run_case(struct kcheck *check, struct dwconv_case *c)
{
    place_case(check, c);
    slot_of(&check->tier, c)(c->dst, c->rows, c->weights, &c->shape);
    if (kcheck_is_reference(check)) {
        compare(check, c, NULL);
    } else {
        float *const expected = kcheck_place(check, EXPECTED, dst_floats(c) * sizeof(float));

        slot_of(&check->reference, c)(expected, c->rows, c->weights, &c->shape);
        compare(check, c, expected);
    }
    kcheck_where(check,
                 "%s dwconv%ux%u stride %u, width %u, height %u, channels %u, %s values, %s",
                 check->tier.tier, c->kernel, c->kernel, c->stride, c->shape.width,
                 c->shape.height, c->shape.channels, kcheck_kind_name(c->kind),
                 kcheck_edge_name(check->edge));
}

static void run_slot(struct kcheck *check, uint32_t kernel, uint32_t stride)
{
    const uint32_t n_channels = AR_ARRAY_LEN(channel_counts);
    const uint32_t n_cases = KCHECK_N_WIDTHS * n_channels * KCHECK_N_KINDS * KCHECK_N_EDGES;

    for (uint32_t i = 0; i < n_cases && !check->failed; i++) {
        const uint32_t variant = i / KCHECK_N_WIDTHS / n_channels;
        struct dwconv_case c = {
            .kernel = kernel,
            .stride = stride,
            .kind = variant / KCHECK_N_EDGES,
        };

        check->edge = variant % KCHECK_N_EDGES;
        draw_shape(check, &c, kcheck_width(i % KCHECK_N_WIDTHS),
                   channel_counts[i / KCHECK_N_WIDTHS % n_channels]);
        run_case(check, &c);
    }
    check->n_ran++;
}

void kcheck_dwconv(struct kcheck *check)
{
    for (uint32_t kernel = 3; kernel <= 5; kernel += 2) {
        for (uint32_t stride = 1; stride <= 2; stride++) {
            const struct dwconv_case c = { .kernel = kernel, .stride = stride };

            if (kcheck_is_reference(check) ||
                slot_of(&check->tier, &c) != slot_of(&check->reference, &c))
                run_slot(check, kernel, stride);
        }
    }
}
