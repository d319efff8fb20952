/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"
#include "nn/border.h"
#include "nn/cpu.h"
#include "nn/net.h"
#include "nn/priv.h"
#include "tests/suite.h"
#include "tests/unit/nn_maker.h"
#include "tests/unit/nn_style.h"

/* Gates in int8: a layer in the middle has one, in all its ways. */

#define GATED    1 /* the layer */
#define N_FRAMES 3
#define TAPS     3

static const struct {
    const char *stride;
    const char *border;
    const char *previous;
    const char *norm;
    uint32_t width_px;
    uint32_t height_px;
} cases[] = {
    { "1", "replicate", "false", "none", 34, 22 },
    { "2", "replicate", "false", "instance", 50, 38 },
    { "1", "reflect", "true", "instance", 338, 18 },
    { "2", "reflect", "true", "none", 62, 46 },
};

static const char layers[] =
    "{\"planes\":\"yuv420\",\"offset\":[0.5,0.5,0.5,0.5,0.5,0.5],\"gain\":4,\"border\":\"%s\","
    "\"instance_rate\":0.15,\"widths\":[0.5,1],\"layers\":["
    "{\"name\":\"a\",\"op\":\"conv\",\"input\":\"planes\",\"segment\":0,\"channels\":[8,24]},"
    "{\"name\":\"b\",\"op\":\"separable\",\"input\":\"a\",\"segment\":0,\"channels\":[16,24],"
    "\"gate\":5,\"gate_previous\":%s,\"stride\":%s,\"norm\":\"%s\",\"relu\":true},"
    "{\"name\":\"c\",\"op\":\"separable\",\"input\":\"b\",\"segment\":1,\"channels\":[8,24]%s},"
    "{\"name\":\"d\",\"op\":\"separable\",\"input\":\"c\",\"segment\":1,\"channels\":[6,6]}]}";

struct rig {
    struct ar_model *model;
    struct ar_kernels kernels;
    struct ar_workers *workers;
    struct ar_net *net;
};

static void rig_init(struct rig *rig, const struct nn_style *style, int index,
                     enum ar_net_precision precision)
{
    struct ar_reason reason = { "" };
    uint32_t cpu_flags = 0;
    size_t size_b;
    uint8_t *const bytes = nn_style_bytes(style, &size_b);

    ck_assert_int_eq(ar_cpu_flags(&cpu_flags, NULL), 0);
    ck_assert_msg(ar_model_parse(&rig->model, "x", bytes, size_b, &reason) == 0, "%s",
                  reason.text);
    free(bytes);
    ar_kernels_init(&rig->kernels, cpu_flags);
    ck_assert_int_eq(ar_workers_create(&rig->workers, 2), 0);

