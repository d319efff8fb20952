/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "nn/border.h"
#include "nn/cpu.h"
#include "nn/net.h"
#include "nn/priv.h"
#include "tests/suite.h"
#include "tests/unit/nn_maker.h"
#include "tests/unit/nn_style.h"

/*
 * Gates, larger depthwise filters and second branches in int8: a layer in the middle has them, in all their ways. Against
 * float32, and the fastest tier against the reference.
 */

#define MIDDLE   1 /* the layer */
#define N_INPUTS 24
#define N_FRAMES 3
#define N_SEEDS  4
#define MOST_OFF 0.15 /* of random networks, whose largest results the ranges hold */

struct shape {
    const char *middle; /* what the layer has */
    const char *border;
    const char *next; /* what the next one has */
    uint32_t width_px;
    uint32_t height_px;
};

#define GATE                "\"gate\":5,\"norm\":\"none\""
#define INSTANCE            "\"norm\":\"instance\""
#define PREVIOUS            "\"gate\":5,\"gate_previous\":true"
#define UPSAMPLE            ",\"upsample\":true"
#define KERNELS(one, other) "\"kernel\":" #one ",\"kernel2\":" #other

static const struct shape gates[] = {
    { GATE, "replicate", "", 34, 22 },
    { "\"gate\":5,\"stride\":2," INSTANCE, "replicate", UPSAMPLE, 50, 38 },
    { PREVIOUS "," INSTANCE, "reflect", "", 338, 18 },
    { PREVIOUS ",\"stride\":2", "reflect", UPSAMPLE, 62, 46 },
    { GATE ",\"kernel\":5", "reflect", "", 34, 22 },
    { PREVIOUS ",\"kernel\":5,\"stride\":2," INSTANCE, "replicate", UPSAMPLE, 50, 38 },
};

static const struct shape filters[] = {
    { "\"kernel\":5", "replicate", "", 34, 22 },
    { "\"kernel\":5,\"stride\":2," INSTANCE, "reflect", UPSAMPLE, 50, 38 },
};

static const struct shape branches[] = {
    { KERNELS(3, 5), "replicate", "", 34, 22 },
    { KERNELS(5, 3) "," INSTANCE, "reflect", "", 338, 18 },
    { KERNELS(3, 3) ",\"stride\":2," INSTANCE, "replicate", UPSAMPLE, 62, 46 },
    { KERNELS(3, 5) ",\"stride\":2", "reflect", UPSAMPLE, 50, 38 },
    { KERNELS(5, 5), "reflect", ",\"kernel2\":3", 34, 22 },
};

static const char layers[] =
    "{\"planes\":\"yuv420\",\"offset\":[0.5,0.5,0.5,0.5,0.5,0.5],\"gain\":4,\"border\":\"%s\","
    "\"instance_rate\":0.15,\"widths\":[0.5,1],\"layers\":["
    "{\"name\":\"a\",\"op\":\"conv\",\"input\":\"planes\",\"segment\":0,\"channels\":[8,24]},"
    "{\"name\":\"b\",\"op\":\"separable\",\"input\":\"a\",\"segment\":0,\"channels\":[16,24],%s,"
    "\"relu\":true},"
    "{\"name\":\"c\",\"op\":\"separable\",\"input\":\"b\",\"segment\":1,\"channels\":[8,24]%s},"
    "{\"name\":\"d\",\"op\":\"separable\",\"input\":\"c\",\"segment\":1,\"channels\":[6,6]}]}";

struct rig {
    struct ar_model *model;
    struct ar_kernels kernels;
    struct ar_workers *workers;
    struct ar_net *net;
};

static uint32_t best_flags(void)
{
    uint32_t cpu_flags = 0;

    ck_assert_int_eq(ar_cpu_flags(&cpu_flags, NULL), 0);
    return cpu_flags;
}

