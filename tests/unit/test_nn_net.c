/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame.h"
#include "base/macros.h"
#include "nn/border.h"
#include "nn/cpu.h"
#include "nn/net.h"
#include "nn/place.h"
#include "nn/priv.h"
#include "tests/suite.h"
#include "tests/unit/nn_maker.h"
#include "tests/unit/nn_naive.h"
#include "tests/unit/nn_style.h"

#define N_NETWORKS 40
#define N_FRAMES   6

static const struct {
    uint32_t width_px;
    uint32_t height_px;
} sizes[] = { { 16, 16 }, { 18, 22 }, { 34, 50 }, { 62, 20 }, { 16, 34 }, { 338, 18 } };

struct rig {
    struct ar_model *model;
    struct ar_kernels kernels;
    struct ar_workers *workers;
    struct ar_net *net;
};

static uint32_t best_flags(void)
{
    uint32_t flags = 0;

    ck_assert_int_eq(ar_cpu_flags(&flags, NULL), 0);
    return flags;
}

/* A network of a seed, the size of the picture drawn from the same. */
static void rig_init(struct rig *rig, uint64_t seed, uint32_t n_threads, uint32_t cpu_flags,
                     bool keep_all)
{
    struct ar_reason reason = { "" };

    rig->model = nn_maker_model(seed);
    ar_kernels_init(&rig->kernels, cpu_flags);
    ck_assert_int_eq(ar_workers_create(&rig->workers, n_threads), 0);

    const struct ar_net_params params = {
        .model = rig->model,
        .kernels = &rig->kernels,
        .workers = rig->workers,
        .width_px = sizes[seed % AR_ARRAY_LEN(sizes)].width_px,
        .height_px = sizes[seed % AR_ARRAY_LEN(sizes)].height_px,
        .keep_all = keep_all,
    };

    ck_assert_msg(ar_net_create(&rig->net, &params, &reason) == 0, "%s", reason.text);
}

static void rig_finish(struct rig *rig)
{
    ar_net_destroy(rig->net);
    ar_workers_destroy(rig->workers);
    ar_model_close(rig->model);
}

/* Rungs of each segment of a frame: mixed; kept, changed, come back to, and changed again. */
static void draw_rungs(uint64_t seed, uint32_t frame, const struct ar_model *model,
                       uint32_t rungs[AR_MODEL_MAX_SEGMENTS])
{
    static const uint32_t plans[N_FRAMES] = { 0, 0, 1, 1, 0, 2 };
    struct nn_random random = nn_random_seed(seed * 1000 + plans[frame]);

    for (uint32_t s = 0; s < AR_MODEL_MAX_SEGMENTS; s++)
        rungs[s] = nn_random_below(&random, model->n_rungs);
}

static void run_frame(const struct rig *rig, uint64_t seed, uint32_t frame)
{
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];

    draw_rungs(seed, frame, rig->model, rungs);
    nn_maker_planes(rig->net, seed + frame);
    for (uint32_t s = 0; s < rig->model->n_segments; s++)
        ar_net_run(rig->net, s, rungs[s]);
}

static const struct ar_tensor *source(const struct ar_net *net, int32_t index)
{
    if (index == AR_LAYER_NONE)
        return NULL;
    return index == AR_LAYER_PLANES ? ar_net_planes(net) : ar_net_layer(net, (uint32_t)index);
}

/* Every layer against the naive one on the same inputs. */
static void compare_frame(const struct rig *rig, struct naive_state *state, uint64_t seed,
                          uint32_t frame)
{
    const struct ar_model *model = rig->model;
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];

    draw_rungs(seed, frame, model, rungs);
    for (uint32_t i = 0; i < model->n_layers; i++) {
        const struct ar_layer *layer = &model->layers[i];
        struct naive_map want =
            naive_run(state, &(struct naive_layer){
                                 .index = i,
                                 .rung = rungs[layer->segment],
                                 .width_px = sizes[seed % AR_ARRAY_LEN(sizes)].width_px,
                                 .height_px = sizes[seed % AR_ARRAY_LEN(sizes)].height_px,
                                 .input = source(rig->net, layer->input),
                                 .add = source(rig->net, layer->add),
                             });
        char what[96];

        snprintf(what, sizeof(what), "seed %llu, frame %u, layer %s, op %d",
                 (unsigned long long)seed, frame, layer->name, (int)layer->op);
        ck_assert_msg(naive_compare(ar_net_layer(rig->net, i), &want, what) == 0, "%s", what);
        naive_map_finish(&want);
    }
    naive_end_frame(state);
}

