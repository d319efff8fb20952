/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "nn/tensor.h"
#include "tests/kernels/kcheck.h"

/*
 * The kernels of int8: the reference against formulas in whole numbers and double precision, every other tier
 * against the reference, bit for bit.
 */

#define MAX_WIDTH    100
#define MAX_CHANNELS 96
#define MAX_FOURS    150 /* of inputs: a dense filter's taps are inputs each */
#define N_CASES      1500
#define MAX_KERNEL   5
#define MAX_ROW_B    8                                  /* of weights */
#define SCALES       (1 << (AR_DWCONV8_SCALE_BITS - 1)) /* in an octave */

enum {
    DST = MAX_KERNEL, /* buffers before it are rows */
    WEIGHTS,
    ADD,
    LANES,
    EXPECTED,
};

/* What makes sums as large as they can be. */
static uint8_t *place_extremes(struct kcheck *check, uint32_t buffer, size_t n)
{
    return memset(kcheck_place(check, buffer, n), UINT8_MAX, n);
}

static uint8_t *draw_bytes(struct kcheck *check, uint32_t buffer, size_t n)
{
    uint8_t *const bytes = kcheck_place(check, buffer, n);

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)kcheck_draw_below(check, 256);
    return bytes;
}

static void draw_weights(struct kcheck *check, int8_t *weights, size_t n)
{
    for (size_t i = 0; i < n; i++)
        weights[i] = (int8_t)((int32_t)kcheck_draw_below(check, 255) - 127);
}

static void expect_bytes(struct kcheck *check, const char *what, uint32_t x, uint32_t channel,
                         uint8_t got, double want)
{
    if ((double)got != want)
        kcheck_fail(check, "%s, pixel %u channel %u: %u, should be %g", what, x, channel, got,
                    want);
}