static void rig_init(struct rig *rig, const struct nn_style *style, const struct shape *shape,
                     uint32_t cpu_flags, enum ar_net_precision precision)
{
    struct ar_reason reason = { "" };
    size_t size_b;
    uint8_t *const bytes = nn_style_bytes(style, &size_b);

    ck_assert_msg(ar_model_parse(&rig->model, "x", bytes, size_b, &reason) == 0, "%s",
                  reason.text);
    free(bytes);
    ar_kernels_init(&rig->kernels, cpu_flags);
    ck_assert_int_eq(ar_workers_create(&rig->workers, 2), 0);

    const struct ar_net_params params = {
        .model = rig->model,
        .kernels = &rig->kernels,
        .workers = rig->workers,
        .width_px = shape->width_px,
        .height_px = shape->height_px,
        .precision = precision,
        .keep_all = true,
    };

    ck_assert_msg(ar_net_create(&rig->net, &params, &reason) == 0, "%s", reason.text);
}

static void rig_finish(struct rig *rig)
{
    ar_net_destroy(rig->net);
    ar_workers_destroy(rig->workers);
    ar_model_close(rig->model);
}

/* Segments at a rung and at another one. */
static void run_mixed(const struct rig *rig, uint32_t frame, uint32_t first, uint32_t rest)
{
    nn_maker_planes(rig->net, 1 + frame);
    for (uint32_t s = 0; s < rig->model->n_segments; s++)
        ar_net_run(rig->net, s, s == 0 ? first : rest);
}

static void run_frame(const struct rig *rig, uint32_t frame, uint32_t rung)
{
    run_mixed(rig, frame, rung, rung);
}

static float largest(const struct ar_tensor *map)
{
    float peak = 0.0F;

    for (uint32_t y = 0; y < map->height; y++)
        for (uint32_t c = 0; c < map->channels; c++)
            for (uint32_t x = 0; x < map->width; x++)
                peak = fmaxf(peak, fabsf(ar_tensor_plane(map, y, c)[x]));
    return peak;
}

/* The largest that a depthwise filter makes of a map. */
static float largest_filtered(const float *dw, uint32_t kernel, const struct ar_tensor *map)
{
    const uint32_t half = kernel / 2;
    float peak = 0.0F;

    for (uint32_t y = half; dw && y + half < map->height; y++)
        for (uint32_t c = 0; c < map->channels; c++)
            for (uint32_t x = 0; x < map->width; x++) {
                float sum = 0.0F;

                for (uint32_t i = 0; i < kernel * kernel; i++)
                    sum += dw[c * kernel * kernel + i] *
                           ar_tensor_plane(map, y + i / kernel - half,
                                           c)[(ptrdiff_t)(x + i % kernel) - half];
                peak = fmaxf(peak, fabsf(sum));
            }
    return peak;
}

#define N_LAYERS 4
#define N_RUNGS  2
#define N_KINDS  3

static const char *const kinds[N_KINDS] = { "range", "dw_range", "dw2_range" };

typedef float peaks[N_RUNGS][N_LAYERS][N_KINDS];

static void raise(float *peak, float value)
{
    *peak = fmaxf(*peak, value);
}

/* After a frame of segments at these rungs. */
static void note_peaks(const struct rig *rig, uint32_t first, uint32_t rest, peaks found)
{
    for (uint32_t i = 0; i < N_LAYERS; i++) {
        const struct ar_layer *const layer = &rig->model->layers[i];
        const struct ar_tensor *const input = i == 0 ? NULL : ar_net_layer(rig->net, i - 1);
        float *const of_layer = found[layer->segment == 0 ? first : rest][i];

        raise(&of_layer[0], largest(ar_net_layer(rig->net, i)));
        raise(&of_layer[1], largest_filtered(layer->dw, layer->kernel, input));
        raise(&of_layer[2], largest_filtered(layer->dw2, layer->kernel2, input));
    }
}

/* Ranges as large as the results of float32 in the same frames. */
static void set_ranges(struct nn_style *style, const struct shape *shape)
{
    peaks found = { { { 0.0F } } };
    struct rig rig;

    nn_style_add_ranges(style);
    rig_init(&rig, style, shape, best_flags(), AR_NET_F32);
    for (uint32_t i = 0; i < N_RUNGS * N_RUNGS * N_FRAMES; i++) {
        const uint32_t plan = i / N_FRAMES;

        run_mixed(&rig, i % N_FRAMES, plan % N_RUNGS, plan / N_RUNGS);
        note_peaks(&rig, plan % N_RUNGS, plan / N_RUNGS, found);
    }
    for (uint32_t i = 0; i < N_RUNGS * N_LAYERS * N_KINDS; i++) {
        const uint32_t rung = i / (N_LAYERS * N_KINDS);
        const uint32_t layer = i / N_KINDS % N_LAYERS;
        char name[64];

        snprintf(name, sizeof(name), "%s.%s", rig.model->layers[layer].name,
                 kinds[i % N_KINDS]);
        if (found[rung][layer][i % N_KINDS] > 0.0F)
            nn_style_values(style, name)[rung] = found[rung][layer][i % N_KINDS];
    }
    rig_finish(&rig);
}

