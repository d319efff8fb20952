/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/pool.h"
#include "capture/backend.h"
#include "capture/capture.h"
#include "capture/scene/paint.h"
#include "capture/scene/scene.h"
#include "tests/suite.h"

static struct ar_pool *pool_of(uint32_t width_px, uint32_t height_px)
{
    const struct ar_frame_shape shape = { .width_px = width_px,
                                          .height_px = height_px,
                                          .format = AR_FRAME_I420 };
    struct ar_pool *pool;

    ck_assert_int_eq(ar_pool_create(&pool, &shape, 2), 0);
    return pool;
}

static void fill_all(struct ar_frame *frame, uint8_t value)
{
    for (uint32_t p = 0; p < 3; p++)
        memset(frame->planes[p].data, value,
               (size_t)frame->planes[p].stride_b * ar_frame_plane_rows(&frame->shape, p));
}

static uint32_t n_different(const struct ar_frame *a, const struct ar_frame *b, uint32_t plane,
                            int threshold)
{
    uint32_t n = 0;

    for (uint32_t y = 0; y < ar_frame_plane_rows(&a->shape, plane); y++)
        for (uint32_t x = 0; x < ar_frame_plane_width_b(&a->shape, plane); x++)
            n += abs(a->planes[plane].data[y * a->planes[plane].stride_b + x] -
                     b->planes[plane].data[y * b->planes[plane].stride_b + x]) > threshold;
    return n;
}

/* Two scenes, drawn in another order over other rubbish, give the same bytes. */
START_TEST(test_same_number_same_bytes)
{
    struct ar_pool *pool = pool_of(322, 182);
    struct ar_frame *one = ar_pool_take(pool);
    struct ar_frame *two = ar_pool_take(pool);
    struct ar_scene *scene;
    struct ar_scene *other;

    ck_assert_int_eq(ar_scene_create(&scene, 322, 182, 30000), 0);
    ck_assert_int_eq(ar_scene_create(&other, 322, 182, 30000), 0);
    fill_all(one, 0);
    fill_all(two, 255);
    ar_scene_draw(other, 99, two);
    for (uint64_t number = 0; number < 1000; number += 333) {
        fill_all(two, 255);
        ar_scene_draw(scene, number, one);
        ar_scene_draw(other, number, two);
        for (uint32_t p = 0; p < 3; p++)
            ck_assert_uint_eq(n_different(one, two, p, 0), 0);
    }
    ar_frame_unref(&one);
    ar_frame_unref(&two);
    ar_scene_destroy(scene);
    ar_scene_destroy(other);
    ar_pool_destroy(pool);
}
END_TEST

static const struct ar_option_size sizes[] = {
    { 16, 16 },   { 18, 22 },   { 1920, 16 }, { 16, 1080 },
    { 640, 360 }, { 360, 640 }, { 322, 182 }, { 130, 1000 },
};

START_TEST(test_every_size)
{
    const struct ar_option_size size = sizes[_i];
    struct ar_pool *pool = pool_of(size.width_px, size.height_px);
    struct ar_frame *frame = ar_pool_take(pool);
    struct ar_scene *scene;
    uint8_t darkest = 255;
    uint8_t lightest = 0;

    ck_assert_int_eq(ar_scene_create(&scene, size.width_px, size.height_px, 25000), 0);
    for (uint64_t number = 0; number < 3000; number += 293)
        ar_scene_draw(scene, number, frame);
    ar_scene_draw(scene, UINT64_MAX / 1000, frame);
    for (uint32_t y = 0; y < size.height_px; y++) {
        for (uint32_t x = 0; x < size.width_px; x++) {
            const uint8_t luma = frame->planes[0].data[y * frame->planes[0].stride_b + x];

            darkest = luma < darkest ? luma : darkest;
            lightest = luma > lightest ? luma : lightest;
        }
    }
    ck_assert_uint_lt(darkest, 100);
    ck_assert_uint_gt(lightest, 170);
    ar_frame_unref(&frame);
    ar_scene_destroy(scene);
    ar_pool_destroy(pool);
}
END_TEST

/* Mean absolute difference of two pictures' luma in a smooth piece of sky. */
static double sky_difference(const struct ar_frame *a, const struct ar_frame *b)
{
    const uint32_t width = a->shape.width_px;
    uint32_t sum = 0;
    uint32_t n = 0;

    for (uint32_t y = 4; y < 40; y++) {
        for (uint32_t x = width / 2; x < width / 2 + 40; x++, n++)
            sum += (uint32_t)abs(a->planes[0].data[y * a->planes[0].stride_b + x] -
                                 b->planes[0].data[y * b->planes[0].stride_b + x]);
    }
    return (double)sum / n;
}

