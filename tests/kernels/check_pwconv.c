/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "nn/tensor.h"
#include "tests/kernels/kcheck.h"

#define MAX_WIDTH    33
#define MAX_CHANNELS 96

enum {
    DST,
    SRC,
    WEIGHTS,
    SCALE,
    BIAS,
    ADD,
    SUMS,
    EXPECTED,
};

static const uint32_t channel_counts[] = { 1, 3, 6, 7, 8, 9, 16, 24, 31, 40, 96 };

struct pwconv_case {
    struct ar_pwconv_shape shape;
    struct ar_epilogue epilogue;
    enum kcheck_kind kind;
    float *dst;
    float *src;
    float *weights;
    bool counts;                      /* whether sums are asked for */
    float before[2 * MAX_CHANNELS];   /* what the sums held */
    float expected[2 * MAX_CHANNELS]; /* what the reference made of them */
};

static void draw_shape(struct kcheck *check, struct pwconv_case *c, uint32_t width,
                       uint32_t inputs, uint32_t outputs)
{
    const uint32_t stored = (uint32_t)ar_align_up(outputs, AR_TENSOR_GROUP);

    c->shape = (struct ar_pwconv_shape){
        .width = width,
        .inputs = inputs,
        .outputs = outputs,
        .src_stride = inputs + kcheck_draw_below(check, 9),
        .dst_stride = stored + kcheck_draw_below(check, 9),
        .block_inputs = inputs + kcheck_draw_below(check, 9),
    };
    c->epilogue = (struct ar_epilogue){
        .add_channels = kcheck_draw_below(check, 2) ? 1 + kcheck_draw_below(check, outputs) : 0,
        .add_stride = outputs + kcheck_draw_below(check, 9),
        .relu = kcheck_draw_below(check, 2),
    };
}

static size_t dst_floats(const struct pwconv_case *c)
{
    return (size_t)(c->shape.width - 1) * c->shape.dst_stride +
           ar_align_up(c->shape.outputs, AR_TENSOR_GROUP);
}

/* `rows` of `used` floats, `stride` apart, the last one no longer than it must be. */
static float *draw_rows(struct kcheck *check, uint32_t buffer, uint32_t rows, uint32_t used,
                        uint32_t stride)
{
    const size_t n = (size_t)(rows - 1) * stride + used;
    float *const floats = kcheck_place(check, buffer, n * sizeof(*floats));

    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t i = 0; i < used; i++)
            floats[(size_t)row * stride + i] = kcheck_draw(check);
    return floats;
}

/* Every lane holds a weight, as a wider network's packing does. */
static void draw_weights(struct kcheck *check, struct pwconv_case *c)
{
    const uint32_t n_blocks = (c->shape.outputs + AR_PWCONV_LANES - 1) / AR_PWCONV_LANES;

    c->weights = draw_rows(check, WEIGHTS, n_blocks, c->shape.inputs * AR_PWCONV_LANES,
                           c->shape.block_inputs * AR_PWCONV_LANES);
}

static void draw_src(struct kcheck *check, struct pwconv_case *c)
{
    const float n_terms = (float)c->shape.inputs;
    const float extreme = c->counts ? sqrtf(FLT_MAX / 8.0F / (float)c->shape.width) / n_terms
                                    : FLT_MAX / 4.0F / n_terms;

    c->src = draw_rows(check, SRC, c->shape.width, c->shape.inputs, c->shape.src_stride);
    for (uint32_t x = 0; x < c->shape.width; x++)
        for (uint32_t i = 0; i < c->shape.inputs; i++)
            c->src[(size_t)x * c->shape.src_stride + i] =
                kcheck_draw_kind(check, c->kind, extreme);
}