static double limit(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

/* ---- depthwise */

struct dwconv8_case {
    struct ar_dwconv8_shape shape;
    struct ar_dwconv8_filter filter;
    uint32_t kernel;
    uint32_t stride;
    uint32_t row_b; /* of weights */
    const uint8_t *rows[MAX_KERNEL];
    int8_t weights[MAX_CHANNELS * MAX_KERNEL * MAX_ROW_B];
    int32_t start[MAX_CHANNELS];
    int32_t signed_start[MAX_CHANNELS];
    float scale[MAX_CHANNELS];
};

/* Weights and what a sum starts at. */
static void draw_filter(struct kcheck *check, struct dwconv8_case *c, bool is_extreme)
{
    const uint32_t channel_b = c->kernel * c->row_b;

    draw_weights(check, c->weights, sizeof(c->weights));
    if (is_extreme)
        memset(c->weights, kcheck_draw_below(check, 2) ? INT8_MAX : -INT8_MAX,
               sizeof(c->weights));
    for (uint32_t i = 0; i < c->shape.channels; i++) {
        int8_t *const weights = c->weights + (size_t)i * channel_b;

        c->start[i] = (int32_t)kcheck_draw_below(check, 60000) - 30000;
        c->signed_start[i] = c->start[i];
        for (uint32_t k = 0; k < channel_b; k++) {
            if (k % c->row_b >= c->kernel)
                weights[k] = 0;
            c->signed_start[i] += 128 * weights[k];
        }
        /* From sums that all fit to sums of which none does. */
        c->scale[i] = ldexpf(1.0F + (float)kcheck_draw_below(check, SCALES) / SCALES,
                             (int)kcheck_draw_below(check, 26) - 16);
    }
}

static void draw_dwconv8(struct kcheck *check, struct dwconv8_case *c)
{
    const bool is_extreme = kcheck_draw_below(check, 8) == 0;
    const uint32_t halo = c->kernel / 2;
    const uint32_t width = 1 + kcheck_draw_below(check, MAX_WIDTH);
    const uint32_t whole = ar_tensor_whole(width);
    const uint32_t row_px = halo + c->stride * whole + 2 * AR_TENSOR_GROUP;

    c->shape = (struct ar_dwconv8_shape){
        .width = width,
        .channels = 4 * (1 + kcheck_draw_below(check, MAX_CHANNELS / 4)),
        .src_stride = row_px + kcheck_draw_below(check, 9),
        .dst_stride = 4 * (size_t)(whole + kcheck_draw_below(check, 3)),
    };
    c->row_b = c->kernel == 3 ? 4 : 8;
    for (uint32_t i = 0; i < c->kernel; i++)
        c->rows[i] =
            halo + (is_extreme
                        ? place_extremes
                        : draw_bytes)(check, i,
                                      (c->shape.channels - 1) * c->shape.src_stride + row_px);
    draw_filter(check, c, is_extreme);
    c->filter = (struct ar_dwconv8_filter){ c->weights, c->start, c->signed_start, c->scale };
}

static size_t dwconv8_b(const struct dwconv8_case *c)
{
    return (c->shape.channels / 4 - 1) * c->shape.dst_stride +
           4 * (size_t)ar_tensor_whole(c->shape.width);
}

static double dwconv8_formula(const struct dwconv8_case *c, uint32_t x, uint32_t channel)
{
    int64_t sum = c->start[channel];

    for (uint32_t row = 0; row < c->kernel; row++)
        for (uint32_t i = 0; i < c->kernel; i++)
            sum += c->rows[row][(ptrdiff_t)(channel * c->shape.src_stride + x * c->stride + i) -
                                c->kernel / 2] *
                   c->weights[(channel * c->kernel + row) * c->row_b + i];
    return 128.0 + limit((double)rintf((float)((double)sum * (double)c->scale[channel])),
                         -127.0, 127.0);
}

static void check_dwconv8(struct kcheck *check, uint32_t kernel, uint32_t stride)
{
    struct dwconv8_case c = { .kernel = kernel, .stride = stride };
    const uint8_t *expected = NULL;
    uint8_t *dst;

    draw_dwconv8(check, &c);
    if (!kcheck_is_reference(check)) {
        uint8_t *const row = kcheck_place(check, EXPECTED, dwconv8_b(&c));

        check->reference.dwconv8_row[kernel == 5][stride - 1](row, c.rows, &c.filter, &c.shape);
        expected = row;
    }
    dst = kcheck_place(check, DST, dwconv8_b(&c));
    check->tier.dwconv8_row[kernel == 5][stride - 1](dst, c.rows, &c.filter, &c.shape);
    for (uint32_t i = 0; i < c.shape.channels; i++) {
        for (uint32_t x = 0; x < c.shape.width; x++) {
            const size_t at = i / 4 * c.shape.dst_stride + 4 * (size_t)x + i % 4;

            expect_bytes(check, "dwconv8", x, i, dst[at],
                         expected ? expected[at] : dwconv8_formula(&c, x, i));
        }
    }
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the row");
    kcheck_where(check, "%s dwconv8 kernel %u, stride %u, width %u, channels %u, %s",
                 check->tier.tier, kernel, stride, c.shape.width, c.shape.channels,
                 kcheck_edge_name(check->edge));
}

/* ---- pointwise */

struct pwconv8_case {
    struct ar_pwconv8_shape shape;
    struct ar_epilogue8 epilogue;
    const uint8_t *src[MAX_FOURS];
    const int8_t *weights;
    int32_t start[MAX_CHANNELS];
    int32_t signed_start[MAX_CHANNELS];
    float scale[MAX_CHANNELS];
    float bias[MAX_CHANNELS];
    float before[MAX_CHANNELS * 2 * AR_TENSOR_GROUP];
    float expected[MAX_CHANNELS * 2 * AR_TENSOR_GROUP];
};

static void draw_pwconv8_shape(struct kcheck *check, struct pwconv8_case *c)
{
    static const uint32_t outputs[] = { 4, 6, 8, 16, 24, 40, 96, 3 };
    const enum ar_store8 store = kcheck_draw_below(check, AR_STORE8_N);
    /* Fours are stored of whole fours only. */
    const uint32_t n_outputs = store == AR_STORE8_FOURS ? 1 : AR_ARRAY_LEN(outputs);
    const uint32_t width = 1 + kcheck_draw_below(check, MAX_WIDTH);
    const uint32_t whole = ar_tensor_whole(width);

    c->shape = (struct ar_pwconv8_shape){
        .width = width,
        .inputs = 1 + kcheck_draw_below(check, kcheck_draw_below(check, 4) ? MAX_CHANNELS / 4
                                                                           : MAX_FOURS),
        .outputs = n_outputs == 1 ? 4 * (1 + kcheck_draw_below(check, MAX_CHANNELS / 4))
                                  : outputs[kcheck_draw_below(check, n_outputs)],
        .store = store,
        .dst_stride = whole + kcheck_draw_below(check, 9),
    };
    if (store == AR_STORE8_FOURS)
        c->shape.dst_stride *= 4;
    c->shape.block_inputs = c->shape.inputs + kcheck_draw_below(check, 3);
}

static void draw_pwconv8_inputs(struct kcheck *check, struct pwconv8_case *c)
{
    const uint32_t n_blocks = (c->shape.outputs + 3) / 4;
    const size_t size_b =
        ((size_t)(n_blocks - 1) * c->shape.block_inputs + c->shape.inputs) * 16;
    const size_t whole = ar_tensor_whole(c->shape.width);
    const size_t stride = 4 * (whole + kcheck_draw_below(check, 9));
    int8_t *const weights = kcheck_place(check, WEIGHTS, size_b);
    const uint8_t *const fours =
        draw_bytes(check, 0, (c->shape.inputs - 1) * stride + 4 * whole);

    draw_weights(check, weights, size_b);
    c->weights = weights;
    for (uint32_t i = 0; i < c->shape.inputs; i++) {
        const uint32_t other = kcheck_draw_below(check, i + 1);

        c->src[i] = c->src[other];
        c->src[other] = fours + i * stride;
    }
}

static int32_t sum_of_weights(const struct pwconv8_case *c, uint32_t o)
{
    int32_t sum = 0;

    for (size_t i = 0; i < c->shape.inputs; i++)
        for (size_t k = 0; k < 4; k++)
            sum += c->weights[((o / 4 * c->shape.block_inputs + i) * 4 + o % 4) * 4 + k];
    return sum;
}

static void draw_pwconv8_epilogue(struct kcheck *check, struct pwconv8_case *c)
{
    const uint32_t outputs = c->shape.outputs;
    const size_t whole = ar_tensor_whole(c->shape.width);
    const uint32_t n_added =
        kcheck_draw_below(check, 2) ? 1 + kcheck_draw_below(check, outputs) : 0;
    const size_t stride = whole + kcheck_draw_below(check, 9);
    const size_t size = n_added ? (n_added - 1) * stride + whole : 0;

    c->epilogue = (struct ar_epilogue8){
        .start = c->start,
        .signed_start = c->signed_start,
        .scale = c->scale,
        .bias = c->bias,
        .add_stride = stride,
        .add_channels = n_added,
        .add_scale = kcheck_draw(check),
        .add_bias = 100.0F * kcheck_draw(check),
        .relu = kcheck_draw_below(check, 2),
        .low = (float)kcheck_draw_below(check, 2),
        .high = 255.0F,
    };
    if (n_added && c->shape.store != AR_STORE8_FLOATS)
        c->epilogue.add = draw_bytes(check, ADD, size);
    if (n_added && c->shape.store == AR_STORE8_FLOATS) {
        float *const add = kcheck_place(check, ADD, size * sizeof(*add));

        for (size_t i = 0; i < size; i++)
            add[i] = kcheck_draw(check);
        c->epilogue.add_floats = add;
    }
    for (uint32_t o = 0; o < outputs; o++) {
        c->start[o] = (int32_t)kcheck_draw_below(check, 60000) - 30000;
        c->signed_start[o] = c->start[o] + 128 * sum_of_weights(c, o);
        c->scale[o] = ldexpf(kcheck_draw(check), -(int)kcheck_draw_below(check, 16));
        c->bias[o] = 200.0F * kcheck_draw(check);
    }
    if (kcheck_draw_below(check, 20) == 0) /* far out of 32 bits, either way */
        c->bias[0] = kcheck_draw_below(check, 2) ? 1e20F : -1e20F;
    if (kcheck_draw_below(check, 2) == 0)
        return;
    for (size_t i = 0; i < (size_t)outputs * 2 * AR_TENSOR_GROUP; i++)
        c->before[i] = kcheck_draw(check);
    c->epilogue.lanes =
        kcheck_place(check, LANES, (size_t)outputs * 2 * AR_TENSOR_GROUP * sizeof(float));
}

static size_t pwconv8_b(const struct pwconv8_case *c)
{
    const size_t whole = ar_tensor_whole(c->shape.width);

    switch (c->shape.store) {
    case AR_STORE8_FLOATS:
        return ((c->shape.outputs - 1) * c->shape.dst_stride + whole) * sizeof(float);
    case AR_STORE8_FOURS:
        return (c->shape.outputs / 4 - 1) * c->shape.dst_stride + 4 * whole;
    default:
        return (c->shape.outputs - 1) * c->shape.dst_stride + whole;
    }
}

/* Where output o of pixel x is stored, in bytes or in floats. */
static size_t place_of(const struct pwconv8_case *c, uint32_t x, uint32_t o)
{
    if (c->shape.store == AR_STORE8_FOURS)
        return o / 4 * c->shape.dst_stride + 4 * (size_t)x + o % 4;
    return o * c->shape.dst_stride + x;
}

/* The value before it is rounded, as float32 has it where no rounding is near. */
static double pwconv8_formula(const struct pwconv8_case *c, uint32_t x, uint32_t o)
{
    const struct ar_epilogue8 *e = &c->epilogue;
    int64_t sum = c->start[o];
    double value;

    for (uint32_t i = 0; i < c->shape.inputs; i++)
        for (uint32_t k = 0; k < 4; k++)
            sum += c->src[i][4 * (size_t)x + k] *
                   c->weights[((o / 4 * c->shape.block_inputs + i) * 4 + o % 4) * 4 + k];
    value = (double)sum * (double)e->scale[o] + (double)e->bias[o];
    if (e->relu)
        value = fmax(value, 0.0);
    if (o < e->add_channels && e->add)
        value += e->add[o * e->add_stride + x] * (double)e->add_scale + (double)e->add_bias;
    if (o < e->add_channels && e->add_floats)
        value += (double)e->add_floats[o * e->add_stride + x];
    return value;
}

/* Float32 rounds three times: a byte may be the neighbour of the formula's where that is near a half. */
static void compare_with_formula(struct kcheck *check, const struct pwconv8_case *c,
                                 const void *dst, uint32_t x, uint32_t o)
{
    const double want = pwconv8_formula(c, x, o);
    const double error = 1e-6 * (fabs(want) + 70000.0);
    const size_t at = place_of(c, x, o);
    double got = 0.0;

    if (c->shape.store == AR_STORE8_FLOATS) {
        got = (double)((const float *)dst)[at];
        if (!(fabs(got - want) <= error))
            kcheck_fail(check, "pixel %u output %u: %g, should be %g", x, o, got, want);
        return;
    }
    got = ((const uint8_t *)dst)[at];
    if (!(fabs(got - limit(want, (double)c->epilogue.low, 255.0)) <= 0.5 + error))
        kcheck_fail(check, "pixel %u output %u: %g, should be %g", x, o, got, want);
}

static void compare_rows(struct kcheck *check, const struct pwconv8_case *c, const void *dst,
                         const void *expected)
{
    const size_t size = c->shape.store == AR_STORE8_FLOATS ? sizeof(float) : 1;

    for (uint32_t o = 0; o < c->shape.outputs; o++) {
        for (uint32_t x = 0; x < c->shape.width; x++) {
            const size_t at = place_of(c, x, o) * size;

            if (!expected)
                compare_with_formula(check, c, dst, x, o);
            else if (memcmp((const uint8_t *)dst + at, (const uint8_t *)expected + at, size) !=
                     0)
                kcheck_fail(check, "pixel %u output %u: not the reference's", x, o);
        }
    }
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the row");
}

static void compare_lanes(struct kcheck *check, const struct pwconv8_case *c)
{
    const size_t size_b = (size_t)c->shape.outputs * 2 * AR_TENSOR_GROUP * sizeof(float);

    if (!c->epilogue.lanes)
        return;
    if (!kcheck_is_reference(check) && memcmp(c->epilogue.lanes, c->expected, size_b) != 0)
        kcheck_fail(check, "sums are not the reference's");
    if (!kcheck_is_intact(check, LANES))
        kcheck_fail(check, "wrote beside the sums");
}

static void begin_lanes(const struct pwconv8_case *c)
{
    if (c->epilogue.lanes)
        memcpy(c->epilogue.lanes, c->before,
               (size_t)c->shape.outputs * 2 * AR_TENSOR_GROUP * sizeof(float));
}

/* The reference's row, and its sums aside. */
static const void *run_reference(struct kcheck *check, struct pwconv8_case *c)
{
    void *const row = kcheck_place(check, EXPECTED, pwconv8_b(c));

    begin_lanes(c);
    check->reference.pwconv8_row(row, c->src, c->weights, &c->shape, &c->epilogue);
    if (c->epilogue.lanes)
        memcpy(c->expected, c->epilogue.lanes,
               (size_t)c->shape.outputs * 2 * AR_TENSOR_GROUP * sizeof(float));
    return row;
}

static void check_pwconv8(struct kcheck *check)
{
    const void *expected = NULL;
    struct pwconv8_case c;
    void *dst;

    draw_pwconv8_shape(check, &c);
    draw_pwconv8_inputs(check, &c);
    draw_pwconv8_epilogue(check, &c);
    if (!kcheck_is_reference(check))
        expected = run_reference(check, &c);
    dst = kcheck_place(check, DST, pwconv8_b(&c));
    begin_lanes(&c);
    check->tier.pwconv8_row(dst, c.src, c.weights, &c.shape, &c.epilogue);
    compare_rows(check, &c, dst, expected);
    compare_lanes(check, &c);
    kcheck_where(check, "%s pwconv8, width %u, fours %u, outputs %u, store %u, %s",
                 check->tier.tier, c.shape.width, c.shape.inputs, c.shape.outputs,
                 (unsigned)c.shape.store, kcheck_edge_name(check->edge));
}

/* ---- widen and quantise */

static void check_widen8(struct kcheck *check, bool adds)
{
    const uint32_t width = 1 + kcheck_draw_below(check, MAX_WIDTH);
    const uint32_t whole = ar_tensor_whole(width);
    const struct ar_widen8 widen = {
        .add_scale = kcheck_draw(check),
        .add_bias = 50.0F * kcheck_draw(check),
        .low = (float)kcheck_draw_below(check, 2),
        .high = 255.0F,
    };
    const uint8_t *const add = adds ? draw_bytes(check, ADD, whole) : NULL;
    float *const src = kcheck_place(check, 0, whole / 2 * sizeof(*src));
    uint8_t *dst;

    for (uint32_t x = 0; x < whole / 2; x++)
        src[x] = 300.0F * kcheck_draw(check);
    dst = kcheck_place(check, DST, whole);
    check->tier.widen8_row(dst, src, add, &widen, width);
    for (uint32_t x = 0; x < width; x++) {
        const float more = adds ? fmaf(add[x], widen.add_scale, widen.add_bias) : 0.0F;
        const float value = adds ? src[x / 2] + more : src[x / 2];

        expect_bytes(check, "widen8", x, 0, dst[x],
                     rint(limit((double)value, (double)widen.low, 255.0)));
    }
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the row");
    kcheck_where(check, "%s widen8%s, width %u, %s", check->tier.tier, adds ? " and add" : "",
                 width, kcheck_edge_name(check->edge));
}

static void check_dequantise8(struct kcheck *check)
{
    const uint32_t width = 1 + kcheck_draw_below(check, MAX_WIDTH);
    const uint32_t whole = ar_tensor_whole(width);
    struct ar_dequantise8 dequantise = {
        .mul = kcheck_draw(check),
        .n = 1 + kcheck_draw_below(check, 4),
        .dst_stride = whole + kcheck_draw_below(check, 9),
    };
    uint8_t *const src = kcheck_place(check, 0, 4 * (size_t)whole);
    float *const dst =
        kcheck_place(check, DST, ((dequantise.n - 1) * dequantise.dst_stride + whole) * 4);

    for (size_t i = 0; i < dequantise.n; i++)
        dequantise.add[i] = kcheck_draw(check);
    for (size_t i = 0; i < 4 * (size_t)width; i++)
        src[i] = (uint8_t)kcheck_draw_below(check, 256);
    check->tier.dequantise8_row(dst, src, &dequantise, width);
    for (uint32_t x = 0; x < width; x++) {
        for (uint32_t i = 0; i < dequantise.n; i++) {
            const float want = fmaf(src[4 * x + i], dequantise.mul, dequantise.add[i]);
            const float got = dst[i * dequantise.dst_stride + x];

            if (got != want)
                kcheck_fail(check, "pixel %u channel %u: %.9g, should be exactly %.9g", x, i,
                            (double)got, (double)want);
        }
    }
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the row");
    kcheck_where(check, "%s dequantise8, %u planes, width %u, %s", check->tier.tier,
                 dequantise.n, width, kcheck_edge_name(check->edge));
}

/* Every byte, by whatever is drawn. */
static void check_stretch8(struct kcheck *check)
{
    const uint32_t n = 4 * AR_TENSOR_GROUP * (4 + kcheck_draw_below(check, 3));
    const struct ar_stretch8 stretch = {
        .low = (uint8_t)kcheck_draw_below(check, 32),
        .mul = (uint16_t)kcheck_draw_below(check, 65536),
        .sub = (uint16_t)kcheck_draw_below(check, 256),
    };
    uint8_t *const bytes = kcheck_place(check, DST, n);

    for (uint32_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)i;
    check->tier.stretch8_row(bytes, &stretch, n);
    for (uint32_t i = 0; i < n; i++) {
        const double above = fmax((double)(uint8_t)i - stretch.low, 0.0);
        const double value = floor(above * stretch.mul / 256.0) - stretch.sub;

        expect_bytes(check, "stretch8", i, 0, bytes[i],
                     limit(floor(value / 128.0), 0.0, 255.0));
    }
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the row");
    kcheck_where(check, "%s stretch8, %s", check->tier.tier, kcheck_edge_name(check->edge));
}

void kcheck_int8(struct kcheck *check)
{
    const struct ar_kernels *const reference = &check->reference;

    const bool is_reference = kcheck_is_reference(check);
    const bool multiplies = is_reference || check->tier.pwconv8_row != reference->pwconv8_row;
    const bool widens = is_reference || check->tier.widen8_row != reference->widen8_row;
    const bool reads =
        is_reference || check->tier.dequantise8_row != reference->dequantise8_row;

    for (uint32_t i = 0; i < N_CASES && !check->failed; i++) {
        check->edge = i % KCHECK_N_EDGES;
        if (multiplies) {
            check_dwconv8(check, 3 + 2 * (i / 4 % 2), 1 + i / 2 % 2);
            check_pwconv8(check);
        }
        if (widens)
            check_widen8(check, i / 2 % 2);
        if (reads) {
            check_dequantise8(check);
            check_stretch8(check);
        }
    }
    check->n_ran += 5 * multiplies + widens + 2 * reads;
}
