/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "decoder/decoder.h"
#include "encoder/cut.h"
#include "encoder/encoder.h"
#include "nn/net.h"
#include "tests/suite.h"
#include "tests/unit/nn_style.h"

#define WIDTH_PX  96
#define HEIGHT_PX 64

/* Gives back what comes in: the last layer is the identity of the planes. */
#define IDENTITY(planes, offset, n)                                                         \
    "{\"planes\":\"" planes "\",\"offset\":" offset ",\"gain\":4,\"border\":\"replicate\"," \
    "\"instance_rate\":0.2,\"widths\":[0.5,1],\"layers\":["                                 \
    "{\"name\":\"a\",\"op\":\"conv\",\"input\":\"planes\",\"segment\":0,"                   \
    "\"channels\":[8,16],\"norm\":\"instance\"},"                                           \
    "{\"name\":\"b\",\"op\":\"pointwise\",\"input\":\"a\",\"segment\":1,"                   \
    "\"channels\":[8,16]},"                                                                 \
    "{\"name\":\"out\",\"op\":\"pointwise\",\"input\":\"planes\",\"segment\":2,"            \
    "\"channels\":[" n "," n "]}]}"

static const char yuv420_identity[] = IDENTITY("yuv420", "[0.45,0.45,0.45,0.45,0.5,0.5]", "6");
static const char rgb_identity[] = IDENTITY("rgb", "[0.45,0.45,0.45]", "3");

struct rig {
    struct ar_model *model;
    struct ar_kernels kernels;
    struct ar_workers *workers;
    struct ar_net *net;
    struct ar_encoder *encoder;
    struct ar_decoder *decoder;
};

static void rig_init(struct rig *rig, const char *architecture, uint32_t n_planes,
                     uint32_t n_threads)
{
    struct nn_style style;
    struct ar_reason reason = { "" };
    uint8_t *bytes;
    size_t size_b;

    nn_style_init(&style, architecture, 1);
    for (uint32_t i = 0; i < n_planes; i++) {
        for (uint32_t k = 0; k < n_planes; k++)
            nn_style_values(&style, "out.weight")[i * n_planes + k] = i == k ? 1 : 0;
        nn_style_values(&style, "out.bias")[i] = 0;
    }
    bytes = nn_style_bytes(&style, &size_b);
    ck_assert_msg(ar_model_parse(&rig->model, "x", bytes, size_b, &reason) == 0, "%s",
                  reason.text);
    free(bytes);
    nn_style_finish(&style);
    ar_kernels_init(&rig->kernels, 0);
    ck_assert_int_eq(ar_workers_create(&rig->workers, n_threads), 0);
    ck_assert_int_eq(ar_net_create(&rig->net,
                                   &(struct ar_net_params){ .model = rig->model,
                                                            .kernels = &rig->kernels,
                                                            .workers = rig->workers,
                                                            .width_px = WIDTH_PX,
                                                            .height_px = HEIGHT_PX,
                                                            .keep_all = true },
                                   &reason),
                     0);
    ck_assert_int_eq(ar_encoder_create(&rig->encoder, rig->net), 0);
    ck_assert_int_eq(ar_decoder_create(&rig->decoder, rig->net, NULL, NULL), 0);
}

static void rig_finish(struct rig *rig)
{
    ar_decoder_destroy(rig->decoder);
    ar_encoder_destroy(rig->encoder);
    ar_net_destroy(rig->net);
    ar_workers_destroy(rig->workers);
    ar_model_close(rig->model);
}

struct picture {
    struct ar_frame frame;
    uint8_t *memory;
    size_t size_b;
};

static void picture_init(struct picture *picture, enum ar_frame_format format,
                         enum ar_frame_range range)
{
    const struct ar_frame_shape shape = { WIDTH_PX, HEIGHT_PX, format, range };

    memset(picture, 0, sizeof(*picture));
    picture->size_b = ar_frame_size_b(&shape);
    picture->memory = calloc(1, picture->size_b);
    ar_frame_map(&picture->frame, &shape, picture->memory);
}

