/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "decoder/decoder.h"
#include "encoder/encoder.h"
#include "nn/border.h"
#include "nn/cpu.h"
#include "nn/priv.h"
#include "nn/safetensors.h"
#include "tests/suite.h"
#include "tests/unit/nn_naive.h"

/*
 * The runtime against PyTorch, layer by layer and frame by frame, on the fixture networks; and
 * the fast kernels against the reference on whole frames, on the styles that ship too.
 */

#define FOLDER AR_SOURCE_ROOT "/tests/golden/"
#define STYLES AR_SOURCE_ROOT "/models/"

static const char *const fixtures[] = { "fixture", "fixture_rgb" };

struct golden {
    struct ar_model *model;
    struct ar_safetensors *file;
    json_t *plans; /* a list of rungs per plan */
    uint32_t n_frames;
    uint32_t width_px;
    uint32_t height_px;
};

struct rig {
    struct ar_kernels kernels;
    struct ar_workers *workers;
    struct ar_net *net;
};

static uint32_t meta_number(const struct ar_safetensors *file, const char *key)
{
    const char *text = ar_safetensors_meta(file, key);

    ck_assert_msg(text != NULL, "no metadata %s", key);
    return (uint32_t)strtoul(text, NULL, 10);
}

static void golden_open(struct golden *golden, const char *name)
{
    struct ar_reason reason = { "" };
    char path[256];

    snprintf(path, sizeof(path), FOLDER "%s.safetensors", name);
    ck_assert_msg(ar_model_open(&golden->model, path, &reason) == 0, "%s", reason.text);
    snprintf(path, sizeof(path), FOLDER "%s_golden.safetensors", name);
    ck_assert_msg(ar_safetensors_open(&golden->file, path, &reason) == 0, "%s", reason.text);
    golden->plans = json_loads(ar_safetensors_meta(golden->file, "plans"), 0, NULL);
    golden->n_frames = meta_number(golden->file, "frames");
    golden->width_px = meta_number(golden->file, "width");
    golden->height_px = meta_number(golden->file, "height");
    ck_assert_uint_gt(json_array_size(golden->plans), 0);
    ck_assert_uint_gt(golden->n_frames, 1);
}

static void golden_close(struct golden *golden)
{
    json_decref(golden->plans);
    ar_safetensors_close(golden->file);
    ar_model_close(golden->model);
}

static uint32_t rung_of(const struct golden *golden, size_t plan, uint32_t segment)
{
    const json_t *rungs = json_array_get(golden->plans, plan);

    ck_assert_uint_eq(json_array_size(rungs), golden->model->n_segments);
    return (uint32_t)json_integer_value(json_array_get(rungs, segment));
}

static struct ar_safetensors_view find(const struct golden *golden, const char *name)
{
    struct ar_safetensors_view view;

    ck_assert_msg(ar_safetensors_find(golden->file, name, &view) >= 0, "no tensor %s", name);
    ck_assert_uint_eq(view.n_dims, 3);
    return view;
}

static void rig_init_at(struct rig *rig, const struct ar_model *model, uint32_t width_px,
                        uint32_t height_px, uint32_t cpu_flags, enum ar_net_precision precision)
{
    struct ar_reason reason = { "" };

    ar_kernels_init(&rig->kernels, cpu_flags);
    ck_assert_int_eq(ar_workers_create(&rig->workers, 2), 0);

    const struct ar_net_params params = {
        .model = model,
        .kernels = &rig->kernels,
        .workers = rig->workers,
        .width_px = width_px,
        .height_px = height_px,
        .precision = precision,
        .keep_all = true,
    };

    ck_assert_msg(ar_net_create(&rig->net, &params, &reason) == 0, "%s", reason.text);
}

static void rig_init(struct rig *rig, const struct ar_model *model, uint32_t width_px,
                     uint32_t height_px, uint32_t cpu_flags)
{
    rig_init_at(rig, model, width_px, height_px, cpu_flags, AR_NET_F32);
}

static void rig_finish(struct rig *rig)
{
    ar_net_destroy(rig->net);
    ar_workers_destroy(rig->workers);
}