    const struct ar_net_params params = {
        .model = rig->model,
        .kernels = &rig->kernels,
        .workers = rig->workers,
        .width_px = cases[index].width_px,
        .height_px = cases[index].height_px,
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

static void run_frame(const struct rig *rig, uint32_t frame, uint32_t rung)
{
    nn_maker_planes(rig->net, 1 + frame);
    for (uint32_t s = 0; s < rig->model->n_segments; s++)
        ar_net_run(rig->net, s, rung);
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
static float largest_filtered(const struct ar_layer *layer, const struct ar_tensor *map)
{
    float peak = 0.0F;

    for (uint32_t y = 1; y + 1 < map->height; y++)
        for (uint32_t c = 0; c < map->channels; c++)
            for (uint32_t x = 0; x < map->width; x++) {
                float sum = 0.0F;

                for (uint32_t i = 0; i < TAPS * TAPS; i++)
                    sum += layer->dw[c * TAPS * TAPS + i] *
                           ar_tensor_plane(map, y + i / TAPS - 1,
                                           c)[(ptrdiff_t)(x + i % TAPS) - 1];
                peak = fmaxf(peak, fabsf(sum));
            }
    return peak;
}

/* Ranges as large as the results of float32 in the same frames. */
static void set_ranges(struct nn_style *style, int index)
{
    struct rig rig;

    nn_style_add_ranges(style);
    rig_init(&rig, style, index, AR_NET_F32);
    for (uint32_t rung = 0; rung < rig.model->n_rungs; rung++) {
        float peaks[4][2] = { { 0.0F } };

        for (uint32_t f = 0; f < N_FRAMES; f++) {
            run_frame(&rig, f, rung);
            for (uint32_t i = 0; i < 4; i++) {
                const struct ar_layer *layer = &rig.model->layers[i];

                peaks[i][0] = fmaxf(peaks[i][0], largest(ar_net_layer(rig.net, i)));
                if (layer->dw)
                    peaks[i][1] = fmaxf(peaks[i][1],
                                        largest_filtered(layer, ar_net_layer(rig.net, i - 1)));
            }
        }
        for (uint32_t i = 0; i < 4; i++) {
            const struct ar_layer *layer = &rig.model->layers[i];
            char name[64];

            snprintf(name, sizeof(name), "%s.range", layer->name);
            nn_style_values(style, name)[rung] = peaks[i][0];
            snprintf(name, sizeof(name), "%s.dw_range", layer->name);
            if (layer->dw)
                nn_style_values(style, name)[rung] = peaks[i][1];
        }
    }
    rig_finish(&rig);
}

static void init_style(struct nn_style *style, int index)
{
    char text[2048];

    snprintf(text, sizeof(text), layers, cases[index].border, cases[index].previous,
             cases[index].stride, cases[index].norm,
             cases[index].stride[0] == '2' ? ",\"upsample\":true" : "");
    nn_style_init(style, text, 5 + (uint64_t)index);
    set_ranges(style, index);
}

/* The mean of what a layer's depthwise filter makes of the bytes that it is given, in double precision. */
static double filtered_mean(const struct rig *rig, uint32_t index, size_t c)
{
    const struct ar_net_node *node = &rig->net->nodes[index];
    const struct ar_tensor8 *map = &rig->net->nodes[index - 1].result8;
    const enum ar_layer_border border = rig->model->border;
    const uint32_t stride = node->layer->stride;
    double sum = 0.0;

    for (uint32_t y = 0; y < node->height; y++)
        for (uint32_t x = 0; x < node->width; x++)
            for (uint32_t i = 0; i < TAPS * TAPS; i++) {
                const uint32_t row =
                    ar_border_index(border, (int32_t)(y * stride + i / TAPS) - 1, map->height);
                const uint32_t column =
                    ar_border_index(border, (int32_t)(x * stride + i % TAPS) - 1, map->width);
                const int32_t byte = ar_tensor8_row(map, row)[c * map->plane_stride + column];

                sum +=
                    (byte - map->zero) * node->pack8.dw[(c * TAPS + i / TAPS) * 4 + i % TAPS];
            }
    return sum * (double)map->step * (double)node->pack8.dw_steps[c] /
           ((double)node->width * node->height);
}

/* Means are those of the filter's results, exactly, whatever fits the range that is stored. */
static void expect_means(const struct rig *rig)
{
    const struct ar_net_node *node = &rig->net->nodes[GATED];
    const float *const means = node->layer->gate_previous ? node->gate.own : rig->net->means;

    for (uint32_t c = 0; c < rig->net->nodes[GATED - 1].result8.channels; c++) {
        const double want = filtered_mean(rig, GATED, c);

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

START_TEST(test_gates)
{
    struct nn_style style;
    struct rig rigs[2];

    init_style(&style, _i);
    rig_init(&rigs[0], &style, _i, AR_NET_F32);
    rig_init(&rigs[1], &style, _i, AR_NET_INT8);
    for (uint32_t rung = 0; rung < rigs[0].model->n_rungs; rung++) {
        for (uint32_t f = 0; f < N_FRAMES; f++) {
            double off;

            for (uint32_t r = 0; r < 2; r++)
                run_frame(&rigs[r], f, rung);
            expect_means(&rigs[1]);
            off = difference(&rigs[0], &rigs[1]);
            ck_assert_msg(off < 0.12, "rung %u, frame %u: %g off float32", rung, f, off);
            for (uint32_t r = 0; r < 2; r++)
                ar_net_end_frame(rigs[r].net);
        }
    }
    rig_finish(&rigs[0]);
    rig_finish(&rigs[1]);
    nn_style_finish(&style);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nn_int8");
    TCase *tc = tcase_create("gates");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_gates, 0, (int)AR_ARRAY_LEN(cases));
    suite_add_tcase(suite, tc);
    return ar_suite_run(suite);
}