/* Any bytes that every format and range allows, smooth so that subsampled chroma comes back. */
static void draw_bytes(struct picture *picture)
{
    for (uint32_t p = 0; p < ar_frame_n_planes(picture->frame.shape.format); p++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&picture->frame.shape, p); y++)
            for (uint32_t x = 0; x < ar_frame_plane_width_b(&picture->frame.shape, p); x++)
                picture->frame.planes[p].data[y * picture->frame.planes[p].stride_b + x] =
                    (uint8_t)(100 + x / 4 % 40 + y / 2 + 20 * p);
}

static bool run(const struct rig *rig, const struct picture *in, struct picture *out,
                uint32_t rung)
{
    const bool is_cut = ar_encoder_run(rig->encoder, &in->frame, rung);

    for (uint32_t s = 0; s + 1 < ar_decoder_n_segments(rig->decoder); s++)
        ar_decoder_run(rig->decoder, s, rung);
    ar_decoder_paint(rig->decoder, rung, &in->frame, &out->frame);
    return is_cut;
}

static int largest_difference(const struct picture *a, const struct picture *b)
{
    const struct ar_frame_shape *shape = &a->frame.shape;
    int largest = 0;

    for (uint32_t p = 0; p < ar_frame_n_planes(shape->format); p++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(shape, p); y++)
            for (uint32_t x = 0; x < ar_frame_plane_width_b(shape, p); x++) {
                const int d = a->frame.planes[p].data[y * a->frame.planes[p].stride_b + x] -
                              b->frame.planes[p].data[y * b->frame.planes[p].stride_b + x];

                /* The fourth byte of an XRGB pixel means nothing. */
                if (shape->format != AR_FRAME_XRGB || x % 4 != 3)
                    largest = abs(d) > largest ? abs(d) : largest;
            }
    return largest;
}

/* What goes in comes out, through planes of either kind, 1 and 3 workers, at any rung. */
START_TEST(test_identity)
{
    static const struct {
        enum ar_frame_format format;
        enum ar_frame_range range;
        int yuv420_levels; /* most that a byte may change */
    } cases[] = {
        { AR_FRAME_I420, AR_FRAME_FULL, 0 },    { AR_FRAME_I420, AR_FRAME_LIMITED, 0 },
        { AR_FRAME_NV12, AR_FRAME_FULL, 0 },    { AR_FRAME_NV12, AR_FRAME_LIMITED, 0 },
        { AR_FRAME_YUYV, AR_FRAME_LIMITED, 1 }, { AR_FRAME_XRGB, AR_FRAME_FULL, 2 },
    };
    struct rig rig;

    rig_init(&rig, yuv420_identity, 6, _i == 0 ? 1 : 3);
    ck_assert_uint_eq(ar_decoder_n_segments(rig.decoder), 2);
    for (size_t i = 0; i < AR_ARRAY_LEN(cases); i++) {
        struct picture in;
        struct picture out;
        int difference;

        picture_init(&in, cases[i].format, cases[i].range);
        picture_init(&out, cases[i].format, cases[i].range);
        draw_bytes(&in);
        if (cases[i].format == AR_FRAME_XRGB) /* one grey: any colour has chroma to lose */
            memset(in.memory, 117, in.size_b);
        run(&rig, &in, &out, (uint32_t)i % 2);
        difference = largest_difference(&in, &out);
        ck_assert_msg(difference <= cases[i].yuv420_levels, "format %d: %d levels",
                      (int)cases[i].format, difference);
        free(in.memory);
        free(out.memory);
    }
    rig_finish(&rig);
}
END_TEST

START_TEST(test_identity_rgb)
{
    struct picture in;
    struct picture out;
    struct rig rig;

    rig_init(&rig, rgb_identity, 3, 2);
    picture_init(&in, AR_FRAME_XRGB, AR_FRAME_FULL);
    picture_init(&out, AR_FRAME_XRGB, AR_FRAME_FULL);
    draw_bytes(&in);
    run(&rig, &in, &out, 0);
    ck_assert_int_eq(largest_difference(&in, &out), 0);
    rig_finish(&rig);
    free(in.memory);
    free(out.memory);
}
END_TEST