START_TEST(test_moves_and_has_noise)
{
    struct ar_pool *pool = pool_of(640, 360);
    struct ar_frame *before = ar_pool_take(pool);
    struct ar_frame *after = ar_pool_take(pool);
    struct ar_scene *scene;

    ck_assert_int_eq(ar_scene_create(&scene, 640, 360, 30000), 0);
    ar_scene_draw(scene, 100, before);
    ar_scene_draw(scene, 101, after);
    /* Noise of a sensor: everywhere, and small. */
    ck_assert_double_gt(sky_difference(before, after), 1.2);
    ck_assert_double_lt(sky_difference(before, after), 6.0);
    ck_assert_uint_gt(n_different(before, after, 0, 0), 640 * 360 / 2);
    /* Motion: more than noise can do. */
    ar_scene_draw(scene, 130, after);
    ck_assert_uint_gt(n_different(before, after, 0, 40), 4000);
    ck_assert_uint_gt(n_different(before, after, 1, 12), 500);
    ar_frame_unref(&before);
    ar_frame_unref(&after);
    ar_scene_destroy(scene);
    ar_pool_destroy(pool);
}
END_TEST

/* The same walker on the same spot, at two moments of a step: legs and arms are elsewhere. */
START_TEST(test_walker_swings_legs_and_arms)
{
    const struct ar_area area = { .width_px = 200, .height_px = 200 };
    struct ar_pose pose = {
        .at = { 0.5f, 0.9f }, .height = 0.8f, .phase = 0.25f, .facing = 1.0f
    };
    struct ar_canvas one;
    struct ar_canvas two;
    uint32_t n_legs = 0;
    uint32_t n_arms = 0;

    ck_assert_int_eq(ar_canvas_init(&one, 200.0f, 40000), 0);
    ck_assert_int_eq(ar_canvas_init(&two, 200.0f, 40000), 0);
    ar_canvas_place(&one, &area);
    ar_canvas_place(&two, &area);
    ar_scene_paint_walker(&one, &pose);
    pose.phase = 0.5f;
    ar_scene_paint_walker(&two, &pose);
    for (uint32_t i = 0; i < 200 * 200; i++) {
        const bool differs = (one.rgba[4 * i + 3] > 0.5f) != (two.rgba[4 * i + 3] > 0.5f);

        n_legs += differs && i / 200 > 110;
        n_arms += differs && i / 200 < 100;
    }
    ck_assert_uint_gt(n_legs, 200);
    ck_assert_uint_gt(n_arms, 50);
    ar_canvas_finish(&one);
    ar_canvas_finish(&two);
}
END_TEST

/* Coverage is exact: a box of 2.5 x 1.25 pixels covers 3.125. */
START_TEST(test_shapes_are_anti_aliased)
{
    const struct ar_area area = { .width_px = 10, .height_px = 10 };
    const struct ar_paint paint = ar_paint_flat((struct ar_colour){ 1.0f, 1.0f, 1.0f });
    struct ar_canvas canvas;
    float sum = 0.0f;

    ck_assert_int_eq(ar_canvas_init(&canvas, 1.0f, 100), 0);
    ar_canvas_place(&canvas, &area);
    ar_canvas_box(&canvas, 2.25f, 3.5f, 4.75f, 4.75f, &paint);
    for (uint32_t i = 0; i < 100; i++)
        sum += canvas.rgba[4 * i + 3];
    ck_assert_double_eq_tol((double)sum, 3.125, 0.01);
    ck_assert_double_eq_tol((double)canvas.rgba[4u * (3 * 10 + 2) + 3], 0.375, 0.01);
    ck_assert_double_eq_tol((double)canvas.rgba[4u * (4 * 10 + 3) + 3], 0.75, 0.01);
    ar_canvas_place(&canvas, &area);
    ar_canvas_ellipse(&canvas, (struct ar_point){ 5.1f, 4.9f }, 3.0f, 3.0f, &paint);
    sum = 0.0f;
    for (uint32_t i = 0; i < 100; i++)
        sum += canvas.rgba[4 * i + 3];
    ck_assert_double_eq_tol((double)sum, 3.1416 * 9.0, 0.6); /* a polygon of 20 corners */
    ar_canvas_finish(&canvas);
}
END_TEST

static struct ar_loop *loop;
static struct ar_capture *capture;

static int create(const char *source, struct ar_reason *reason)
{
    struct ar_capture_params params = { .source = "" };

    ar_option_defaults(ar_capture_options, &params);
    snprintf(params.source, sizeof(params.source), "%s", source);
    return ar_capture_create(&capture, &params, reason);
}

