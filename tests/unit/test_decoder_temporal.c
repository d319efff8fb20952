/* SPDX-License-Identifier: MIT */
/* The filter alone: frames stand for what a camera saw and what a network made of it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "decoder/temporal.h"
#include "tests/suite.h"
#include "tests/unit/nn_style.h"

#define WIDTH_PX  128 /* rows of every plane are full: all of a picture's memory is picture */
#define HEIGHT_PX 64
#define CALM      0.7

struct picture {
    struct ar_frame frame;
    uint8_t *memory;
    size_t size_b;
};

static void picture_init(struct picture *picture, enum ar_frame_format format)
{
    const struct ar_frame_shape shape = { WIDTH_PX, HEIGHT_PX, format, AR_FRAME_FULL };

    memset(picture, 0, sizeof(*picture));
    picture->size_b = ar_frame_size_b(&shape);
    picture->memory = calloc(1, picture->size_b);
    ar_frame_map(&picture->frame, &shape, picture->memory);
}

struct rig {
    struct ar_kernels kernels;
    struct ar_workers *workers;
    struct ar_decoder_temporal *temporal;
    struct picture in;
    struct picture painted;
    struct picture shown;
};

static void set_calm(struct rig *rig, double calm)
{
    ar_decoder_temporal_set_params(rig->temporal, &(struct ar_decoder_params){ calm });
}

static void rig_init_formats(struct rig *rig, enum ar_frame_format in, enum ar_frame_format out,
                             uint32_t n_threads)
{
    ar_kernels_init(&rig->kernels, 0);
    ck_assert_int_eq(ar_workers_create(&rig->workers, n_threads), 0);
    picture_init(&rig->in, in);
    picture_init(&rig->painted, out);
    picture_init(&rig->shown, out);
    ck_assert_int_eq(ar_decoder_temporal_create(&rig->temporal, &rig->shown.frame.shape,
                                                &rig->kernels, rig->workers),
                     0);
    set_calm(rig, CALM);
}

static void rig_init(struct rig *rig)
{
    rig_init_formats(rig, AR_FRAME_I420, AR_FRAME_I420, 1);
}

static void rig_finish(struct rig *rig)
{
    ar_decoder_temporal_destroy(rig->temporal);
    free(rig->in.memory);
    free(rig->painted.memory);
    free(rig->shown.memory);
    ar_workers_destroy(rig->workers);
}

static void calm_pairs(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    struct rig *const rig = user;

    ar_decoder_temporal_rows(rig->temporal, &rig->shown.frame, first, end, worker);
}

/* Makes rig->painted into rig->shown. */
static void show(struct rig *rig)
{
    memcpy(rig->shown.memory, rig->painted.memory, rig->painted.size_b);
    if (!ar_decoder_temporal_begin(rig->temporal, &rig->in.frame))
        return;
    ar_workers_run(rig->workers, calm_pairs, rig, HEIGHT_PX / 2, 3);
    ar_decoder_temporal_end(rig->temporal);
}

static int most_off(const struct rig *rig)
{
    int most = 0;

    for (size_t i = 0; i < rig->shown.size_b; i++) {
        const int off = abs(rig->shown.memory[i] - rig->painted.memory[i]);

        most = off > most ? off : most;
    }
    return most;
}

static void fill(struct picture *picture, uint8_t value)
{
    memset(picture->memory, value, picture->size_b);
}

/* Every byte within `levels` of `value`, each as likely. */
static void draw_noise(struct picture *picture, struct nn_random *random, int value, int levels)
{
    for (size_t i = 0; i < picture->size_b; i++)
        picture->memory[i] =
            (uint8_t)(value - levels + (int)nn_random_below(random, 2 * (uint32_t)levels + 1));
}

/* Mean change of every byte from frame to frame, as painted and as shown. */
struct flicker {
    double painted;
    double shown;
};

static struct flicker measure(struct rig *rig, struct nn_random *random, int in_levels,
                              uint32_t n_frames)
{
    uint8_t *const painted = malloc(rig->painted.size_b);
    uint8_t *const shown = malloc(rig->shown.size_b);
    struct flicker flicker = { 0 };

    for (uint32_t f = 0; f < 2 * n_frames; f++) {
        memcpy(painted, rig->painted.memory, rig->painted.size_b);
        memcpy(shown, rig->shown.memory, rig->shown.size_b);
        draw_noise(&rig->in, random, 120, in_levels);
        draw_noise(&rig->painted, random, 120, 8);
        show(rig);
        for (size_t i = 0; f >= n_frames && i < rig->shown.size_b; i++) {
            flicker.painted += abs(rig->painted.memory[i] - painted[i]);
            flicker.shown += abs(rig->shown.memory[i] - shown[i]);
        }
    }
    free(painted);
    free(shown);
    return flicker;
}