static void check_against_naive(uint64_t seed, uint32_t cpu_flags)
{
    struct naive_state *state;
    struct rig rig;

    rig_init(&rig, seed, 2, cpu_flags, true);
    state = naive_state_create(rig.model);
    for (uint32_t f = 0; f < N_FRAMES; f++) {
        run_frame(&rig, seed, f);
        compare_frame(&rig, state, seed, f);
        ar_net_end_frame(rig.net);
    }
    naive_state_destroy(state);
    rig_finish(&rig);
}

START_TEST(test_layers_reference)
{
    check_against_naive((uint64_t)_i, 0);
}
END_TEST

START_TEST(test_layers_best)
{
    check_against_naive((uint64_t)_i, best_flags());
}
END_TEST

static void expect_halo(const struct ar_tensor *map, enum ar_layer_border border)
{
    for (uint32_t y = 0; y < map->height; y++)
        for (uint32_t c = 0; c < map->channels; c++) {
            const float *const plane = ar_tensor_plane(map, y, c);

            for (int32_t x = -AR_TENSOR_HALO; x < (int32_t)map->width + AR_TENSOR_HALO; x++)
                ck_assert(plane[x] == plane[ar_border_index(border, x, map->width)]);
        }
}

/* The tier that machines without the widest one have. */
START_TEST(test_layers_second_best)
{
    const uint32_t flags = best_flags() & ~(uint32_t)AR_CPU_AVX512;

    if (flags != best_flags())
        check_against_naive((uint64_t)_i, flags);
}
END_TEST

/* Every plane of every map, at addresses that are whole vectors. */
START_TEST(test_halos)
{
    struct rig rig;

    rig_init(&rig, (uint64_t)_i, 1, best_flags(), true);
    run_frame(&rig, (uint64_t)_i, 0);
    for (uint32_t i = 0; i < rig.model->n_layers; i++) {
        const struct ar_tensor *map = ar_net_layer(rig.net, i);

        ck_assert_uint_eq(map->plane_stride % AR_TENSOR_GROUP, 0);
        ck_assert_uint_eq((uintptr_t)map->data % (AR_TENSOR_GROUP * sizeof(float)), 0);
        expect_halo(map, rig.model->border);
    }
    rig_finish(&rig);
}
END_TEST

static void expect_same(const struct ar_tensor *a, const struct ar_tensor *b)
{
    ck_assert_uint_eq(a->channels, b->channels);
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t c = 0; c < a->channels; c++)
            ck_assert(memcmp(ar_tensor_plane(a, y, c), ar_tensor_plane(b, y, c),
                             a->width * sizeof(float)) == 0);
}

/* The number of workers and the sharing of memory change no bit of the picture. */
START_TEST(test_same_bits)
{
    const uint64_t seed = (uint64_t)_i;
    const uint32_t n_threads[] = { 1, 1, 2, 4 };
    struct rig rigs[AR_ARRAY_LEN(n_threads)];
    uint32_t last;

    for (size_t r = 0; r < AR_ARRAY_LEN(rigs); r++)
        rig_init(&rigs[r], seed, n_threads[r], best_flags(), r == 0);
    last = rigs[0].model->n_layers - 1;
    for (uint32_t f = 0; f < N_FRAMES; f++) {
        for (size_t r = 0; r < AR_ARRAY_LEN(rigs); r++) {
            run_frame(&rigs[r], seed, f);
            expect_same(ar_net_layer(rigs[0].net, last), ar_net_layer(rigs[r].net, last));
            ar_net_end_frame(rigs[r].net);
        }
    }
    ck_assert_uint_le(ar_net_memory_b(rigs[1].net), ar_net_memory_b(rigs[0].net));
    for (size_t r = 0; r < AR_ARRAY_LEN(rigs); r++)
        rig_finish(&rigs[r]);
}
END_TEST

/* Compares what is shown with another network's whole map. */
struct audience {
    const struct ar_net *net;
    const struct ar_tensor *whole;
    atomic_uint n_shown[AR_FRAME_MAX_H_PX / 2];
    atomic_uint n_differing;
};

