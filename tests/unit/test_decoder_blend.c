/* SPDX-License-Identifier: MIT */
/* What is laid over a painted picture, on frames that stand for camera, painting and the picture before. */
#include <check.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/pool.h"
#include "base/recode.h"
#include "base/workers.h"
#include "decoder/blend.h"
#include "tests/suite.h"
#include "tests/unit/nn_style.h"

#define WIDTH_PX  70 /* no multiple of what vectors do at once */
#define HEIGHT_PX 34
#define N_FRAMES  4
#define FADE_US   400000
#define PERIOD_US 40000

struct rig {
    struct ar_workers *workers;
    struct ar_decoder_blend *blend;
    struct ar_pool *cameras;
    struct ar_pool *paintings;
    struct ar_frame *in;
    struct ar_frame *out;
    struct ar_frame *want;
};

static void draw(struct ar_frame *frame, uint64_t seed)
{
    struct nn_random random = nn_random_seed(seed);
    const bool limited =
        frame->shape.range == AR_FRAME_LIMITED && frame->shape.format != AR_FRAME_XRGB;

    for (uint32_t p = 0; p < ar_frame_n_planes(frame->shape.format); p++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&frame->shape, p); y++)
            for (uint32_t x = 0; x < ar_frame_plane_width_b(&frame->shape, p); x++)
                frame->planes[p].data[(size_t)y * frame->planes[p].stride_b + x] =
                    (uint8_t)(limited ? 16 + nn_random_below(&random, 220)
                                      : nn_random_below(&random, 256));
}

static struct ar_pool *make_pool(enum ar_frame_format format, enum ar_frame_range range)
{
    const struct ar_frame_shape shape = { WIDTH_PX, HEIGHT_PX, format, range };
    struct ar_pool *pool;

    ck_assert_int_eq(ar_pool_create(&pool, &shape, N_FRAMES), 0);
    return pool;
}

static void rig_init(struct rig *rig, struct ar_pool *cameras, struct ar_pool *paintings,
                     uint32_t n_threads)
{
    ck_assert_int_eq(ar_workers_create(&rig->workers, n_threads), 0);
    rig->cameras = cameras;
    rig->paintings = paintings;
    rig->in = ar_pool_take(cameras);
    rig->out = ar_pool_take(paintings);
    rig->want = ar_pool_take(paintings);
    draw(rig->in, 1);
    draw(rig->out, 2);
    ck_assert_int_eq(ar_decoder_blend_create(&rig->blend, &rig->out->shape, n_threads), 0);
}

/* Fails where a frame was not given back. */
static void rig_finish(struct rig *rig)
{
    ar_decoder_blend_destroy(rig->blend);
    ar_frame_unref(&rig->in);
    ar_frame_unref(&rig->out);
    ar_frame_unref(&rig->want);
    ar_pool_destroy(rig->cameras);
    ar_pool_destroy(rig->paintings);
    ar_workers_destroy(rig->workers);
}

static void set_params(struct rig *rig, double strength, uint64_t fade_us)
{
    ar_decoder_blend_set_params(rig->blend, &(struct ar_decoder_blend_params){
                                                .strength = strength, .fade_us = fade_us });
}

static void blend_pairs(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    struct rig *const rig = user;

    ar_decoder_blend_rows(rig->blend, rig->out, first, end, worker);
}

/* Blends rig->out in place. False: nothing was to be done. */
static bool blend(struct rig *rig)
{
    if (!ar_decoder_blend_begin(rig->blend, rig->in))
        return false;
    ar_workers_run(rig->workers, blend_pairs, rig, HEIGHT_PX / 2, 3);
    return true;
}

static uint8_t byte_at(const struct ar_frame *frame, uint32_t plane, uint32_t x, uint32_t y)
{
    return frame->planes[plane].data[(size_t)y * frame->planes[plane].stride_b + x];
}

static void expect_same(const struct ar_frame *got, const struct ar_frame *want)
{
    for (uint32_t p = 0; p < ar_frame_n_planes(got->shape.format); p++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&got->shape, p); y++)
            for (uint32_t x = 0; x < ar_frame_plane_width_b(&got->shape, p); x++)
                ck_assert_msg(byte_at(got, p, x, y) == byte_at(want, p, x, y),
                              "plane %u row %u byte %u: %u, should be %u", p, y, x,
                              byte_at(got, p, x, y), byte_at(want, p, x, y));
}

/* Whole pictures at once. */
static void convert(const struct ar_frame *from, struct ar_frame *to)
{
    struct ar_recode recode;

    ck_assert_int_eq(ar_recode_init(&recode, WIDTH_PX), 0);
    ar_recode_pairs(&recode, to, 0, from, 0, HEIGHT_PX / 2);
    ar_recode_finish(&recode);
}