static void place_case(struct kcheck *check, struct pwconv_case *c)
{
    const uint32_t outputs = c->shape.outputs;
    struct ar_epilogue *const epilogue = &c->epilogue;

    draw_src(check, c);
    draw_weights(check, c);
    epilogue->scale = draw_rows(check, SCALE, 1, outputs, outputs);
    epilogue->bias = draw_rows(check, BIAS, 1, outputs, outputs);
    if (epilogue->add_channels > 0)
        epilogue->add =
            draw_rows(check, ADD, c->shape.width, epilogue->add_channels, epilogue->add_stride);
    for (uint32_t i = 0; i < 2 * outputs; i++)
        c->before[i] = kcheck_draw(check);
    if (c->counts) {
        epilogue->sums = kcheck_place(check, SUMS, sizeof(float) * 2 * outputs);
        memcpy(epilogue->sums, c->before, sizeof(float) * 2 * outputs);
    }
}

/* One raw sum in double precision, and the sum of its terms' magnitudes. */
static double formula(const struct pwconv_case *c, uint32_t x, uint32_t o, double *magnitude)
{
    double sum = 0.0;

    *magnitude = 0.0;
    for (uint32_t i = 0; i < c->shape.inputs; i++) {
        const size_t block = (size_t)(o / AR_PWCONV_LANES) * c->shape.block_inputs;
        const double weight =
            (double)c->weights[(block + i) * AR_PWCONV_LANES + o % AR_PWCONV_LANES];
        const double value = (double)c->src[(size_t)x * c->shape.src_stride + i];
        const double product = value * weight;

        sum += product;
        *magnitude += fabs(product);
    }
    return sum;
}

/*
 * The bound is that of a sum whose terms are the products, each times scale, the bias and what is
 * added: three roundings more than the products have. ReLU does not make errors larger.
 */
static void compare_output(struct kcheck *check, const struct pwconv_case *c, uint32_t x,
                           uint32_t o, const float *expected)
{
    const struct ar_epilogue *const e = &c->epilogue;
    const size_t at = (size_t)x * c->shape.dst_stride + o;
    const double scale = (double)e->scale[o];
    const double add =
        o < e->add_channels ? (double)e->add[(size_t)x * e->add_stride + o] : 0.0;
    const double n_terms = c->shape.inputs + 3.0;
    double magnitude = 0.0;
    double want = formula(c, x, o, &magnitude) * scale + (double)e->bias[o];

    want = (e->relu ? fmax(want, 0.0) : want) + add;
    magnitude = magnitude * fabs(scale) + fabs((double)e->bias[o]) + fabs(add);
    if (expected)
        want = (double)expected[at];
    const double bound = n_terms * ((double)FLT_EPSILON * magnitude + 2.0 * (double)FLT_MIN);

    if (!(fabs((double)c->dst[at] - want) <= bound))
        kcheck_fail(check, "pixel %u output %u: %.9g, should be %.9g +- %.3g", x, o,
                    (double)c->dst[at], want, bound);
}

static void compare_row(struct kcheck *check, const struct pwconv_case *c,
                        const float *expected)
{
    const struct ar_pwconv_shape *const shape = &c->shape;
    const uint32_t stored = (uint32_t)ar_align_up(shape->outputs, AR_TENSOR_GROUP);

    for (uint32_t x = 0; x < shape->width; x++) {
        const float *const got = c->dst + (size_t)x * shape->dst_stride;

        for (uint32_t o = 0; o < shape->outputs; o++)
            compare_output(check, c, x, o, expected);
        if (x + 1 < shape->width &&
            !kcheck_is_poison(got + stored, (shape->dst_stride - stored) * sizeof(*got)))
            kcheck_fail(check, "pixel %u: wrote past its padding", x);
    }
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the row");
}

static void check_padding(struct kcheck *check, const struct pwconv_case *c)
{
    const uint32_t stored = (uint32_t)ar_align_up(c->shape.outputs, AR_TENSOR_GROUP);

    for (uint32_t x = 0; x < c->shape.width; x++) {
        for (uint32_t o = c->shape.outputs; o < stored; o++) {
            const float got = c->dst[(size_t)x * c->shape.dst_stride + o];

            if (!(got == 0.0F))
                kcheck_fail(check, "pixel %u: padding %u is %g", x, o, (double)got);
        }
    }
}

/*
 * A raw sum errs by its n terms; the sum of a row's by as many more as the row has pixels; a square
 * doubles its sum's relative error and is rounded itself.
 */