static void look(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    struct audience *const audience = user;
    const struct ar_model *const model = ar_net_model(audience->net);
    const struct ar_tensor *const map = ar_net_layer(audience->net, model->n_layers - 1);
    const uint32_t rows = 2u >> ar_model_planes_shift(model);

    for (uint32_t pair = first; pair < end; pair++)
        audience->n_shown[pair]++;
    for (uint32_t y = first * rows; y < end * rows; y++)
        for (uint32_t c = 0; c < map->channels; c++)
            audience->n_differing +=
                memcmp(ar_tensor_plane(map, y, c), ar_tensor_plane(audience->whole, y, c),
                       map->width * sizeof(float)) != 0;
}

static void show_frame(const struct rig *rig, uint64_t seed, uint32_t frame,
                       const struct ar_tensor *whole)
{
    struct audience *const audience = calloc(1, sizeof(*audience));
    const uint32_t last = rig->model->n_segments - 1;
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];

    audience->net = rig->net;
    audience->whole = whole;
    draw_rungs(seed, frame, rig->model, rungs);
    nn_maker_planes(rig->net, seed + frame);
    for (uint32_t s = 0; s < last; s++)
        ar_net_run(rig->net, s, rungs[s]);
    ar_net_run_and_show(rig->net, rungs[last], &(struct ar_net_show){ look, audience });
    ck_assert_uint_eq(audience->n_differing, 0);
    for (uint32_t pair = 0; pair < sizes[seed % AR_ARRAY_LEN(sizes)].height_px / 2; pair++)
        ck_assert_uint_eq(audience->n_shown[pair], 1);
    free(audience);
}

/* Every pair of rows is shown once, and is what it would be in a whole map. */
START_TEST(test_shown)
{
    const uint64_t seed = (uint64_t)_i;
    const uint32_t n_threads[] = { 1, 1, 2, 4 };
    struct rig rigs[AR_ARRAY_LEN(n_threads)];

    for (size_t r = 0; r < AR_ARRAY_LEN(rigs); r++)
        rig_init(&rigs[r], seed, n_threads[r], best_flags(), r == 0);
    for (uint32_t f = 0; f < N_FRAMES; f++) {
        run_frame(&rigs[0], seed, f);
        ar_net_end_frame(rigs[0].net);
        for (size_t r = 1; r < AR_ARRAY_LEN(rigs); r++) {
            show_frame(&rigs[r], seed, f,
                       ar_net_layer(rigs[0].net, rigs[0].model->n_layers - 1));
            ar_net_end_frame(rigs[r].net);
        }
    }
    for (size_t r = 0; r < AR_ARRAY_LEN(rigs); r++)
        rig_finish(&rigs[r]);
}
END_TEST

/* Three instance norms, one with a gate of the previous frame, at two widths. */
static const char instance_net[] =
    "{\"planes\":\"yuv420\",\"offset\":[0,0,0,0,0,0],\"gain\":1,\"border\":\"replicate\","
    "\"instance_rate\":0.15,\"widths\":[0.5,1],\"layers\":["
    "{\"name\":\"a\",\"op\":\"conv\",\"input\":\"planes\",\"segment\":0,\"channels\":[8,16],"
    "\"norm\":\"instance\"},"
    "{\"name\":\"b\",\"op\":\"separable\",\"input\":\"a\",\"segment\":1,\"channels\":[8,16],"
    "\"norm\":\"instance\",\"gate\":2,\"gate_previous\":true,\"relu\":true},"
    "{\"name\":\"c\",\"op\":\"conv\",\"input\":\"b\",\"segment\":1,\"channels\":[6,6]}]}";

static void rig_init_instance(struct rig *rig)
{
    struct nn_style style;
    size_t size_b;
    uint8_t *bytes;

    nn_style_init(&style, instance_net, 3);
    bytes = nn_style_bytes(&style, &size_b);
    ck_assert_int_eq(ar_model_parse(&rig->model, "x", bytes, size_b, NULL), 0);
    free(bytes);
    nn_style_finish(&style);
    ar_kernels_init(&rig->kernels, 0);
    ck_assert_int_eq(ar_workers_create(&rig->workers, 1), 0);
    ck_assert_int_eq(ar_net_create(&rig->net,
                                   &(struct ar_net_params){ .model = rig->model,
                                                            .kernels = &rig->kernels,
                                                            .workers = rig->workers,
                                                            .width_px = 32,
                                                            .height_px = 16,
                                                            .keep_all = true },
                                   NULL),
                     0);
}