/*
 * White noise of variance 1 changes by a variance of 2 from frame to frame; after a recursive filter of gain
 * k, by 2 k^2 / (2 - k). So the flicker falls by k / sqrt(2 - k), 0.230 at 0.3; rounding to bytes adds some.
 */
START_TEST(noise_is_calmed)
{
    static const struct {
        int in_levels; /* of the camera, to either side: deviation 0.58 times as much */
        double least;
        double most;
    } cases[] = { { 0, 0.22, 0.25 }, { 4, 0.22, 0.25 }, { 10, 0.22, 0.27 } };
    struct nn_random random = nn_random_seed(1);

    for (size_t i = 0; i < AR_ARRAY_LEN(cases); i++) {
        struct flicker flicker;
        struct rig rig;

        rig_init_formats(&rig, _i / AR_FRAME_N_FORMATS, _i % AR_FRAME_N_FORMATS, 1);
        flicker = measure(&rig, &random, cases[i].in_levels, 60);
        ck_assert_msg(flicker.shown > cases[i].least * flicker.painted &&
                          flicker.shown < cases[i].most * flicker.painted,
                      "noise of %d: %g", cases[i].in_levels, flicker.shown / flicker.painted);
        rig_finish(&rig);
    }
}
END_TEST

/* Every byte that belongs to pixel column x or beyond. */
static void draw_edge(struct picture *picture, uint32_t x, uint8_t left, uint8_t right)
{
    const struct ar_frame_shape *shape = &picture->frame.shape;

    for (uint32_t p = 0; p < ar_frame_n_planes(shape->format); p++) {
        const uint32_t width_b = ar_frame_plane_width_b(shape, p);

        for (uint32_t y = 0; y < ar_frame_plane_rows(shape, p); y++)
            for (uint32_t i = 0; i < width_b; i++)
                picture->frame.planes[p].data[y * picture->frame.planes[p].stride_b + i] =
                    (uint64_t)i * WIDTH_PX / width_b < x ? left : right;
    }
}

/* What an edge uncovers is the new picture at once, at either contrast, and stays it. */
START_TEST(edges_leave_no_ghost)
{
    static const uint8_t rights[] = { 230, 64 };
    struct rig rig;

    rig_init_formats(&rig, _i / AR_FRAME_N_FORMATS, _i % AR_FRAME_N_FORMATS, 2);
    for (size_t i = 0; i < AR_ARRAY_LEN(rights); i++) {
        for (uint32_t x = 4; x < WIDTH_PX; x += 4) {
            draw_edge(&rig.in, x, 40, rights[i]);
            draw_edge(&rig.painted, x, 200, (uint8_t)(210 - rights[i] / 2));
            show(&rig);
            ck_assert_msg(most_off(&rig) <= 1, "edge at %u: %d levels off", x, most_off(&rig));
        }
        ar_decoder_temporal_forget(rig.temporal);
    }
    rig_finish(&rig);
}
END_TEST

/* An edge between two colours of one luma is seen by what is painted. */
START_TEST(colours_leave_no_ghost)
{
    struct rig rig;

    rig_init(&rig);
    fill(&rig.in, 100);
    fill(&rig.painted, 60);
    show(&rig);
    fill(&rig.painted, 60 + AR_CALM_OPEN_TO);
    show(&rig);
    ck_assert_int_le(most_off(&rig), 1);
    fill(&rig.painted, 60 + AR_CALM_OPEN_TO - AR_CALM_OPEN_FROM + 10);
    show(&rig); /* a difference of 22: calmed */
    ck_assert_int_eq(most_off(&rig), 15);
    rig_finish(&rig);
}
END_TEST

/*
 * Light that rises by a level a frame is noise at each step, yet what is shown falls behind by no more than
 * the highest noise level lets it, where the gain alone would let it by 20.
 */
