/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "nn/tensor.h"
#include "tests/kernels/kcheck.h"

#define MAX_INPUTS  96
#define MAX_OUTPUTS 40

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

/* Blocks of outputs come in ones, twos, threes and fours, whole and not. */
static const uint32_t input_counts[] = { 1, 2, 3, 8, 25, 54, MAX_INPUTS };
static const uint32_t output_counts[] = {
    1, 2, 3, 4, 6, 8, 9, 12, 15, 16, 24, 33, MAX_OUTPUTS
};

/* How input planes lie in memory. */
enum planes {
    PLANES_ALIGNED,
    PLANES_APART, /* not at multiples of a vector */
    PLANES_MOVED, /* one plane, moved by a pixel for each input, as taps of a dense filter are */
    N_PLANES,
};

struct pwconv_case {
    struct ar_pwconv_shape shape;
    struct ar_epilogue epilogue;
    enum kcheck_kind kind;
    enum planes planes;
    float *dst;
    float *src;
    size_t n_src; /* floats */
    const float *inputs[MAX_INPUTS];
    float *weights;
    bool counts;                     /* whether sums are asked for */
    float before[2 * MAX_OUTPUTS];   /* what the sums held */
    float expected[2 * MAX_OUTPUTS]; /* what the reference made of them */
};

static void draw_shape(struct kcheck *check, struct pwconv_case *c, uint32_t width,
                       uint32_t inputs, uint32_t outputs)
{
    const size_t whole = ar_tensor_whole(width);

    c->shape = (struct ar_pwconv_shape){
        .width = width,
        .inputs = inputs,
        .outputs = outputs,
        .block_inputs = inputs + kcheck_draw_below(check, 9),
        .dst_stride = whole + kcheck_draw_below(check, 9),
    };
    c->epilogue = (struct ar_epilogue){
        .add_channels = kcheck_draw_below(check, 2) ? 1 + kcheck_draw_below(check, outputs) : 0,
        .add_stride = whole + kcheck_draw_below(check, 9),
        .relu = kcheck_draw_below(check, 2),
    };
}

static size_t dst_floats(const struct pwconv_case *c)
{
    return (c->shape.outputs - 1) * c->shape.dst_stride + ar_tensor_whole(c->shape.width);
}

/* `rows` of so many floats, `stride` apart, of which `used` get values. */
static float *draw_rows(struct kcheck *check, uint32_t buffer, size_t rows, size_t row,
                        size_t stride, size_t used)
{
    float *const floats =
        kcheck_place(check, buffer, ((rows - 1) * stride + row) * sizeof(*floats));

    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < used; k++)
            floats[i * stride + k] = kcheck_draw(check);
    return floats;
}

/* Every lane holds a weight, as a wider network's packing does. */
static void draw_weights(struct kcheck *check, struct pwconv_case *c)
{
    const uint32_t n_blocks = (c->shape.outputs + AR_PWCONV_BLOCK - 1) / AR_PWCONV_BLOCK;
    const size_t used = (size_t)c->shape.inputs * AR_PWCONV_BLOCK;

    c->weights = draw_rows(check, WEIGHTS, n_blocks, used,
                           (size_t)c->shape.block_inputs * AR_PWCONV_BLOCK, used);
}

static size_t draw_src_stride(struct kcheck *check, const struct pwconv_case *c)
{
    const size_t whole = ar_tensor_whole(c->shape.width);

    switch (c->planes) {
    case PLANES_ALIGNED:
        return whole + kcheck_draw_below(check, 2) * AR_TENSOR_GROUP;
    case PLANES_APART:
        return whole + 1 + kcheck_draw_below(check, 8);
    default:
        return 1;
    }
}

