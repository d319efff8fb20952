/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/macros.h"
#include "tests/kernels/kcheck.h"

#define MAX_KERNEL 5
#define MAX_WIDTH  33

enum {
    DST = MAX_KERNEL, /* buffers before it are the tap rows */
    WEIGHTS,
    EXPECTED,
};

static const uint32_t channel_counts[] = { 1, 3, 6, 7, 8, 9, 16, 24, 31, 40, 96 };

struct dwconv_case {
    struct ar_dwconv_shape shape;
    uint32_t kernel;
    uint32_t stride;
    enum kcheck_kind kind;
    float *dst;
    const float *rows[MAX_KERNEL];
    float *weights;
};

static void draw_shape(struct kcheck *check, struct dwconv_case *c, uint32_t width,
                       uint32_t channels)
{
    c->shape = (struct ar_dwconv_shape){
        .width = width,
        .channels = channels,
        .src_stride = channels + kcheck_draw_below(check, 9),
        .dst_stride = channels + kcheck_draw_below(check, 9),
        .weight_stride = channels + kcheck_draw_below(check, 9),
    };
}

static size_t dst_floats(const struct dwconv_case *c)
{
    return (size_t)(c->shape.width - 1) * c->shape.dst_stride + c->shape.channels;
}

/* A tap row from its first tap to its last, the halo included, not a float more. */
static const float *draw_row(struct kcheck *check, const struct dwconv_case *c, uint32_t index)
{
    const struct ar_dwconv_shape *const shape = &c->shape;
    const uint32_t n_px = (shape->width - 1) * c->stride + c->kernel;
    const size_t n = (size_t)(n_px - 1) * shape->src_stride + shape->channels;
    const float extreme = FLT_MAX / 4.0F / (float)(c->kernel * c->kernel);
    float *const row = kcheck_place(check, index, n * sizeof(*row));

    for (uint32_t x = 0; x < n_px; x++)
        for (uint32_t i = 0; i < shape->channels; i++)
            row[(size_t)x * shape->src_stride + i] = kcheck_draw_kind(check, c->kind, extreme);
    return row + (size_t)(c->kernel / 2) * shape->src_stride;
}

static void place_case(struct kcheck *check, struct dwconv_case *c)
{
    const struct ar_dwconv_shape *const shape = &c->shape;
    const uint32_t n_taps = c->kernel * c->kernel;
    const size_t n_weights = (size_t)(n_taps - 1) * shape->weight_stride + shape->channels;

    c->dst = kcheck_place(check, DST, dst_floats(c) * sizeof(*c->dst));
    c->weights = kcheck_place(check, WEIGHTS, n_weights * sizeof(*c->weights));
    for (uint32_t k = 0; k < n_taps; k++)
        for (uint32_t i = 0; i < shape->channels; i++)
            c->weights[(size_t)k * shape->weight_stride + i] = kcheck_draw(check);
    for (uint32_t k = 0; k < c->kernel; k++)
        c->rows[k] = draw_row(check, c, k);
}

/* One output in double precision, and the sum of its terms' magnitudes. */
static double formula(const struct dwconv_case *c, uint32_t x, uint32_t i, double *magnitude)
{
    const int32_t half = (int32_t)(c->kernel / 2);
    double sum = 0.0;

    *magnitude = 0.0;
    for (int32_t dy = -half; dy <= half; dy++) {
        for (int32_t dx = -half; dx <= half; dx++) {
            const ptrdiff_t px = (ptrdiff_t)(x * c->stride) + dx;
            const int32_t tap = (dy + half) * (int32_t)c->kernel + dx + half;
            const double value =
                (double)c->rows[dy + half][px * (ptrdiff_t)c->shape.src_stride + i];
            const double weight = (double)c->weights[(size_t)tap * c->shape.weight_stride + i];
            const double product = value * weight;

            sum += product;
            *magnitude += fabs(product);
        }
    }
    return sum;
}

/* expected: what the reference gave with the same strides, or NULL to hold against the formula. */
static void compare(struct kcheck *check, const struct dwconv_case *c, const float *expected)
{
    const struct ar_dwconv_shape *const shape = &c->shape;
    const double n_terms = (double)c->kernel * c->kernel;

    for (uint32_t x = 0; x < shape->width; x++) {
        const size_t pixel = (size_t)x * shape->dst_stride;
        const float *const got = c->dst + pixel;

        for (uint32_t i = 0; i < shape->channels; i++) {
            double magnitude = 0.0;
            const double exact = formula(c, x, i, &magnitude);
            const double want = expected ? (double)expected[pixel + i] : exact;
            const double bound = n_terms * ((double)FLT_EPSILON * magnitude + (double)FLT_MIN);

            if (!(fabs((double)got[i] - want) <= bound))
                kcheck_fail(check, "pixel %u channel %u: %.9g, should be %.9g +- %.3g", x, i,
                            (double)got[i], want, bound);
        }
        if (x + 1 < shape->width &&
            !kcheck_is_poison(got + shape->channels,
                              (shape->dst_stride - shape->channels) * sizeof(*got)))
            kcheck_fail(check, "pixel %u: wrote past its channels", x);
    }
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the row");
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
    kcheck_where(check, "%s dwconv%ux%u stride %u, width %u, channels %u, %s values, %s",
                 check->tier.tier, c->kernel, c->kernel, c->stride, c->shape.width,
                 c->shape.channels, kcheck_kind_name(c->kind), kcheck_edge_name(check->edge));
}

static void run_slot(struct kcheck *check, uint32_t kernel, uint32_t stride)
{
    const uint32_t n_channels = AR_ARRAY_LEN(channel_counts);
    const uint32_t n_cases = MAX_WIDTH * n_channels * KCHECK_N_KINDS * KCHECK_N_EDGES;

    for (uint32_t i = 0; i < n_cases && !check->failed; i++) {
        const uint32_t variant = i / MAX_WIDTH / n_channels;
        struct dwconv_case c = {
            .kernel = kernel,
            .stride = stride,
            .kind = variant / KCHECK_N_EDGES,
        };

        check->edge = variant % KCHECK_N_EDGES;
        draw_shape(check, &c, 1 + i % MAX_WIDTH, channel_counts[i / MAX_WIDTH % n_channels]);
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