START_TEST(slow_light_is_followed)
{
    int most = 0;
    struct rig rig;

    rig_init(&rig);
    set_calm(&rig, 0.95);
    for (uint32_t f = 0; f < 200; f++) {
        fill(&rig.in, (uint8_t)(40 + f));
        fill(&rig.painted, (uint8_t)(40 + f));
        show(&rig);
        most = most_off(&rig) > most ? most_off(&rig) : most;
    }
    ck_assert_int_ge(most, 3);
    ck_assert_int_le(most, 7);
    rig_finish(&rig);
}
END_TEST

START_TEST(converges_to_the_byte)
{
    static const double calms[] = { 0.3, CALM, 0.95 };
    struct nn_random random = nn_random_seed(3);
    struct rig rig;

    rig_init(&rig);
    fill(&rig.in, 100);
    for (size_t i = 0; i < AR_ARRAY_LEN(calms); i++) {
        set_calm(&rig, calms[i]);
        for (int value = 0; value <= 255; value += 51) {
            draw_noise(&rig.painted, &random, 128, 30);
            show(&rig);
            fill(&rig.painted, (uint8_t)value);
            for (uint32_t f = 0; f < 120; f++)
                show(&rig);
            ck_assert_int_eq(most_off(&rig), 0);
        }
    }
    rig_finish(&rig);
}
END_TEST

/* After forget, and when it was off in between, the next frame is shown as painted. */
START_TEST(starts_over)
{
    struct nn_random random = nn_random_seed(4);
    struct rig rig;

    rig_init(&rig);
    for (uint32_t f = 0; f < 40; f++) {
        draw_noise(&rig.in, &random, 100 + (int)f, 6);
        draw_noise(&rig.painted, &random, 100 + (int)f, 30);
        if (f % 4 == 1)
            ar_decoder_temporal_forget(rig.temporal);
        if (f % 4 == 3) {
            set_calm(&rig, 0);
            set_calm(&rig, CALM);
        }
        show(&rig);
        if (f % 2 == 1 || f == 0)
            ck_assert_int_eq(most_off(&rig), 0);
        else
            ck_assert_int_ge(most_off(&rig), 5);
    }
    rig_finish(&rig);
}
END_TEST

/* Nothing that was shown before forget has a part in what is shown after, not by a bit. */
START_TEST(forgets_all)
{
    struct nn_random random = nn_random_seed(8);
    struct rig old;
    struct rig fresh;

    rig_init(&old);
    rig_init(&fresh);
    fill(&old.in, 10);
    fill(&old.painted, 250);
    show(&old);
    ar_decoder_temporal_forget(old.temporal);
    for (uint32_t f = 0; f < 30; f++) {
        draw_noise(&old.in, &random, 128, 4);
        draw_noise(&old.painted, &random, 128, 20);
        memcpy(fresh.in.memory, old.in.memory, old.in.size_b);
        memcpy(fresh.painted.memory, old.painted.memory, old.painted.size_b);
        show(&old);
        show(&fresh);
        ck_assert(memcmp(old.shown.memory, fresh.shown.memory, old.shown.size_b) == 0);
    }
    rig_finish(&old);
    rig_finish(&fresh);
}
END_TEST

START_TEST(off_changes_nothing)
{
    struct nn_random random = nn_random_seed(5);
    struct rig rig;

    rig_init(&rig);
    set_calm(&rig, 0);
    fill(&rig.in, 100);
    for (uint32_t f = 0; f < 3; f++) {
        draw_noise(&rig.painted, &random, 128, 100);
        ck_assert(!ar_decoder_temporal_begin(rig.temporal, &rig.in.frame));
        show(&rig);
        ck_assert_int_eq(most_off(&rig), 0);
    }
    rig_finish(&rig);
}
END_TEST

/* Left: noise that moves, if `shift` says so. Right: flat. */
static void draw_texture(struct picture *picture, uint32_t left_px, uint32_t shift)
{
    struct nn_random random = nn_random_seed(6);

    fill(picture, 120);
    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        for (uint32_t x = 0; x < WIDTH_PX; x++) {
            const uint8_t value = (uint8_t)(60 + nn_random_below(&random, 120));
            const uint32_t at = (x + 2 * shift) % WIDTH_PX;

            if (at < left_px)
                picture->frame.planes[0].data[y * picture->frame.planes[0].stride_b + at] =
                    value;
        }
}

/* How far the right edge is from what is painted there, a change of 10 levels. */
static int flat_lag(uint32_t left_px)
{
    struct rig rig;
    int lag;

    rig_init(&rig);
    for (uint32_t f = 0; f < 6; f++) {
        draw_texture(&rig.in, left_px, f);
        fill(&rig.painted, f < 5 ? 100 : 110);
        show(&rig);
    }
    lag = 110 - rig.shown.frame.planes[0].data[WIDTH_PX - 1];
    rig_finish(&rig);
    return lag;
}