static void init_style(struct nn_style *style, const struct shape *shape, uint64_t seed)
{
    char text[2048];

    snprintf(text, sizeof(text), layers, shape->border, shape->middle, shape->next);
    nn_style_init(style, text, seed);
    set_ranges(style, shape);
}

/* The mean of what a layer's depthwise filter makes of the bytes that it is given, in double precision. */
static double filtered_mean(const struct rig *rig, uint32_t index, size_t c)
{
    const struct ar_net_node *node = &rig->net->nodes[index];
    const struct ar_tensor8 *map = &rig->net->nodes[index - 1].result8;
    const enum ar_layer_border border = rig->model->border;
    const int8_t *const weights = node->pack8.filters[0].weights;
    const uint32_t kernel = node->layer->kernel;
    const uint32_t row_b = kernel == 3 ? 4 : 8;
    const uint32_t stride = node->layer->stride;
    double sum = 0.0;

    for (uint32_t y = 0; y < node->height; y++)
        for (uint32_t x = 0; x < node->width; x++)
            for (uint32_t i = 0; i < kernel * kernel; i++) {
                const uint32_t row =
                    ar_border_index(border, (int32_t)(y * stride + i / kernel - kernel / 2),
                                    map->height);
                const uint32_t column =
                    ar_border_index(border, (int32_t)(x * stride + i % kernel - kernel / 2),
                                    map->width);
                const int32_t byte = ar_tensor8_row(map, row)[c * map->plane_stride + column];

                sum += (byte - map->zero) *
                       weights[(c * kernel + i / kernel) * row_b + i % kernel];
            }
    return sum * (double)map->step * (double)node->pack8.filters[0].steps[c] /
           ((double)node->width * node->height);
}

/* Means are those of the filter's results, exactly, whatever fits the range that is stored. */
static void expect_means(const struct rig *rig)
{
    const struct ar_net_node *node = &rig->net->nodes[MIDDLE];
    const float *const means = node->layer->gate_previous ? node->gate.own : rig->net->means;

    for (uint32_t c = 0; c < rig->net->nodes[MIDDLE - 1].result8.channels; c++) {
        const double want = filtered_mean(rig, MIDDLE, c);

        ck_assert_msg(fabs((double)means[c] - want) <= 1e-5 * (1.0 + fabs(want)),
                      "channel %u: mean %g, should be %g", c, (double)means[c], want);
    }
}

/* By how much the last results differ, in parts of how far they go. */
static double difference(const struct rig *a, const struct rig *b)
{
    const uint32_t last = a->model->n_layers - 1;
    const struct ar_tensor *one = ar_net_layer(a->net, last);
    const struct ar_tensor *other = ar_net_layer(b->net, last);
    double errors = 0.0;
    double squares = 0.0;

    for (uint32_t y = 0; y < one->height; y++)
        for (uint32_t c = 0; c < one->channels; c++)
            for (uint32_t x = 0; x < one->width; x++) {
                const double v = (double)ar_tensor_plane(one, y, c)[x];
                const double error = v - (double)ar_tensor_plane(other, y, c)[x];

                errors += error * error;
                squares += v * v;
            }
    return sqrt(errors / squares);
}

/* Whether the last results are the same, bit for bit. */
static bool is_same(const struct rig *a, const struct rig *b)
{
    const uint32_t last = a->model->n_layers - 1;
    const struct ar_tensor *one = ar_net_layer(a->net, last);
    const struct ar_tensor *other = ar_net_layer(b->net, last);

    for (uint32_t y = 0; y < one->height; y++)
        for (uint32_t c = 0; c < one->channels; c++)
            if (memcmp(ar_tensor_plane(one, y, c), ar_tensor_plane(other, y, c),
                       one->width * sizeof(float)) != 0)
                return false;
    return true;
}