/* ---- strength */

START_TEST(a_whole_painting_is_left_alone)
{
    struct rig rig;

    rig_init(&rig, make_pool(AR_FRAME_YUYV, AR_FRAME_LIMITED),
             make_pool(AR_FRAME_I420, AR_FRAME_FULL), 1);
    ck_assert(!blend(&rig)); /* before any params */
    set_params(&rig, 1.0, FADE_US);
    ck_assert(!ar_decoder_blend_has_camera(rig.blend));
    ck_assert(!blend(&rig));
    set_params(&rig, 0.99, FADE_US);
    ck_assert(ar_decoder_blend_has_camera(rig.blend));
    ck_assert(blend(&rig));
    rig_finish(&rig);
}
END_TEST

START_TEST(no_painting_is_the_camera_bit_for_bit)
{
    struct rig rig;

    rig_init(&rig, make_pool((enum ar_frame_format)_i, AR_FRAME_LIMITED),
             make_pool((enum ar_frame_format)_i, AR_FRAME_LIMITED), 3);
    set_params(&rig, 0.0, FADE_US);
    ck_assert(blend(&rig));
    expect_same(rig.out, rig.in);
    rig_finish(&rig);
}
END_TEST

/* From every format and range to every other one. */
START_TEST(the_camera_comes_in_the_format_that_is_shown)
{
    const enum ar_frame_format from = (enum ar_frame_format)(_i % AR_FRAME_N_FORMATS);
    const enum ar_frame_format to = (enum ar_frame_format)(_i / AR_FRAME_N_FORMATS);
    struct rig rig;

    rig_init(&rig, make_pool(from, AR_FRAME_LIMITED), make_pool(to, AR_FRAME_FULL), 2);
    set_params(&rig, 0.0, 0);
    ck_assert(blend(&rig));
    convert(rig.in, rig.want);
    expect_same(rig.out, rig.want);
    rig_finish(&rig);
}
END_TEST

START_TEST(half_a_painting_is_the_mean)
{
    struct rig rig;

    rig_init(&rig, make_pool(AR_FRAME_I420, AR_FRAME_FULL),
             make_pool(AR_FRAME_I420, AR_FRAME_FULL), 1);
    ar_frame_copy(rig.want, rig.out);
    set_params(&rig, 0.5, 0);
    ck_assert(blend(&rig));
    for (uint32_t p = 0; p < 3; p++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&rig.out->shape, p); y++)
            for (uint32_t x = 0; x < ar_frame_plane_width_b(&rig.out->shape, p); x++)
                ck_assert_uint_eq(byte_at(rig.out, p, x, y),
                                  (byte_at(rig.want, p, x, y) + byte_at(rig.in, p, x, y) + 1u) /
                                      2);
    rig_finish(&rig);
}
END_TEST

START_TEST(strength_says_which_one_is_seen)
{
    struct rig rig;

    rig_init(&rig, make_pool(AR_FRAME_I420, AR_FRAME_FULL),
             make_pool(AR_FRAME_I420, AR_FRAME_FULL), 1);
    ar_frame_fill(rig.in, (const uint8_t[3]){ 100, 100, 100 });
    ar_frame_fill(rig.out, (const uint8_t[3]){ 200, 200, 200 });
    set_params(&rig, 0.75, 0);
    ck_assert(blend(&rig));
    ck_assert_uint_eq(byte_at(rig.out, 0, 3, 5), 175);
    ck_assert_uint_eq(byte_at(rig.out, 2, 3, 5), 175);
    rig_finish(&rig);
}
END_TEST

/* ---- fade */

static void fade_rig_init(struct rig *rig, double strength, uint64_t fade_us)
{
    rig_init(rig, make_pool(AR_FRAME_I420, AR_FRAME_FULL),
             make_pool(AR_FRAME_I420, AR_FRAME_FULL), 2);
    set_params(rig, strength, fade_us);
    ar_frame_fill(rig->want, (const uint8_t[3]){ 200, 200, 200 });
    rig->want->arrival_us = 1000000;
    ar_decoder_blend_fade_from(rig->blend, rig->want);
}

/* The first luma byte of a frame painted black that came so long after the picture before. */
static uint8_t level_after(struct rig *rig, uint64_t elapsed_us)
{
    ar_frame_fill(rig->out, (const uint8_t[3]){ 0, 128, 128 });
    rig->in->arrival_us = rig->want->arrival_us + elapsed_us;
    blend(rig);
    return byte_at(rig->out, 0, 0, 0);
}