static void start(const char *source, enum ar_capture_pace pace)
{
    struct ar_capture_params params = { .source = "" };
    struct ar_reason reason;

    ar_option_defaults(ar_capture_options, &params);
    snprintf(params.source, sizeof(params.source), "%s", source);
    params.pace = pace;
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_AUTO), 0);
    ck_assert_int_eq(ar_capture_create(&capture, &params, &reason), 0);
    ck_assert_int_eq(ar_capture_start(capture, loop, &reason), 0);
}

static void finish(void)
{
    ar_capture_destroy(capture);
    ar_loop_destroy(loop);
}

static struct ar_frame *next(void)
{
    struct ar_reason reason;
    struct ar_frame *frame;

    ck_assert_int_eq(ar_capture_next(capture, &frame, &reason), 0);
    ck_assert_ptr_nonnull(frame);
    return frame;
}

START_TEST(test_sources_that_are_wrong)
{
    static const char *const wrong[] = {
        "",
        "patter",
        "pattern:",
        "pattern:abc",
        "pattern:641x360",
        "pattern:8x8",
        "pattern:640x360@",
        "pattern:640x360@0.1",
        "pattern:640x360@500",
        "pattern:4000x300",
        "file",
        "file:",
        "http://x",
        "pattern:640x360@30@30",
        "pattern:000000000000000000000000000000000000000000000000000000000000000000000640x360",
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(wrong); i++) {
        struct ar_reason reason = { .text = "" };

        ck_assert_msg(create(wrong[i], &reason) == -EINVAL, "%s", wrong[i]);
        ck_assert_ptr_null(capture);
        ck_assert_msg(strlen(reason.text) > 20, "%s: %s", wrong[i], reason.text);
    }
}
END_TEST

START_TEST(test_describes_itself)
{
    start("pattern:320x180@23.976", AR_CAPTURE_REAL);
    ck_assert_str_eq(ar_capture_describe(capture), "pattern 320x180 at 23.976 fps");
    ck_assert_uint_eq(ar_capture_rate_millihz(capture), 23976);
    ck_assert_uint_eq(ar_capture_shape(capture)->width_px, 320);
    ck_assert_uint_eq(ar_capture_shape(capture)->height_px, 180);
    ck_assert_int_eq(ar_capture_shape(capture)->range, AR_FRAME_FULL);
    ck_assert(!ar_capture_lossless(capture));
    finish();
}
END_TEST

START_TEST(test_size_and_rate_of_the_options)
{
    struct ar_capture_params params = { .source = "" };
    struct ar_reason reason;

    ar_option_defaults(ar_capture_options, &params);
    snprintf(params.source, sizeof(params.source), "%s", "pattern");
    params.size = (struct ar_option_size){ 64, 48 };
    params.rate_millihz = 12500;
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_AUTO), 0);
    ck_assert_int_eq(ar_capture_create(&capture, &params, &reason), 0);
    ck_assert_int_eq(ar_capture_start(capture, loop, &reason), 0);
    ck_assert_str_eq(ar_capture_describe(capture), "pattern 64x48 at 12.5 fps");
    finish();
    params.size = (struct ar_option_size){ 65, 48 };
    ck_assert_int_eq(ar_capture_create(&capture, &params, &reason), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason.text, "capture.size"));
}
END_TEST

/* Bounds are wide: a test machine may be busy, but a clock that is off by two shows. */
START_TEST(test_real_pace)
{
    uint64_t first_us = 0;
    uint64_t last_us = 0;
    struct ar_capture_counters counters;

    start("pattern:64x48@50", AR_CAPTURE_REAL);
    for (uint32_t i = 0; i < 16; i++) {
        struct ar_frame *frame = next();

        ck_assert_uint_le(frame->capture_us, ar_clock_now_us());
        if (i == 0)
            first_us = frame->capture_us - frame->sequence * 20000;
        ck_assert_uint_eq(frame->capture_us, first_us + frame->sequence * 20000);
        ck_assert_uint_gt(frame->capture_us, last_us);
        last_us = frame->capture_us;
        ar_frame_unref(&frame);
    }
    ck_assert_uint_ge(ar_clock_now_us() - first_us, 290000);
    ck_assert_uint_lt(ar_clock_now_us() - first_us, 3000000);
    ar_capture_counters(capture, &counters);
    ck_assert_uint_eq(counters.n_frames, 16);
    finish();
}
END_TEST