/* Puts golden values [channels, height, width] into a map, halo too. */
static void fill(const struct ar_net *net, const struct ar_tensor *map,
                 const struct ar_safetensors_view *view)
{
    ck_assert_uint_eq(view->dims[0], map->channels);
    ck_assert_uint_eq(view->dims[1], map->height);
    ck_assert_uint_eq(view->dims[2], map->width);
    for (uint32_t y = 0; y < map->height; y++) {
        for (uint32_t x = 0; x < map->width; x++)
            for (uint32_t c = 0; c < map->channels; c++)
                ar_tensor_plane(map, y, c)[x] =
                    view->data[((size_t)c * map->height + y) * map->width + x];
        ar_border_fill(ar_net_model(net)->border, map, y);
    }
}

static void fill_planes(const struct golden *golden, const struct ar_net *net, uint32_t frame)
{
    struct ar_safetensors_view view;
    char name[64];

    snprintf(name, sizeof(name), "frame%u.planes", frame);
    view = find(golden, name);
    fill(net, ar_net_planes(net), &view);
    ar_net_finish_rows(net, 0, ar_net_planes(net)->height);
}

static const struct ar_tensor *source(const struct ar_net *net, int32_t index)
{
    if (index == AR_LAYER_NONE)
        return NULL;
    return index == AR_LAYER_PLANES ? ar_net_planes(net) : ar_net_layer(net, (uint32_t)index);
}

/*
 * Runs a layer on PyTorch's inputs, compares with PyTorch's result, then puts that in its place
 * so that errors do not pile up. Tolerance: twice what naive_run() derives from the magnitudes,
 * once for our rounding and once because the golden inputs were rounded to float32 after they
 * were used.
 */
static void check_layer(const struct golden *golden, const struct rig *rig,
                        struct naive_state *state, size_t plan, uint32_t frame, uint32_t index)
{
    const struct ar_layer *layer = &golden->model->layers[index];
    const uint32_t rung = rung_of(golden, plan, layer->segment);
    const struct naive_layer run = {
        .index = index,
        .rung = rung,
        .width_px = golden->width_px,
        .height_px = golden->height_px,
        .input = source(rig->net, layer->input),
        .add = source(rig->net, layer->add),
    };
    struct naive_map want = naive_run(state, &run);
    struct ar_safetensors_view view;
    char name[96];

    ar_net_run_node(rig->net, &rig->net->nodes[index], rung);
    snprintf(name, sizeof(name), "plan%zu.frame%u.%s", plan, frame, layer->name);
    view = find(golden, name);
    ck_assert_uint_eq(view.n_values, (size_t)want.channels * want.height * want.width);
    for (size_t i = 0; i < view.n_values; i++) {
        want.value[i] = (double)view.data[i];
        want.bound[i] *= 2;
    }
    ck_assert_msg(naive_compare(ar_net_layer(rig->net, index), &want, name) == 0, "%s", name);
    naive_map_finish(&want);
    fill(rig->net, ar_net_layer(rig->net, index), &view);
}

static void check_plan(const struct golden *golden, size_t plan, uint32_t cpu_flags)
{
    struct naive_state *state = naive_state_create(golden->model);
    struct rig rig;

    rig_init(&rig, golden->model, golden->width_px, golden->height_px, cpu_flags);
    for (uint32_t f = 0; f < golden->n_frames; f++) {
        fill_planes(golden, rig.net, f);
        for (uint32_t i = 0; i < golden->model->n_layers; i++)
            check_layer(golden, &rig, state, plan, f, i);
        ar_net_end_frame(rig.net);
        naive_end_frame(state);
    }
    rig_finish(&rig);
    naive_state_destroy(state);
}

static uint32_t best_flags(void)
{
    uint32_t flags = 0;

    ck_assert_int_eq(ar_cpu_flags(&flags, NULL), 0);
    return flags;
}

START_TEST(test_layers)
{
    struct golden golden;

    golden_open(&golden, fixtures[_i]);
    for (size_t p = 0; p < json_array_size(golden.plans); p++) {
        check_plan(&golden, p, 0);
        check_plan(&golden, p, best_flags() & ~(uint32_t)AR_CPU_AVX512);
        check_plan(&golden, p, best_flags());
    }
    golden_close(&golden);
}
END_TEST