/* The halo of the planes is filled: the first layer sees the border, not what was in memory. */
START_TEST(test_halo)
{
    struct picture in;
    struct rig rig;
    const struct ar_tensor *planes;

    rig_init(&rig, _i == 0 ? yuv420_identity : rgb_identity, _i == 0 ? 6 : 3, 1);
    picture_init(&in, AR_FRAME_I420, AR_FRAME_FULL);
    draw_bytes(&in);
    planes = ar_net_planes(rig.net);
    ar_encoder_run(rig.encoder, &in.frame, 0);
    for (uint32_t y = 0; y < planes->height; y++) {
        for (uint32_t c = 0; c < planes->channels; c++) {
            const float *const plane = ar_tensor_plane(planes, y, c);
            const float *const end = plane + planes->width;

            ck_assert(plane[0] != 0);
            for (ptrdiff_t i = 0; i < AR_TENSOR_HALO; i++)
                ck_assert(plane[-1 - i] == plane[0] && end[i] == end[-1]);
        }
    }
    rig_finish(&rig);
    free(in.memory);
}
END_TEST

struct scene {
    double phase; /* another phase is another picture */
    double shift_px;
    double gain;
    double contrast;
    uint32_t noise_seed;
};

/* Blobs as large as cells, fine detail, sensor noise of some levels. */
static void draw_scene(struct picture *picture, const struct scene *scene)
{
    struct nn_random random = nn_random_seed(scene->noise_seed);

    memset(picture->memory, 128, picture->size_b);
    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        for (uint32_t x = 0; x < WIDTH_PX; x++) {
            const double u = (x + scene->shift_px) / WIDTH_PX;
            const double v = (double)y / HEIGHT_PX;
            const double blobs = sin(9 * u + 5 * scene->phase) * cos(7 * v + scene->phase) +
                                 0.7 * sin(4 * u - 6 * v + 3 * scene->phase);
            const double detail = 0.3 * sin(40 * u + 31 * v);
            const double level = 110 + 50 * scene->contrast * (blobs + detail);
            const double noisy = scene->gain * level + 3 * nn_random_normal(&random);

            picture->frame.planes[0].data[y * picture->frame.planes[0].stride_b + x] =
                (uint8_t)fmin(fmax(noisy, 0), 255);
        }
}

/* Whether a frame of `after` is a cut when it follows one of `before`. */
static bool cuts(const char *architecture, uint32_t n_planes, const struct scene *before,
                 const struct scene *after)
{
    struct picture picture;
    struct rig rig;
    bool is_cut;

    rig_init(&rig, architecture, n_planes, 2);
    picture_init(&picture, AR_FRAME_I420, AR_FRAME_LIMITED);
    draw_scene(&picture, before);
    ck_assert(!ar_encoder_run(rig.encoder, &picture.frame, 0));
    draw_scene(&picture, after);
    is_cut = ar_encoder_run(rig.encoder, &picture.frame, 0);
    rig_finish(&rig);
    free(picture.memory);
    return is_cut;
}

START_TEST(test_cuts)
{
    static const struct {
        const char *what;
        struct scene before;
        struct scene after;
        bool is_cut;
    } cases[] = {
        { "noise", { 0, 0, 1, 1, 1 }, { 0, 0, 1, 1, 2 }, false },
        { "noise on a wall", { 0, 0, 1, 0, 1 }, { 0, 0, 1, 0, 2 }, false },
        { "noise in the dark", { 0, 0, 0.02, 1, 1 }, { 0, 0, 0.02, 1, 2 }, false },
        { "a pan of 6 %", { 0, 0, 1, 1, 1 }, { 0, 0.06 * WIDTH_PX, 1, 1, 2 }, false },
        { "a pan back of 6 %", { 1, 0, 1, 1, 1 }, { 1, -0.06 * WIDTH_PX, 1, 1, 2 }, false },
        { "exposure up", { 0, 0, 1, 1, 1 }, { 0, 0, 1.15, 1, 2 }, false },
        { "exposure down", { 0, 0, 1, 1, 1 }, { 0, 0, 0.85, 1, 2 }, false },
        { "another scene", { 0, 0, 1, 1, 1 }, { 1.3, 0, 1, 1, 2 }, true },
        { "another scene, pale", { 0.5, 0, 1, 0.5, 1 }, { 3.2, 0, 1, 0.5, 2 }, true },
        { "from black", { 0, 0, 0, 1, 1 }, { 0, 0, 1, 1, 2 }, true },
        { "a cloud", { 0, 0, 1, 0.5, 1 }, { 0, 0, 0.75, 0.667, 2 }, false },
        { "a lamp", { 0, 0, 0.5, 1, 1 }, { 0, 0, 1, 0.5, 2 }, true },
        { "light switched off", { 0, 0, 1, 1, 1 }, { 0, 0, 0.3, 1, 2 }, true },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(cases); i++) {
        ck_assert_msg(cuts(yuv420_identity, 6, &cases[i].before, &cases[i].after) ==
                          cases[i].is_cut,
                      "%s, yuv420", cases[i].what);
        ck_assert_msg(cuts(rgb_identity, 3, &cases[i].before, &cases[i].after) ==
                          cases[i].is_cut,
                      "%s, rgb", cases[i].what);
    }
}
END_TEST