START_TEST(a_fade_goes_from_the_one_to_the_other)
{
    struct rig rig;
    uint8_t before = 200;

    fade_rig_init(&rig, 1.0, FADE_US);
    ck_assert(ar_decoder_blend_has_fade(rig.blend));
    ck_assert_uint_eq(level_after(&rig, 0), 200);
    for (uint64_t at_us = PERIOD_US; at_us < FADE_US; at_us += PERIOD_US) {
        const uint8_t now = level_after(&rig, at_us);

        ck_assert_uint_lt(now, before);
        before = now;
    }
    ck_assert_uint_eq(level_after(&rig, FADE_US / 2), 100);
    ck_assert(ar_decoder_blend_has_fade(rig.blend));
    ck_assert_uint_eq(level_after(&rig, FADE_US), 0);
    ck_assert(!ar_decoder_blend_has_fade(rig.blend));
    ck_assert(!blend(&rig));
    ck_assert_uint_eq(level_after(&rig, FADE_US / 2), 0); /* over is over */
    rig_finish(&rig);
}
END_TEST

START_TEST(a_clock_that_jumps_back_shows_the_picture_before)
{
    struct rig rig;

    fade_rig_init(&rig, 1.0, FADE_US);
    ck_assert_uint_eq(level_after(&rig, (uint64_t)-500000), 200);
    rig_finish(&rig);
}
END_TEST

START_TEST(a_fade_may_be_off)
{
    struct rig rig;

    fade_rig_init(&rig, 1.0, 0);
    ck_assert(!ar_decoder_blend_has_fade(rig.blend));
    ck_assert(!blend(&rig));
    rig_finish(&rig);
}
END_TEST

START_TEST(where_no_painting_is_seen_nothing_fades)
{
    struct rig rig;

    fade_rig_init(&rig, 0.0, FADE_US);
    ck_assert(!ar_decoder_blend_has_fade(rig.blend));
    ck_assert(blend(&rig));
    expect_same(rig.out, rig.in);
    rig_finish(&rig);
}
END_TEST

START_TEST(a_fade_that_is_switched_off_ends)
{
    struct rig rig;

    fade_rig_init(&rig, 1.0, FADE_US);
    set_params(&rig, 1.0, 0);
    ck_assert_uint_eq(level_after(&rig, 0), 0);
    ck_assert(!ar_decoder_blend_has_fade(rig.blend));
    rig_finish(&rig);
}
END_TEST

/* The next change of style in the middle of one, and then words on the screen. */
START_TEST(a_fade_is_followed_by_another_or_forgotten)
{
    struct rig rig;
    struct ar_frame *next;

    fade_rig_init(&rig, 1.0, FADE_US);
    level_after(&rig, FADE_US / 2);
    next = ar_pool_take(rig.paintings);
    ar_frame_fill(next, (const uint8_t[3]){ 50, 128, 128 });
    next->arrival_us = rig.in->arrival_us;
    ar_decoder_blend_fade_from(rig.blend, next);
    ar_frame_unref(&next);
    ck_assert_uint_eq(level_after(&rig, FADE_US), 25);
    ar_decoder_blend_forget(rig.blend);
    ck_assert(!ar_decoder_blend_has_fade(rig.blend));
    ck_assert(!blend(&rig));
    rig_finish(&rig);
}
END_TEST

START_TEST(a_fade_and_the_camera_are_laid_over_one_another)
{
    struct rig rig;

    fade_rig_init(&rig, 0.5, FADE_US);
    ar_frame_fill(rig.in, (const uint8_t[3]){ 100, 128, 128 });
    /* Half of black and 100, then half of that and 200. */
    ck_assert_uint_eq(level_after(&rig, FADE_US / 2), 125);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decoder_blend");
    TCase *strength = tcase_create("strength");
    TCase *fade = tcase_create("fade");

    tcase_add_test(strength, a_whole_painting_is_left_alone);
    tcase_add_loop_test(strength, no_painting_is_the_camera_bit_for_bit, 0, AR_FRAME_N_FORMATS);
    tcase_add_loop_test(strength, the_camera_comes_in_the_format_that_is_shown, 0,
                        AR_FRAME_N_FORMATS * AR_FRAME_N_FORMATS);
    tcase_add_test(strength, half_a_painting_is_the_mean);
    tcase_add_test(strength, strength_says_which_one_is_seen);
    tcase_add_test(fade, a_fade_goes_from_the_one_to_the_other);
    tcase_add_test(fade, a_clock_that_jumps_back_shows_the_picture_before);
    tcase_add_test(fade, a_fade_may_be_off);
    tcase_add_test(fade, where_no_painting_is_seen_nothing_fades);
    tcase_add_test(fade, a_fade_that_is_switched_off_ends);
    tcase_add_test(fade, a_fade_is_followed_by_another_or_forgotten);
    tcase_add_test(fade, a_fade_and_the_camera_are_laid_over_one_another);
    suite_add_tcase(suite, strength);
    suite_add_tcase(suite, fade);
    return ar_suite_run(suite);
}