START_TEST(test_late_consumer_gets_the_newest)
{
    struct ar_capture_counters counters;
    struct ar_frame *frame;
    uint64_t sequence;

    start("pattern:64x48@100", AR_CAPTURE_REAL);
    frame = next();
    sequence = frame->sequence;
    ar_frame_unref(&frame);
    usleep(200000);
    frame = next();
    ck_assert_uint_ge(frame->sequence, sequence + 15);
    ck_assert_uint_lt(ar_clock_now_us() - frame->capture_us, 150000);
    ar_capture_counters(capture, &counters);
    ck_assert_uint_eq(counters.n_dropped, frame->sequence - 1);
    ar_frame_unref(&frame);
    finish();
}
END_TEST

START_TEST(test_fast_pace_skips_nothing)
{
    struct ar_capture_counters counters;
    const uint64_t start_us = ar_clock_now_us();

    start("pattern:64x48@1", AR_CAPTURE_FAST);
    ck_assert(ar_capture_lossless(capture));
    for (uint32_t i = 0; i < 50; i++) {
        struct ar_frame *frame = next();

        ck_assert_uint_eq(frame->sequence, i);
        ar_frame_unref(&frame);
    }
    ar_capture_counters(capture, &counters);
    ck_assert_uint_eq(counters.n_dropped, 0);
    ck_assert_uint_lt(ar_clock_now_us() - start_us, 20000000); /* not 50 s */
    finish();
}
END_TEST

static void *stop_soon(void *user)
{
    usleep(100000);
    ar_loop_stop(user);
    return NULL;
}

/* With all frames taken and never given back, next() waits, and a stop ends that. */
START_TEST(test_stop_while_waiting)
{
    struct ar_capture_counters counters;
    struct ar_frame *held[AR_CAPTURE_POOL_FRAMES];
    struct ar_frame *frame;
    struct ar_reason reason;
    uint64_t start_us;
    pthread_t thread;

    start("pattern:64x48@120", _i ? AR_CAPTURE_FAST : AR_CAPTURE_REAL);
    for (uint32_t i = 0; i < AR_CAPTURE_POOL_FRAMES; i++)
        held[i] = next();
    start_us = ar_clock_now_us();
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_soon, loop), 0);
    ck_assert_int_eq(ar_capture_next(capture, &frame, &reason), -ECANCELED);
    ck_assert_uint_ge(ar_clock_now_us() - start_us, 90000);
    ck_assert_uint_lt(ar_clock_now_us() - start_us, 2000000);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_ptr_null(frame);
    ar_capture_counters(capture, &counters);
    ck_assert(_i ? counters.n_dropped == 0 : counters.n_dropped > 0);
    for (uint32_t i = 0; i < AR_CAPTURE_POOL_FRAMES; i++)
        ar_frame_unref(&held[i]);
    ck_assert_int_eq(ar_capture_next(capture, &frame, &reason), -ECANCELED);
    finish();
}
END_TEST

START_TEST(test_auto_without_camera_and_restart)
{
    struct ar_capture_params params = { .source = "" };
    struct ar_reason reason;

    ar_option_defaults(ar_capture_options, &params);
    ck_assert_str_eq(params.source, "auto");
    params.size = (struct ar_option_size){ 64, 48 };
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_AUTO), 0);
    ck_assert_int_eq(ar_capture_create(&capture, &params, &reason), 0);
    for (uint32_t i = 0; i < 2; i++) {
        struct ar_frame *frame;

        ck_assert_int_eq(ar_capture_start(capture, loop, &reason), 0);
        frame = next();
        ar_frame_unref(&frame);
        ar_capture_stop(capture);
    }
    finish();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture/pattern");
    TCase *scene = tcase_create("scene");
    TCase *source = tcase_create("source");

    ar_log_set_level(AR_LOG_WARN);
    tcase_set_timeout(scene, 50);
    tcase_set_timeout(source, 50);
    tcase_add_test(scene, test_same_number_same_bytes);
    tcase_add_loop_test(scene, test_every_size, 0, AR_ARRAY_LEN(sizes));
    tcase_add_test(scene, test_moves_and_has_noise);
    tcase_add_test(scene, test_walker_swings_legs_and_arms);
    tcase_add_test(scene, test_shapes_are_anti_aliased);
    tcase_add_test(source, test_sources_that_are_wrong);
    tcase_add_test(source, test_describes_itself);
    tcase_add_test(source, test_size_and_rate_of_the_options);
    tcase_add_test(source, test_real_pace);
    tcase_add_test(source, test_late_consumer_gets_the_newest);
    tcase_add_test(source, test_fast_pace_skips_nothing);
    tcase_add_loop_test(source, test_stop_while_waiting, 0, 2);
    tcase_add_test(source, test_auto_without_camera_and_restart);
    suite_add_tcase(suite, scene);
    suite_add_tcase(suite, source);
    return ar_suite_run(suite);
}