/* Greatest difference of a map from golden values, relative to the greatest of these. */
static double relative_error(const struct ar_tensor *map,
                             const struct ar_safetensors_view *want)
{
    double error = 0;
    double peak = 0;

    for (size_t i = 0; i < want->n_values; i++) {
        const size_t n_pixels = (size_t)map->height * map->width;
        const uint32_t y = (uint32_t)(i % n_pixels / map->width);
        const float got = ar_tensor_plane(map, y, (uint32_t)(i / n_pixels))[i % map->width];

        error = fmax(error, fabs((double)got - (double)want->data[i]));
        peak = fmax(peak, fabs((double)want->data[i]));
    }
    return error / peak;
}

/*
 * The same by the way that frames go, segment by segment. Errors of some fifteen layers pile up
 * here: each layer adds about sqrt(terms) * 2^-24 of its size, instance norms with small
 * variances magnify it by tens. 1e-3 is far above that sum, and far below any mistake: a row, a
 * tap or a rung that is wrong shows at 1e-1.
 */
START_TEST(test_frames)
{
    struct golden golden;

    golden_open(&golden, fixtures[_i]);
    for (size_t p = 0; p < json_array_size(golden.plans); p++) {
        const uint32_t last = golden.model->n_layers - 1;
        struct rig rig;

        rig_init(&rig, golden.model, golden.width_px, golden.height_px, best_flags());
        for (uint32_t f = 0; f < golden.n_frames; f++) {
            struct ar_safetensors_view want;
            double error;
            char name[96];

            fill_planes(&golden, rig.net, f);
            for (uint32_t s = 0; s < golden.model->n_segments; s++)
                ar_net_run(rig.net, s, rung_of(&golden, p, s));
            ar_net_end_frame(rig.net);
            snprintf(name, sizeof(name), "plan%zu.frame%u.%s", p, f,
                     golden.model->layers[last].name);
            want = find(&golden, name);
            error = relative_error(ar_net_layer(rig.net, last), &want);
            ck_assert_msg(error < 1e-3, "%s: %g", name, error);
        }
        rig_finish(&rig);
    }
    golden_close(&golden);
}
END_TEST

#define WIDTH_PX  96
#define HEIGHT_PX 64

struct picture {
    struct ar_frame frame;
    uint8_t *memory;
    size_t size_b;
};

static void picture_init(struct picture *picture)
{
    const struct ar_frame_shape shape = { WIDTH_PX, HEIGHT_PX, AR_FRAME_I420, AR_FRAME_FULL };

    memset(picture, 0, sizeof(*picture));
    picture->size_b = ar_frame_size_b(&shape);
    picture->memory = calloc(1, picture->size_b);
    ar_frame_map(&picture->frame, &shape, picture->memory);
}

/* Waves, a moving edge and fixed noise. */
static void draw(struct picture *picture, uint32_t time)
{
    for (uint32_t p = 0; p < 3; p++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&picture->frame.shape, p); y++)
            for (uint32_t x = 0; x < ar_frame_plane_width_b(&picture->frame.shape, p); x++) {
                const double wave = 60 * sin(0.2 * (x + time)) * cos(0.13 * y + p);
                const double edge = x > 30 + 2 * time ? 40 : 0;
                const double noise = (double)((x * 7919 + y * 104729 + p) % 17);

                picture->frame.planes[p].data[y * picture->frame.planes[p].stride_b + x] =
                    (uint8_t)(90 + wave + edge + noise);
            }
}

/* The encoder at one rung, the decoder at another. */
static void paint_mixed(const struct rig *rig, const struct picture *in, struct picture *out,
                        uint32_t rung, uint32_t decoder_rung)
{
    struct ar_encoder *encoder;
    struct ar_decoder *decoder;

    ck_assert_int_eq(ar_encoder_create(&encoder, rig->net), 0);
    ck_assert_int_eq(ar_decoder_create(&decoder, rig->net, NULL, NULL), 0);
    ar_encoder_run(encoder, &in->frame, rung);
    for (uint32_t s = 0; s + 1 < ar_decoder_n_segments(decoder); s++)
        ar_decoder_run(decoder, s, decoder_rung);
    ar_decoder_paint(decoder, decoder_rung, &in->frame, &out->frame);
    ar_decoder_destroy(decoder);
    ar_encoder_destroy(encoder);
}