/* Where most of the picture moves, flat areas are taken to move as well. */
START_TEST(pans_open_flat_areas)
{
    ck_assert_int_eq(flat_lag(0), 7);
    ck_assert_int_eq(flat_lag(WIDTH_PX / 8), 7);
    ck_assert_int_le(flat_lag(WIDTH_PX / 4 * 3), 1);
}
END_TEST

/*
 * Where something moves, strokes around it are repainted as well: those change by 5/8 at least, without a
 * seam up to where nothing reaches.
 */
START_TEST(repainting_reaches_around)
{
    struct rig rig;
    const uint8_t *row;

    rig_init(&rig);
    draw_edge(&rig.in, 8, 40, 200);
    fill(&rig.painted, 100);
    show(&rig);
    draw_edge(&rig.in, 12, 40, 200);
    fill(&rig.painted, 120);
    show(&rig);
    row = rig.shown.frame.planes[0].data + (size_t)(HEIGHT_PX / 2) * WIDTH_PX;
    for (uint32_t x = 0; x < WIDTH_PX; x++) {
        ck_assert_int_ge(row[x], x < 24 ? 112 : 106);
        if (x >= 40)
            ck_assert_int_eq(row[x], 106);
        if (x >= 16)
            ck_assert_int_le(abs(row[x - 1] - row[x]), 2);
    }
    rig_finish(&rig);
}
END_TEST

START_TEST(workers_do_not_matter)
{
    struct nn_random random = nn_random_seed(7);
    struct rig one;
    struct rig four;

    rig_init_formats(&one, AR_FRAME_YUYV, AR_FRAME_NV12, 1);
    rig_init_formats(&four, AR_FRAME_YUYV, AR_FRAME_NV12, 4);
    for (uint32_t f = 0; f < 60; f++) {
        draw_noise(&one.in, &random, 128, (int)(f % 7) + 3);
        draw_noise(&one.painted, &random, 128, 60);
        memcpy(four.in.memory, one.in.memory, one.in.size_b);
        memcpy(four.painted.memory, one.painted.memory, one.painted.size_b);
        show(&one);
        show(&four);
        ck_assert(memcmp(one.shown.memory, four.shown.memory, one.shown.size_b) == 0);
    }
    rig_finish(&one);
    rig_finish(&four);
}
END_TEST

START_TEST(option)
{
    struct ar_decoder_params params;
    const struct ar_option *const calm = ar_option_find(ar_decoder_options, "calm");
    struct ar_reason reason;

    ar_option_defaults(ar_decoder_options, &params);
    ck_assert_double_eq(params.calm, CALM);
    ck_assert_int_eq(ar_option_parse(calm, &params, "off", &reason), 0);
    ck_assert_double_eq(params.calm, 0);
    ck_assert_int_eq(ar_option_parse(calm, &params, "0", &reason), 0);
    ck_assert_int_eq(ar_option_parse(calm, &params, "0.95", &reason), 0);
    ck_assert_int_lt(ar_option_parse(calm, &params, "1", &reason), 0);
    ck_assert_int_lt(ar_option_parse(calm, &params, "-0.1", &reason), 0);
    ck_assert_int_eq(calm->apply, AR_OPTION_LIVE);
}
END_TEST

int main(void)
{
    const int n_pairs = AR_FRAME_N_FORMATS * AR_FRAME_N_FORMATS;
    Suite *suite = suite_create("decoder_temporal");
    TCase *tc = tcase_create("all");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, noise_is_calmed, 0, n_pairs);
    tcase_add_loop_test(tc, edges_leave_no_ghost, 0, n_pairs);
    tcase_add_test(tc, colours_leave_no_ghost);
    tcase_add_test(tc, slow_light_is_followed);
    tcase_add_test(tc, converges_to_the_byte);
    tcase_add_test(tc, starts_over);
    tcase_add_test(tc, forgets_all);
    tcase_add_test(tc, off_changes_nothing);
    tcase_add_test(tc, pans_open_flat_areas);
    tcase_add_test(tc, repainting_reaches_around);
    tcase_add_test(tc, workers_do_not_matter);
    tcase_add_test(tc, option);
    suite_add_tcase(suite, tc);
    return ar_suite_run(suite);
}