static void compare_sums(struct kcheck *check, const struct pwconv_case *c)
{
    const uint32_t outputs = c->shape.outputs;
    const double n[2] = { c->shape.inputs + c->shape.width + 1.0,
                          2.0 * c->shape.inputs + c->shape.width + 3.0 };

    for (uint32_t i = 0; i < 2 * outputs; i++) {
        const uint32_t power = i / outputs;
        double want = (double)c->before[i];
        double total = fabs(want);

        for (uint32_t x = 0; x < c->shape.width; x++) {
            double magnitude = 0.0;
            const double sum = formula(c, x, i % outputs, &magnitude);

            want += power ? sum * sum : sum;
            total += power ? magnitude * magnitude : magnitude;
        }
        if (!kcheck_is_reference(check))
            want = (double)c->expected[i];
        const double bound = n[power] * ((double)FLT_EPSILON * total + (double)FLT_MIN);
        const double got = (double)c->epilogue.sums[i];

        if (!(fabs(got - want) <= bound))
            kcheck_fail(check, "output %u, sum of %s: %.9g, should be %.9g +- %.3g",
                        i % outputs, power ? "squares" : "values", got, want, bound);
    }
    if (!kcheck_is_intact(check, SUMS))
        kcheck_fail(check, "wrote beside the sums");
}

/* The reference's row, and its sums aside; the sums in place are as before. */
static const float *run_reference(struct kcheck *check, struct pwconv_case *c)
{
    const size_t sums_b = sizeof(float) * 2 * c->shape.outputs;
    float *const expected = kcheck_place(check, EXPECTED, dst_floats(c) * sizeof(*expected));

    check->reference.pwconv_row(expected, c->src, c->weights, &c->shape, &c->epilogue);
    if (c->counts) {
        memcpy(c->expected, c->epilogue.sums, sums_b);
        memcpy(c->epilogue.sums, c->before, sums_b);
    }
    return expected;
}

static void run_case(struct kcheck *check, struct pwconv_case *c)
{
    const float *expected = NULL;

    place_case(check, c);
    if (!kcheck_is_reference(check))
        expected = run_reference(check, c);
    c->dst = kcheck_place(check, DST, dst_floats(c) * sizeof(*c->dst));
    check->tier.pwconv_row(c->dst, c->src, c->weights, &c->shape, &c->epilogue);
    compare_row(check, c, expected);
    if (c->counts)
        compare_sums(check, c);
    check_padding(check, c);
    /* A network that overflows must not leave infinity times zero in the padding. */
    for (uint32_t i = 0; i < c->shape.inputs; i++)
        c->src[i] = INFINITY;
    check->tier.pwconv_row(c->dst, c->src, c->weights, &c->shape, &c->epilogue);
    check_padding(check, c);
    kcheck_where(check, "%s pwconv, width %u, inputs %u, outputs %u, %s values, %s",
                 check->tier.tier, c->shape.width, c->shape.inputs, c->shape.outputs,
                 kcheck_kind_name(c->kind), kcheck_edge_name(check->edge));
}

/* Every width with every pair of channel counts; kind and edge go round with both. */
void kcheck_pwconv(struct kcheck *check)
{
    const uint32_t n_counts = AR_ARRAY_LEN(channel_counts);
    const uint32_t n_cases = MAX_WIDTH * n_counts * n_counts * KCHECK_N_EDGES;

    if (!kcheck_is_reference(check) && check->tier.pwconv_row == check->reference.pwconv_row)
        return;
    for (uint32_t i = 0; i < n_cases && !check->failed; i++) {
        const uint32_t counts = i / MAX_WIDTH;
        struct pwconv_case c = { .kind = kcheck_draw_below(check, KCHECK_N_KINDS),
                                 .counts = kcheck_draw_below(check, 2) };

        check->edge = counts / n_counts / n_counts;
        draw_shape(check, &c, 1 + i % MAX_WIDTH, channel_counts[counts % n_counts],
                   channel_counts[counts / n_counts % n_counts]);
        run_case(check, &c);
    }
    check->n_ran++;
}