/* Planes in any order. */
static void point_at_planes(struct kcheck *check, struct pwconv_case *c, size_t stride)
{
    for (uint32_t i = 0; i < c->shape.inputs; i++)
        c->inputs[i] = c->src + i * stride;
    for (uint32_t i = c->shape.inputs; i > 1; i--) {
        const uint32_t other = kcheck_draw_below(check, i);
        const float *const plane = c->inputs[other];

        c->inputs[other] = c->inputs[i - 1];
        c->inputs[i - 1] = plane;
    }
}

/* Pixels past the width are not numbers, unless they are another plane's. */
static void draw_src(struct kcheck *check, struct pwconv_case *c)
{
    const float n_terms = (float)c->shape.inputs;
    const float extreme = c->counts ? sqrtf(FLT_MAX / 8.0F / (float)c->shape.width) / n_terms
                                    : FLT_MAX / 4.0F / n_terms;
    const size_t stride = draw_src_stride(check, c);
    const size_t whole = ar_tensor_whole(c->shape.width);

    c->src = draw_rows(check, SRC, c->shape.inputs, whole, stride, 0);
    c->n_src = (c->shape.inputs - 1) * stride + whole;
    for (uint32_t i = 0; i < c->shape.inputs; i++)
        for (uint32_t x = 0; x < c->shape.width; x++)
            c->src[i * stride + x] = kcheck_draw_kind(check, c->kind, extreme);
    point_at_planes(check, c, stride);
}

static void place_case(struct kcheck *check, struct pwconv_case *c)
{
    const uint32_t outputs = c->shape.outputs;
    struct ar_epilogue *const epilogue = &c->epilogue;

    draw_src(check, c);
    draw_weights(check, c);
    epilogue->scale = draw_rows(check, SCALE, 1, outputs, 0, outputs);
    epilogue->bias = draw_rows(check, BIAS, 1, outputs, 0, outputs);
    if (epilogue->add_channels > 0)
        epilogue->add =
            draw_rows(check, ADD, epilogue->add_channels, ar_tensor_whole(c->shape.width),
                      epilogue->add_stride, c->shape.width);
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
    const size_t block = (size_t)(o / AR_PWCONV_BLOCK) * c->shape.block_inputs;
    double sum = 0.0;

    *magnitude = 0.0;
    for (uint32_t i = 0; i < c->shape.inputs; i++) {
        const float weight = c->weights[(block + i) * AR_PWCONV_BLOCK + o % AR_PWCONV_BLOCK];
        const double product = (double)c->inputs[i][x] * (double)weight;

        sum += product;
        *magnitude += fabs(product);
    }
    return sum;
}

static double added(const struct pwconv_case *c, uint32_t x, uint32_t o)
{
    const struct ar_epilogue *const e = &c->epilogue;

    return o < e->add_channels ? (double)e->add[o * e->add_stride + x] : 0.0;
}

/*
 * The bound is that of a sum whose terms are the products, each times scale, the bias and what is
 * added: three roundings more than the products have. ReLU does not make errors larger.
 */
static void compare_value(struct kcheck *check, const struct pwconv_case *c, uint32_t x,
                          uint32_t o, const float *expected)
{
    const struct ar_epilogue *const e = &c->epilogue;
    const size_t at = o * c->shape.dst_stride + x;
    const double scale = (double)e->scale[o];
    const double add = added(c, x, o);
    const double n_terms = c->shape.inputs + 3.0;
    double magnitude = 0.0;
    double want = formula(c, x, o, &magnitude) * scale + (double)e->bias[o];

    want = (e->relu ? fmax(want, 0.0) : want) + add;
    magnitude = magnitude * fabs(scale) + fabs((double)e->bias[o]) + fabs(add);
    if (expected)
        want = (double)expected[at];
    const double bound = n_terms * ((double)FLT_EPSILON * magnitude + 2.0 * (double)FLT_MIN);

    if (!(fabs((double)c->dst[at] - want) <= bound))
        kcheck_fail(check, "output %u pixel %u: %.9g, should be %.9g +- %.3g", o, x,
                    (double)c->dst[at], want, bound);
}