/* float32, int8, and int8 by the reference. */
struct rigs {
    struct rig f32;
    struct rig best;
    struct rig scalar;
};

static void rigs_init(struct rigs *rigs, const struct nn_style *style,
                      const struct shape *shape)
{
    rig_init(&rigs->f32, style, shape, best_flags(), AR_NET_F32);
    rig_init(&rigs->best, style, shape, best_flags(), AR_NET_INT8);
    rig_init(&rigs->scalar, style, shape, 0, AR_NET_INT8);
}

static void rigs_finish(struct rigs *rigs)
{
    rig_finish(&rigs->f32);
    rig_finish(&rigs->best);
    rig_finish(&rigs->scalar);
}

static void run_frames(const struct rigs *rigs, uint32_t first, uint32_t rest)
{
    for (uint32_t f = 0; f < N_FRAMES; f++) {
        double off;

        run_mixed(&rigs->f32, f, first, rest);
        run_mixed(&rigs->best, f, first, rest);
        run_mixed(&rigs->scalar, f, first, rest);
        if (rigs->best.model->layers[MIDDLE].gate)
            expect_means(&rigs->best);
        ck_assert_msg(is_same(&rigs->best, &rigs->scalar),
                      "rungs %u and %u, frame %u: not what the reference makes", first, rest,
                      f);
        off = difference(&rigs->f32, &rigs->best);
        ck_assert_msg(off < MOST_OFF, "rungs %u and %u, frame %u: %g off float32", first, rest,
                      f, off);
        ar_net_end_frame(rigs->f32.net);
        ar_net_end_frame(rigs->best.net);
        ar_net_end_frame(rigs->scalar.net);
    }
}

static void run_rungs(const struct nn_style *style, const struct shape *shape)
{
    struct rigs rigs;

    rigs_init(&rigs, style, shape);
    run_frames(&rigs, 0, 0);
    run_frames(&rigs, 1, 1);
    run_frames(&rigs, 0, 1);
    run_frames(&rigs, 1, 0);
    rigs_finish(&rigs);
}

START_TEST(test_gates)
{
    struct nn_style style;

    init_style(&style, &gates[_i], 5 + (uint64_t)_i);
    run_rungs(&style, &gates[_i]);
    nn_style_finish(&style);
}
END_TEST

START_TEST(test_filters)
{
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        struct nn_style style;

        init_style(&style, &filters[_i], seed);
        run_rungs(&style, &filters[_i]);
        nn_style_finish(&style);
    }
}
END_TEST

/* The ratio of the branches' steps is another one at every rung. */
START_TEST(test_branches)
{
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        struct nn_style style;

        init_style(&style, &branches[_i], seed);
        nn_style_values(&style, "b.dw2_range")[seed % N_RUNGS] *= 2.0F;
        run_rungs(&style, &branches[_i]);
        nn_style_finish(&style);
    }
}
END_TEST

static void scale_values(struct nn_style *style, const char *name, size_t n, float factor)
{
    float *const values = nn_style_values(style, name);

    for (size_t i = 0; i < n; i++)
        values[i] *= factor;
}

/* The second branch of the middle layer filters by so much less, and its results count for so much more. */
static void weaken_branch(struct nn_style *style, const struct ar_model *model, float factor)
{
    const struct ar_layer *const layer = &model->layers[MIDDLE];

    scale_values(style, "b.dw2", (size_t)N_INPUTS * layer->kernel2 * layer->kernel2,
                 1.0F / factor);
    scale_values(style, "b.weight2", (size_t)N_INPUTS * layer->max_outputs, factor);
    scale_values(style, "b.dw2_range", model->n_rungs, 1.0F / factor);
}