/* Mean and mean square of a channel. */
static void moments(const struct ar_tensor *map, uint32_t c, double *mean, double *square)
{
    const double n = (double)map->width * map->height;

    *mean = 0;
    *square = 0;
    for (uint32_t y = 0; y < map->height; y++)
        for (uint32_t x = 0; x < map->width; x++) {
            const double v = (double)ar_tensor_plane(map, y, c)[x];

            *mean += v / n;
            *square += v * v / n;
        }
}

/* With the frame's own statistics the mean is the bias and the deviation the scale, exactly. */
static bool is_cold(const struct rig *rig)
{
    const struct ar_layer *layer = &rig->model->layers[0];
    bool cold = true;

    for (uint32_t c = 0; c < 8; c++) {
        double mean;
        double square;

        moments(ar_net_layer(rig->net, 0), c, &mean, &square);
        cold = cold && mean - (double)layer->bias[c] < 1e-4 &&
               mean - (double)layer->bias[c] > -1e-4;
    }
    return cold;
}

static void run_instance(const struct rig *rig, uint64_t seed)
{
    nn_maker_planes(rig->net, seed);
    ar_net_run(rig->net, 0, 0);
    ar_net_run(rig->net, 1, 0);
}

START_TEST(test_cold_and_warm)
{
    struct rig rig;

    rig_init_instance(&rig);
    run_instance(&rig, 1);
    ck_assert(is_cold(&rig));
    /* Without an end of frame nothing was learned. */
    run_instance(&rig, 2);
    ck_assert(is_cold(&rig));
    ar_net_end_frame(rig.net);
    run_instance(&rig, 3);
    ck_assert(!is_cold(&rig));
    ar_net_end_frame(rig.net);
    ar_net_forget(rig.net);
    run_instance(&rig, 4);
    ck_assert(is_cold(&rig));
    ar_net_end_frame(rig.net);
    rig_finish(&rig);
}
END_TEST

/* Values serve for 30 frames without news, not for 31. */
START_TEST(test_age)
{
    for (int n_idle = 29; n_idle <= 30; n_idle++) {
        struct rig rig;

        rig_init_instance(&rig);
        run_instance(&rig, 1);
        ar_net_end_frame(rig.net);
        for (int i = 0; i < n_idle; i++)
            ar_net_end_frame(rig.net);
        run_instance(&rig, 2);
        ck_assert(is_cold(&rig) == (n_idle == 30));
        rig_finish(&rig);
    }
}
END_TEST

/* A rung's values go with those of the one that runs: it is warm whenever it comes back. */
START_TEST(test_rungs_follow)
{
    struct rig rig;

    rig_init_instance(&rig);
    for (uint64_t frame = 0; frame < 40; frame++) {
        const uint32_t rung = frame == 0 || frame == 39 ? 0 : 1;

        nn_maker_planes(rig.net,
                        1 + 2 * (frame % 2)); /* alike enough, and never the same twice */
        ar_net_run(rig.net, 0, rung);
        ar_net_run(rig.net, 1, rung);
        ck_assert_msg(is_cold(&rig) == (frame < 2), "frame %d", (int)frame);
        ar_net_end_frame(rig.net);
    }
    rig_finish(&rig);
}
END_TEST

/* Pixels and rows outside a map, by the definitions of torch's padding modes. */
START_TEST(test_border_index)
{
    static const struct {
        int32_t index;
        uint32_t size;
        uint32_t replicate;
        uint32_t reflect;
    } cases[] = {
        { -1, 5, 0, 1 }, { -2, 5, 0, 2 }, { 5, 5, 4, 3 },  { 6, 5, 4, 2 },  { 3, 5, 3, 3 },
        { -1, 1, 0, 0 }, { 2, 1, 0, 0 },  { -2, 2, 0, 0 }, { -1, 2, 0, 1 }, { 2, 2, 1, 0 },
        { 3, 2, 1, 1 },  { 0, 1, 0, 0 },  { 4, 3, 2, 0 },  { -2, 3, 0, 2 },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(cases); i++) {
        ck_assert_uint_eq(ar_border_index(AR_LAYER_REPLICATE, cases[i].index, cases[i].size),
                          cases[i].replicate);
        ck_assert_uint_eq(ar_border_index(AR_LAYER_REFLECT, cases[i].index, cases[i].size),
                          cases[i].reflect);
    }
}
END_TEST