static void paint(const struct rig *rig, const struct picture *in, struct picture *out,
                  uint32_t rung)
{
    paint_mixed(rig, in, out, rung, rung);
}

static double psnr_db(const struct picture *a, const struct picture *b, double *peak)
{
    double squares = 0;

    *peak = 0;
    for (size_t i = 0; i < a->size_b; i++) {
        const double d = fabs((double)a->memory[i] - (double)b->memory[i]);

        squares += d * d / (double)a->size_b;
        *peak = fmax(*peak, d);
    }
    return squares > 0 ? 10 * log10(255 * 255 / squares) : HUGE_VAL;
}

/* PSNR of at least 60 dB and no byte more than 2 off: rounding may fall to either side. */
static void expect_close(const struct picture *a, const struct picture *b, const char *what)
{
    double peak;
    const double psnr = psnr_db(a, b, &peak);

    ck_assert_msg(psnr >= 60 && peak <= 2, "%s: %.1f dB, peak %.0f", what, psnr, peak);
}

static const char *const models[] = {
    FOLDER "fixture.safetensors",      FOLDER "fixture_rgb.safetensors",
    STYLES "starry_night.safetensors", STYLES "great_wave.safetensors",
    STYLES "scream.safetensors",
};
static const char *const *const shipped = models + 2;

START_TEST(test_tiers)
{
    struct ar_reason reason = { "" };
    struct ar_model *model;
    struct picture in;
    struct picture out[2];

    ck_assert_msg(ar_model_open(&model, models[_i], &reason) == 0, "%s", reason.text);
    picture_init(&in);
    picture_init(&out[0]);
    picture_init(&out[1]);
    for (uint32_t rung = 0; rung < model->n_rungs; rung++) {
        struct rig rigs[2];

        rig_init(&rigs[0], model, WIDTH_PX, HEIGHT_PX, 0);
        rig_init(&rigs[1], model, WIDTH_PX, HEIGHT_PX, best_flags());
        for (uint32_t f = 0; f < 3; f++) {
            char what[256];

            draw(&in, f);
            paint(&rigs[0], &in, &out[0], rung);
            paint(&rigs[1], &in, &out[1], rung);
            snprintf(what, sizeof(what), "%s, rung %u, frame %u", models[_i], rung, f);
            expect_close(&out[0], &out[1], what);
        }
        rig_finish(&rigs[0]);
        rig_finish(&rigs[1]);
    }
    free(in.memory);
    free(out[0].memory);
    free(out[1].memory);
    ar_model_close(model);
}
END_TEST

/*
 * Int8: the reference and the fastest tier give the same bytes but where the float32 product of the planes falls to
 * another side of a half; against float32 the picture is the same to the eye.
 */
START_TEST(test_int8)
{
    struct ar_reason reason = { "" };
    struct ar_model *model;
    struct picture in;
    struct picture out[3];

    ck_assert_msg(ar_model_open(&model, shipped[_i], &reason) == 0, "%s", reason.text);
    picture_init(&in);
    for (size_t i = 0; i < AR_ARRAY_LEN(out); i++)
        picture_init(&out[i]);
    for (uint32_t rung = 0; rung < model->n_rungs; rung++) {
        struct rig rigs[3];

        rig_init_at(&rigs[0], model, WIDTH_PX, HEIGHT_PX, 0, AR_NET_INT8);
        rig_init_at(&rigs[1], model, WIDTH_PX, HEIGHT_PX, best_flags(), AR_NET_INT8);
        rig_init(&rigs[2], model, WIDTH_PX, HEIGHT_PX, best_flags());
        for (uint32_t f = 0; f < 3; f++) {
            double peak;
            double psnr;
            char what[256];

            draw(&in, f);
            for (size_t i = 0; i < AR_ARRAY_LEN(out); i++)
                paint(&rigs[i], &in, &out[i], rung);
            snprintf(what, sizeof(what), "%s, rung %u, frame %u", shipped[_i], rung, f);
            expect_close(&out[0], &out[1], what);
            psnr = psnr_db(&out[1], &out[2], &peak);
            ck_assert_msg(psnr >= 28, "%s: int8 is %.1f dB from float32", what, psnr);
        }
        for (size_t i = 0; i < AR_ARRAY_LEN(rigs); i++)
            rig_finish(&rigs[i]);
    }
    free(in.memory);
    for (size_t i = 0; i < AR_ARRAY_LEN(out); i++)
        free(out[i].memory);
    ar_model_close(model);
}
END_TEST