static void compare_planes(struct kcheck *check, const struct pwconv_case *c,
                           const float *expected)
{
    const struct ar_pwconv_shape *const shape = &c->shape;
    const size_t whole = ar_tensor_whole(shape->width);

    for (uint32_t o = 0; o < shape->outputs; o++) {
        for (uint32_t x = 0; x < shape->width; x++)
            compare_value(check, c, x, o, expected);
        if (o + 1 < shape->outputs &&
            !kcheck_is_poison(c->dst + o * shape->dst_stride + whole,
                              (shape->dst_stride - whole) * sizeof(*c->dst)))
            kcheck_fail(check, "output %u: wrote past its whole groups", o);
    }
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the row");
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

    check->reference.pwconv_row(expected, c->inputs, c->weights, &c->shape, &c->epilogue);
    if (c->counts) {
        memcpy(c->expected, c->epilogue.sums, sums_b);
        memcpy(c->epilogue.sums, c->before, sums_b);
    }
    return expected;
}

/* A network that overflows must not keep what is not a number: ReLU makes zero of it. */
static void check_relu(struct kcheck *check, struct pwconv_case *c)
{
    if (!c->epilogue.relu)
        return;
    for (size_t i = 0; i < c->n_src; i++)
        c->src[i] = NAN;
    c->epilogue.sums = NULL;
    check->tier.pwconv_row(c->dst, c->inputs, c->weights, &c->shape, &c->epilogue);
    for (uint32_t o = 0; o < c->shape.outputs; o++) {
        for (uint32_t x = 0; x < c->shape.width; x++) {
            const double got = (double)c->dst[o * c->shape.dst_stride + x];

            if (!(got == added(c, x, o)))
                kcheck_fail(check, "output %u pixel %u: %g of not-a-number", o, x, got);
        }
    }
}

static void run_case(struct kcheck *check, struct pwconv_case *c)
{
    static const char *const planes[N_PLANES] = { "aligned", "apart", "moved" };
    const float *expected = NULL;

    place_case(check, c);
    if (!kcheck_is_reference(check))
        expected = run_reference(check, c);
    c->dst = kcheck_place(check, DST, dst_floats(c) * sizeof(*c->dst));
    check->tier.pwconv_row(c->dst, c->inputs, c->weights, &c->shape, &c->epilogue);
    compare_planes(check, c, expected);
    if (c->counts)
        compare_sums(check, c);
    check_relu(check, c);
    kcheck_where(check, "%s pwconv, width %u, inputs %u (%s), outputs %u, %s values, %s",
                 check->tier.tier, c->shape.width, c->shape.inputs, planes[c->planes],
                 c->shape.outputs, kcheck_kind_name(c->kind), kcheck_edge_name(check->edge));
}

/* Every width with every pair of channel counts; the rest is drawn. */
void kcheck_pwconv(struct kcheck *check)
{
    const uint32_t n_inputs = AR_ARRAY_LEN(input_counts);
    const uint32_t n_cases = KCHECK_N_WIDTHS * n_inputs * AR_ARRAY_LEN(output_counts);

    if (!kcheck_is_reference(check) && check->tier.pwconv_row == check->reference.pwconv_row)
        return;
    for (uint32_t i = 0; i < n_cases && !check->failed; i++) {
        const uint32_t counts = i / KCHECK_N_WIDTHS;
        struct pwconv_case c = { .kind = kcheck_draw_below(check, KCHECK_N_KINDS),
                                 .planes = kcheck_draw_below(check, N_PLANES),
                                 .counts = kcheck_draw_below(check, 2) };

        check->edge = kcheck_draw_below(check, KCHECK_N_EDGES);
        draw_shape(check, &c, kcheck_width(i % KCHECK_N_WIDTHS),
                   input_counts[counts % n_inputs], output_counts[counts / n_inputs]);
        run_case(check, &c);
    }
    check->n_ran++;
}