START_TEST(test_places)
{
    struct nn_random random = nn_random_seed((uint64_t)_i);
    struct ar_place places[20];
    uint64_t total;
    uint64_t sum = 0;

    for (size_t i = 0; i < AR_ARRAY_LEN(places); i++) {
        const uint32_t first = nn_random_below(&random, 20);

        places[i] = (struct ar_place){ .size = 1 + nn_random_below(&random, 50),
                                       .first = first,
                                       .last = first + nn_random_below(&random, 4) };
        sum += places[i].size;
    }
    total = ar_place_all(places, AR_ARRAY_LEN(places));
    ck_assert_uint_lt(total, sum);
    for (size_t i = 0; i < AR_ARRAY_LEN(places); i++) {
        ck_assert_uint_le(places[i].offset + places[i].size, total);
        for (size_t k = 0; k < i; k++) {
            const bool meet =
                places[i].first <= places[k].last && places[k].first <= places[i].last;
            const bool apart = places[i].offset >= places[k].offset + places[k].size ||
                               places[k].offset >= places[i].offset + places[i].size;

            ck_assert(!meet || apart);
        }
    }
}
END_TEST

START_TEST(test_sizes_refused)
{
    static const uint32_t bad[][2] = { { 0, 16 },    { 14, 16 },
                                       { 16, 14 },   { 17, 16 },
                                       { 16, 17 },   { 1922, 16 },
                                       { 16, 1922 }, { UINT32_MAX - 1, UINT32_MAX - 1 } };
    struct rig rig;

    rig_init_instance(&rig);
    for (size_t i = 0; i < AR_ARRAY_LEN(bad); i++) {
        struct ar_net_params params = rig.net->params;
        struct ar_reason reason = { "" };
        struct ar_net *net;

        params.width_px = bad[i][0];
        params.height_px = bad[i][1];
        ck_assert_int_eq(ar_net_create(&net, &params, &reason), -EINVAL);
        ck_assert_ptr_null(net);
        ck_assert_msg(strstr(reason.text, "style 'test': cannot paint"), "%s", reason.text);
    }
    rig_finish(&rig);
}
END_TEST

/* A file of some kilobytes must not be able to claim the machine's memory. */
START_TEST(test_memory_limit)
{
    static const char greedy[] =
        "{\"planes\":\"rgb\",\"offset\":[0,0,0],\"gain\":1,\"border\":\"replicate\","
        "\"instance_rate\":1,\"widths\":[1],\"layers\":["
        "{\"name\":\"a\",\"op\":\"pointwise\",\"input\":\"planes\",\"segment\":0,"
        "\"channels\":[512]},"
        "{\"name\":\"b\",\"op\":\"pointwise\",\"input\":\"a\",\"segment\":1,\"channels\":[3]}]}";
    struct rig rig;
    struct ar_net_params params;
    struct ar_reason reason = { "" };
    struct nn_style style;
    struct ar_model *model;
    struct ar_net *net;
    size_t size_b;
    uint8_t *bytes;

    rig_init_instance(&rig);
    params = rig.net->params;
    nn_style_init(&style, greedy, 1);
    bytes = nn_style_bytes(&style, &size_b);
    ck_assert_int_eq(ar_model_parse(&model, "x", bytes, size_b, NULL), 0);
    params.model = model;
    params.width_px = 1920;
    params.height_px = 1080;
    ck_assert_int_eq(ar_net_create(&net, &params, &reason), -ENOMEM);
    ck_assert_msg(strstr(reason.text, "MiB for 1920x1080, at most"), "%s", reason.text);
    free(bytes);
    nn_style_finish(&style);
    ar_model_close(model);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nn_net");
    TCase *tc = tcase_create("all");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_layers_reference, 0, N_NETWORKS);
    tcase_add_loop_test(tc, test_layers_best, 0, N_NETWORKS);
    tcase_add_loop_test(tc, test_layers_second_best, 0, N_NETWORKS);
    tcase_add_loop_test(tc, test_halos, 0, N_NETWORKS / 2);
    tcase_add_loop_test(tc, test_same_bits, 0, N_NETWORKS / 2);
    tcase_add_loop_test(tc, test_shown, 0, N_NETWORKS);
    tcase_add_test(tc, test_cold_and_warm);
    tcase_add_test(tc, test_age);
    tcase_add_test(tc, test_rungs_follow);
    tcase_add_test(tc, test_border_index);
    tcase_add_loop_test(tc, test_places, 0, 50);
    tcase_add_test(tc, test_sizes_refused);
    tcase_add_test(tc, test_memory_limit);
    suite_add_tcase(suite, tc);
    return ar_suite_run(suite);
}