/* However far apart the branches' steps are, nothing is lost: by powers of two, not a bit differs. */
START_TEST(test_unequal_branches)
{
    const struct shape *const shape = &branches[_i];
    struct nn_style style;
    struct rig rigs[2];

    init_style(&style, shape, 3);
    rig_init(&rigs[0], &style, shape, best_flags(), AR_NET_INT8);
    weaken_branch(&style, rigs[0].model, 16.0F);
    rig_finish(&rigs[0]);
    rig_init(&rigs[0], &style, shape, best_flags(), AR_NET_INT8);
    weaken_branch(&style, rigs[0].model, 64.0F);
    rig_init(&rigs[1], &style, shape, best_flags(), AR_NET_INT8);
    for (uint32_t rung = 0; rung < 2; rung++) {
        for (uint32_t f = 0; f < N_FRAMES; f++) {
            for (uint32_t i = 0; i < 2; i++) {
                run_frame(&rigs[i], f, rung);
                ar_net_end_frame(rigs[i].net);
            }
            ck_assert_msg(is_same(&rigs[0], &rigs[1]), "rung %u, frame %u", rung, f);
        }
    }
    rig_finish(&rigs[0]);
    rig_finish(&rigs[1]);
    nn_style_finish(&style);
}
END_TEST

/*
 * What the last layer adds of the picture's planes, as they are or through a product that changes nothing: of every byte what it
 * stands for, exactly, as the layer's own weights are zero.
 */
START_TEST(test_added_planes)
{
    static const char added[] =
        "{\"planes\":\"yuv420\",\"offset\":[0.45,0.44,0.46,0.43,0.5,0.51],\"gain\":4,"
        "\"border\":\"replicate\",\"instance_rate\":0.15,\"widths\":[1],\"layers\":["
        "{\"name\":\"a\",\"op\":\"conv\",\"input\":\"planes\",\"segment\":0,\"channels\":[8]},"
        "%s{\"name\":\"d\",\"op\":\"conv\",\"input\":\"a\",\"segment\":1,\"channels\":[6],"
        "\"add\":\"%s\"}]}";
    static const char product[] =
        "{\"name\":\"m\",\"op\":\"pointwise\",\"input\":\"planes\",\"segment\":1,\"channels\":[6]},";
    const bool has_product = _i == 1;
    const struct shape shape = { .width_px = 342, .height_px = 18 };
    const struct ar_image_layout *layout;
    const struct ar_tensor8 *planes;
    const struct ar_tensor *result;
    struct nn_style style;
    struct rig rig;
    char text[2048];

    snprintf(text, sizeof(text), added, has_product ? product : "",
             has_product ? "m" : "planes");
    nn_style_init(&style, text, 3);
    nn_style_add_ranges(&style);
    scale_values(&style, "d.weight", (size_t)6 * 8 * 9, 0.0F);
    scale_values(&style, "d.bias", 6, 0.0F);
    if (has_product) {
        scale_values(&style, "m.weight", (size_t)6 * 6, 0.0F);
        scale_values(&style, "m.bias", 6, 0.0F);
        for (size_t i = 0; i < 6; i++)
            nn_style_values(&style, "m.weight")[7 * i] = 1.0F;
    }
    rig_init(&rig, &style, &shape, best_flags(), AR_NET_INT8);
    run_frame(&rig, 0, 0);
    layout = &rig.model->layout;
    planes = ar_net_planes8(rig.net);
    result = ar_net_layer(rig.net, rig.model->n_layers - 1);
    for (uint32_t y = 0; y < planes->height; y++)
        for (uint32_t c = 0; c < 6; c++)
            for (uint32_t x = 0; x < planes->width; x++) {
                const uint8_t byte =
                    ar_tensor8_row(planes,
                                   y)[c / 4 * planes->plane_stride + (size_t)4 * x + c % 4];
                const float want =
                    fmaf(byte, layout->gain / 255.0F, -layout->offset[c] * layout->gain);

                ck_assert(ar_tensor_plane(result, y, c)[x] == want);
            }
    rig_finish(&rig);
    nn_style_finish(&style);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nn_int8");
    TCase *tc = tcase_create("middle");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_gates, 0, (int)AR_ARRAY_LEN(gates));
    tcase_add_loop_test(tc, test_filters, 0, (int)AR_ARRAY_LEN(filters));
    tcase_add_loop_test(tc, test_branches, 0, (int)AR_ARRAY_LEN(branches));
    tcase_add_loop_test(tc, test_unequal_branches, 0, (int)AR_ARRAY_LEN(branches));
    tcase_add_loop_test(tc, test_added_planes, 0, 2);
    suite_add_tcase(suite, tc);
    return ar_suite_run(suite);
}