/* After a cut the network is as if new: the statistics of the old scene are gone. */
START_TEST(test_cut_forgets)
{
    static const struct scene old = { 0, 0, 1, 1, 1 };
    static const struct scene new = { 1.3, 0, 0.8, 1, 2 };
    struct picture picture;
    struct picture out;
    struct rig rig;
    struct rig fresh;
    const struct ar_tensor *a;
    const struct ar_tensor *b;

    rig_init(&rig, yuv420_identity, 6, 1);
    rig_init(&fresh, yuv420_identity, 6, 1);
    picture_init(&picture, AR_FRAME_NV12, AR_FRAME_FULL);
    picture_init(&out, AR_FRAME_NV12, AR_FRAME_FULL);
    draw_scene(&picture, &old);
    run(&rig, &picture, &out, 1);
    draw_scene(&picture, &new);
    ck_assert(run(&rig, &picture, &out, 1));
    ck_assert(!run(&fresh, &picture, &out, 1));
    a = ar_net_layer(rig.net, 0);
    b = ar_net_layer(fresh.net, 0);
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t c = 0; c < a->channels; c++)
            ck_assert(memcmp(ar_tensor_plane(a, y, c), ar_tensor_plane(b, y, c),
                             a->width * sizeof(float)) == 0);
    rig_finish(&rig);
    rig_finish(&fresh);
    free(picture.memory);
    free(out.memory);
}
END_TEST

/* What is emitted is calmed in all its rows: still, it takes its share of each picture. */
START_TEST(test_calm)
{
    struct ar_decoder_temporal *temporal;
    struct ar_decoder *plain;
    struct picture in;
    struct picture out;
    struct rig rig;

    rig_init(&rig, yuv420_identity, 6, 2);
    picture_init(&in, AR_FRAME_I420, AR_FRAME_FULL);
    picture_init(&out, AR_FRAME_NV12, AR_FRAME_FULL);
    ck_assert_int_eq(ar_decoder_temporal_create(&temporal, &out.frame.shape, &rig.kernels,
                                                rig.workers),
                     0);
    plain = rig.decoder;
    ck_assert_int_eq(ar_decoder_create(&rig.decoder, rig.net, temporal, NULL), 0);
    ar_decoder_temporal_set_params(temporal, &(struct ar_decoder_params){ 0.5 });
    for (uint32_t f = 0; f < 3; f++) {
        static const uint8_t shown[] = { 100, 101, 102 };

        memset(in.memory, f == 0 ? 100 : 102, in.size_b);
        run(&rig, &in, &out, 0);
        for (uint32_t p = 0; p < 2; p++)
            for (uint32_t y = 0; y < ar_frame_plane_rows(&out.frame.shape, p); y++)
                for (uint32_t x = 0; x < WIDTH_PX; x++)
                    ck_assert_uint_eq(out.frame.planes[p]
                                          .data[y * out.frame.planes[p].stride_b + x],
                                      shown[f]);
    }
    ar_decoder_destroy(plain);
    rig_finish(&rig);
    ar_decoder_temporal_destroy(temporal);
    free(in.memory);
    free(out.memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codec");
    TCase *tc = tcase_create("all");

    tcase_set_timeout(tc, 30);
    tcase_add_loop_test(tc, test_identity, 0, 2);
    tcase_add_test(tc, test_identity_rgb);
    tcase_add_loop_test(tc, test_halo, 0, 2);
    tcase_add_test(tc, test_cuts);
    tcase_add_test(tc, test_cut_forgets);
    tcase_add_test(tc, test_calm);
    suite_add_tcase(suite, tc);
    return ar_suite_run(suite);
}
