/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "daemon/tap.h"
#include "tests/suite.h"

static const struct ar_frame_shape painting_shape = { 32, 16, AR_FRAME_XRGB, AR_FRAME_FULL };
static const struct ar_frame_shape camera_shape = { 48, 32, AR_FRAME_I420, AR_FRAME_LIMITED };

#define FOREVER UINT64_MAX

/* Every byte of it says which it is. */
static void number(struct ar_picture *picture, uint64_t sequence)
{
    memset(picture->memory, (int)(sequence % 251), ar_frame_size_b(&picture->frame.shape));
    picture->frame.sequence = sequence;
    picture->frame.capture_us = 1000 * sequence;
}

static void check_number(const struct ar_picture *picture, uint64_t sequence)
{
    const struct ar_frame_plane *plane = &picture->frame.planes[0];
    const uint8_t wanted = (uint8_t)(sequence % 251);
    const size_t last = (size_t)(picture->frame.shape.height_px - 1) * plane->stride_b + 31;

    ck_assert_uint_eq(picture->frame.sequence, sequence);
    ck_assert_uint_eq(picture->frame.capture_us, 1000 * sequence);
    ck_assert_uint_eq(plane->data[0], wanted);
    ck_assert_uint_eq(plane->data[last], wanted);
}

struct rig {
    struct ar_picture painting;
    struct ar_picture camera;
    struct ar_tap tap;
};

static void rig_init(struct rig *rig, uint32_t n_copies, bool pair)
{
    ck_assert_int_eq(ar_picture_init(&rig->painting, &painting_shape), 0);
    ck_assert_int_eq(ar_picture_init(&rig->camera, &camera_shape), 0);
    ck_assert_int_eq(ar_tap_init(&rig->tap, n_copies, &painting_shape,
                                 pair ? &camera_shape : NULL),
                     0);
}

static void rig_finish(struct rig *rig)
{
    ar_tap_finish(&rig->tap);
    ar_tap_finish(&rig->tap); /* accepts what is finished */
    ar_picture_finish(&rig->painting);
    ar_picture_finish(&rig->camera);
}

static void offer(struct rig *rig, uint64_t sequence)
{
    number(&rig->painting, sequence);
    number(&rig->camera, sequence + 100);
    ar_tap_offer(&rig->tap, &rig->painting.frame, &rig->camera.frame);
}

static void check_next(struct rig *rig, uint64_t sequence)
{
    const struct ar_tap_copy *copy = NULL;

    ck_assert_int_eq(ar_tap_take(&rig->tap, 0, &copy), 0);
    check_number(&copy->painting, sequence);
    if (copy->camera.memory)
        check_number(&copy->camera, sequence + 100);
    ar_tap_give(&rig->tap);
}

START_TEST(copies_come_in_order_and_too_many_are_dropped)
{
    const struct ar_tap_copy *copy = NULL;
    struct rig rig;

    rig_init(&rig, 3, _i == 1);
    for (uint64_t i = 0; i < 5; i++)
        offer(&rig, i);
    ck_assert_uint_eq(atomic_load(&rig.tap.n_dropped), 2);
    check_next(&rig, 0);
    offer(&rig, 5);
    check_next(&rig, 1);
    check_next(&rig, 2);
    check_next(&rig, 5);
    ck_assert_int_eq(ar_tap_take(&rig.tap, 1000, &copy), -ETIMEDOUT);
    rig_finish(&rig);
}
END_TEST

START_TEST(closed_it_gives_what_it_has)
{
    const struct ar_tap_copy *copy = NULL;
    struct rig rig;

    rig_init(&rig, 4, false);
    offer(&rig, 7);
    offer(&rig, 8);
    ar_tap_close(&rig.tap);
    ar_tap_close(&rig.tap);
    offer(&rig, 9);
    check_next(&rig, 7);
    check_next(&rig, 8);
    ck_assert_int_eq(ar_tap_take(&rig.tap, FOREVER, &copy), -ECANCELED);
    ck_assert_int_eq(ar_tap_take(&rig.tap, FOREVER, &copy), -ECANCELED);
    ck_assert_uint_eq(atomic_load(&rig.tap.n_dropped), 0); /* it was not wanted any more */
    rig_finish(&rig);
}
END_TEST

#define N_OFFERS 20000

static void *offer_many(void *argument)
{
    struct rig *rig = argument;

    for (uint64_t i = 1; i <= N_OFFERS; i++)
        offer(rig, i);
    ar_tap_close(&rig->tap);
    return NULL;
}

/* Plain memory on purpose: a copy that is taken while it is made is a race that TSan sees. */
START_TEST(two_threads_lose_nothing_uncounted)
{
    const struct ar_tap_copy *copy = NULL;
    uint64_t last = 0;
    uint64_t n_taken = 0;
    pthread_t thread;
    struct rig rig;

    rig_init(&rig, AR_TAP_MAX_COPIES, true);
    ck_assert_int_eq(pthread_create(&thread, NULL, offer_many, &rig), 0);
    while (ar_tap_take(&rig.tap, FOREVER, &copy) == 0) {
        ck_assert_uint_gt(copy->painting.frame.sequence, last);
        last = copy->painting.frame.sequence;
        check_number(&copy->painting, last);
        check_number(&copy->camera, last + 100);
        ar_tap_give(&rig.tap);
        n_taken++;
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_gt(n_taken, 0);
    ck_assert_uint_eq(n_taken + atomic_load(&rig.tap.n_dropped), N_OFFERS);
    rig_finish(&rig);
}
END_TEST

START_TEST(taps_come_and_go)
{
    struct ar_taps taps;
    struct rig first;
    struct rig second;

    rig_init(&first, 4, false);
    rig_init(&second, 4, true);
    ar_taps_init(&taps);
    number(&first.painting, 1);
    number(&first.camera, 101);
    ar_taps_offer(&taps, &first.painting.frame, &first.camera.frame);
    ar_taps_set(&taps, AR_TAP_RECORDING, &first.tap);
    ar_taps_set(&taps, AR_TAP_SNAPSHOT, &second.tap);
    number(&first.painting, 2);
    number(&first.camera, 102);
    ar_taps_offer(&taps, &first.painting.frame, &first.camera.frame);
    ar_taps_set(&taps, AR_TAP_RECORDING, NULL);
    number(&first.painting, 3);
    number(&first.camera, 103);
    ar_taps_offer(&taps, &first.painting.frame, &first.camera.frame);
    ar_tap_close(&first.tap);
    check_next(&first, 2);
    check_next(&second, 2);
    check_next(&second, 3);
    ar_taps_finish(&taps);
    rig_finish(&first);
    rig_finish(&second);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tap");
    TCase *tcase = tcase_create("tap");

    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, copies_come_in_order_and_too_many_are_dropped, 0, 2);
    tcase_add_test(tcase, closed_it_gives_what_it_has);
    tcase_add_test(tcase, two_threads_lose_nothing_uncounted);
    tcase_add_test(tcase, taps_come_and_go);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