/* The encoder at one width and the decoder at another: steps of maps are those of the rung that made them. */
START_TEST(test_int8_mixed)
{
    struct ar_reason reason = { "" };
    struct ar_model *model;
    struct picture in;
    struct picture out[2];

    ck_assert_msg(ar_model_open(&model, STYLES "scream.safetensors", &reason) == 0, "%s",
                  reason.text);
    picture_init(&in);
    picture_init(&out[0]);
    picture_init(&out[1]);
    draw(&in, 0);
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t narrow = i == 0 ? 0 : model->n_rungs - 1;
        const uint32_t wide = model->n_rungs - 1 - narrow;
        struct rig rigs[2];
        double peak;
        double psnr;

        for (uint32_t r = 0; r < 2; r++) {
            rig_init_at(&rigs[r], model, WIDTH_PX, HEIGHT_PX, best_flags(),
                        r == 0 ? AR_NET_INT8 : AR_NET_F32);
            paint_mixed(&rigs[r], &in, &out[r], narrow, wide);
        }
        psnr = psnr_db(&out[0], &out[1], &peak);
        ck_assert_msg(psnr >= 28, "rungs %u then %u: %.1f dB from float32", narrow, wide, psnr);
        rig_finish(&rigs[0]);
        rig_finish(&rigs[1]);
    }
    free(in.memory);
    free(out[0].memory);
    free(out[1].memory);
    ar_model_close(model);
}
END_TEST

/* A model without ranges, and one whose layers int8 does not know, are refused with the reason. */
START_TEST(test_int8_refused)
{
    struct ar_reason reason = { "" };
    struct ar_model *model;

    ck_assert_int_eq(ar_model_open(&model, FOLDER "fixture.safetensors", &reason), 0);
    model->has_int8_ranges = false;
    ck_assert_int_eq(ar_net_check_int8(model, &reason), -ENOTSUP);
    ck_assert_ptr_nonnull(strstr(reason.text, "no int8 ranges"));
    model->has_int8_ranges = true;
    ck_assert_int_eq(ar_net_check_int8(model, &reason), -ENOTSUP);
    ck_assert_ptr_nonnull(strstr(reason.text, "layer '"));
    ar_model_close(model);
}
END_TEST

/* The trainer's count of a file is ours. */
START_TEST(test_macs)
{
    struct ar_reason reason = { "" };
    struct ar_model *model;

    ck_assert_msg(ar_model_open(&model, models[_i], &reason) == 0, "%s", reason.text);
    for (uint32_t rung = 0; rung < model->n_rungs; rung++) {
        uint32_t rungs[AR_MODEL_MAX_SEGMENTS];
        uint64_t sum = 0;

        for (uint32_t s = 0; s < AR_MODEL_MAX_SEGMENTS; s++)
            rungs[s] = rung;
        for (uint32_t s = 0; s < model->n_segments; s++)
            sum += ar_model_segment_macs(model, s, rungs, 640, 360);
        ck_assert_uint_eq(sum, model->info.trainer_macs[rung]);
    }
    ar_model_close(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden");
    TCase *const tc = tcase_create("all");
    TCase *const int8 = tcase_create("int8");

    tcase_set_timeout(tc, 120);
    tcase_set_timeout(int8, 120);
    tcase_add_loop_test(tc, test_layers, 0, (int)AR_ARRAY_LEN(fixtures));
    tcase_add_loop_test(tc, test_frames, 0, (int)AR_ARRAY_LEN(fixtures));
    tcase_add_loop_test(tc, test_tiers, 0, (int)AR_ARRAY_LEN(models));
    tcase_add_loop_test(tc, test_macs, 0, (int)AR_ARRAY_LEN(models));
    suite_add_tcase(suite, tc);
    tcase_add_loop_test(int8, test_int8, 0, 3);
    tcase_add_test(int8, test_int8_mixed);
    tcase_add_test(int8, test_int8_refused);
    suite_add_tcase(suite, int8);
    return ar_suite_run(suite);
}
