/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/mailbox.h"
#include "base/pool.h"
#include "tests/suite.h"

#define N_FRAMES    4
#define N_TRAFFIC   20000
#define GUARD_B     64
#define GUARD_VALUE 0xee

static const struct ar_frame_shape small = { 18, 16, AR_FRAME_I420, AR_FRAME_FULL };

static struct ar_pool *new_pool(void)
{
    struct ar_pool *pool;

    ck_assert_int_eq(ar_pool_create(&pool, &small, N_FRAMES), 0);
    return pool;
}

static struct ar_mailbox *new_box(void)
{
    struct ar_mailbox *box;

    ck_assert_int_eq(ar_mailbox_create(&box), 0);
    return box;
}

static const struct {
    enum ar_frame_format format;
    uint32_t n_planes;
    uint32_t width_b[3];
    uint32_t rows[3];
    size_t size_b;
} formats[] = {
    { AR_FRAME_I420, 3, { 66, 33, 33 }, { 16, 8, 8 }, 3072 },
    { AR_FRAME_NV12, 2, { 66, 66 }, { 16, 8 }, 3072 },
    { AR_FRAME_YUYV, 1, { 132 }, { 16 }, 3072 },
    { AR_FRAME_XRGB, 1, { 264 }, { 16 }, 5120 },
};

START_TEST(test_layout)
{
    const struct ar_frame_shape shape = { 66, 16, formats[_i].format, AR_FRAME_FULL };
    struct ar_frame frame = { 0 };
    uint8_t *memory = aligned_alloc(64, formats[_i].size_b);
    uint8_t *expected = memory;

    ck_assert_uint_eq(ar_frame_size_b(&shape), formats[_i].size_b);
    ck_assert_uint_eq(ar_frame_n_planes(shape.format), formats[_i].n_planes);
    ar_frame_map(&frame, &shape, memory);
    ck_assert_mem_eq(&frame.shape, &shape, sizeof(shape));
    for (uint32_t i = 0; i < formats[_i].n_planes; i++) {
        ck_assert_uint_eq(ar_frame_plane_width_b(&shape, i), formats[_i].width_b[i]);
        ck_assert_uint_eq(ar_frame_plane_rows(&shape, i), formats[_i].rows[i]);
        ck_assert_ptr_eq(frame.planes[i].data, expected);
        ck_assert_uint_eq(frame.planes[i].stride_b % 64, 0);
        ck_assert_uint_ge(frame.planes[i].stride_b, formats[_i].width_b[i]);
        expected += (size_t)frame.planes[i].stride_b * formats[_i].rows[i];
    }
    ck_assert_ptr_eq(expected, memory + formats[_i].size_b);
    free(memory);
}
END_TEST

static const struct {
    struct ar_frame_shape shape;
    int ret;
} shapes[] = {
    { { 16, 16, AR_FRAME_I420, AR_FRAME_FULL }, 0 },
    { { 1920, 1920, AR_FRAME_XRGB, AR_FRAME_LIMITED }, 0 },
    { { 14, 16, AR_FRAME_I420, AR_FRAME_FULL }, -EINVAL },
    { { 16, 14, AR_FRAME_I420, AR_FRAME_FULL }, -EINVAL },
    { { 17, 16, AR_FRAME_I420, AR_FRAME_FULL }, -EINVAL },
    { { 16, 17, AR_FRAME_I420, AR_FRAME_FULL }, -EINVAL },
    { { 1922, 16, AR_FRAME_I420, AR_FRAME_FULL }, -EINVAL },
    { { 16, 1922, AR_FRAME_I420, AR_FRAME_FULL }, -EINVAL },
    { { 16, 16, AR_FRAME_N_FORMATS, AR_FRAME_FULL }, -EINVAL },
    { { 16, 16, AR_FRAME_I420, (enum ar_frame_range)2 }, -EINVAL },
};

START_TEST(test_shape_check)
{
    struct ar_reason reason = { "" };

    ck_assert_int_eq(ar_frame_shape_check(&shapes[_i].shape, "clip.mp4", &reason),
                     shapes[_i].ret);
    if (shapes[_i].ret < 0)
        ck_assert_int_eq(strncmp(reason.text, "clip.mp4: ", 10), 0);
}
END_TEST

/* One colour, Y 81 U 90 V 240: a strong red. What the first four bytes of each plane must be. */
static const struct {
    enum ar_frame_format format;
    enum ar_frame_range range;
    uint8_t bytes[3][4];
} fills[] = {
    { AR_FRAME_I420,
      AR_FRAME_FULL,
      { { 81, 81, 81, 81 }, { 90, 90, 90, 90 }, { 240, 240, 240, 240 } } },
    { AR_FRAME_NV12, AR_FRAME_FULL, { { 81, 81, 81, 81 }, { 90, 240, 90, 240 } } },
    { AR_FRAME_YUYV, AR_FRAME_FULL, { { 81, 90, 81, 240 } } },
    { AR_FRAME_XRGB, AR_FRAME_FULL, { { 14, 14, 238, 255 } } },
    { AR_FRAME_YUYV, AR_FRAME_LIMITED, { { 86, 95, 86, 226 } } },
    { AR_FRAME_XRGB, AR_FRAME_LIMITED, { { 14, 14, 238, 255 } } },
};

static void check_filled(const struct ar_frame *frame, int fill)
{
    const struct ar_frame_shape *shape = &frame->shape;

    for (uint32_t i = 0; i < ar_frame_n_planes(shape->format); i++) {
        for (uint32_t y = 0; y < ar_frame_plane_rows(shape, i); y++) {
            const uint8_t *row = frame->planes[i].data + (size_t)y * frame->planes[i].stride_b;

            for (uint32_t x = 0; x < frame->planes[i].stride_b; x++) {
                const bool used = x < ar_frame_plane_width_b(shape, i);

                ck_assert_uint_eq(row[x], used ? fills[fill].bytes[i][x % 4] : GUARD_VALUE);
            }
        }
    }
}

START_TEST(test_fill_and_copy_keep_to_the_picture)
{
    const struct ar_frame_shape shape = { 18, 18, fills[_i].format, fills[_i].range };
    const size_t size_b = ar_frame_size_b(&shape);
    const uint8_t colour[3] = { 81, 90, 240 };
    struct ar_frame frames[2] = { 0 };
    uint8_t *memory[2];

    for (int i = 0; i < 2; i++) {
        memory[i] = aligned_alloc(64, size_b + GUARD_B);
        memset(memory[i], GUARD_VALUE, size_b + GUARD_B);
        ar_frame_map(&frames[i], &shape, memory[i]);
    }
    ar_frame_fill(&frames[0], colour);
    check_filled(&frames[0], _i);
    ar_frame_copy(&frames[1], &frames[0]);
    check_filled(&frames[1], _i);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(memory[i][size_b], GUARD_VALUE);
        free(memory[i]);
    }
}
END_TEST

/* Of each plane, the bytes of the box and no others: chroma's box is half as far from the corner, and half as large. */
START_TEST(test_a_box_keeps_to_itself)
{
    static const struct ar_frame_box box = { 4, 2, 6, 10 };
    static const uint32_t shifts[AR_FRAME_N_FORMATS][3][2] = {
        [AR_FRAME_I420] = { { 0, 0 }, { 1, 1 }, { 1, 1 } },
        [AR_FRAME_NV12] = { { 0, 0 }, { 1, 1 } }
    };
    const struct ar_frame_shape shape = { 18, 18, fills[_i].format, fills[_i].range };
    const size_t size_b = ar_frame_size_b(&shape);
    uint8_t *memory = aligned_alloc(64, size_b);
    struct ar_frame frame = { 0 };

    memset(memory, GUARD_VALUE, size_b);
    ar_frame_map(&frame, &shape, memory);
    ar_frame_fill_box(&frame, &box, (const uint8_t[3]){ 81, 90, 240 });
    for (uint32_t i = 0; i < ar_frame_n_planes(shape.format); i++) {
        const uint32_t *shift = shifts[shape.format][i];
        const uint32_t step_b = ar_frame_plane_width_b(&shape, i) / (18 >> shift[0]);
        const uint32_t left_b = (4 >> shift[0]) * step_b;
        const uint32_t end_b = (10 >> shift[0]) * step_b;

        for (uint32_t y = 0; y < ar_frame_plane_rows(&shape, i); y++) {
            const bool is_row = y >= 2u >> shift[1] && y < 12u >> shift[1];

            for (uint32_t x = 0; x < frame.planes[i].stride_b; x++)
                ck_assert_uint_eq(frame.planes[i]
                                      .data[(size_t)y * frame.planes[i].stride_b + x],
                                  is_row && x >= left_b && x < end_b
                                      ? fills[_i].bytes[i][(x - left_b) % 4]
                                      : GUARD_VALUE);
        }
    }
    free(memory);
}
END_TEST

START_TEST(test_pool_hands_out_each_frame_once)
{
    struct ar_pool *pool = new_pool();
    struct ar_frame *frames[N_FRAMES];

    ck_assert_mem_eq(ar_pool_shape(pool), &small, sizeof(small));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N_FRAMES; i++) {
            frames[i] = ar_pool_take(pool);
            ck_assert_ptr_nonnull(frames[i]);
            ck_assert_uint_eq((uintptr_t)frames[i]->planes[0].data % 64, 0);
            ck_assert_uint_eq(frames[i]->capture_us, 0);
            ck_assert_uint_eq(frames[i]->sequence, 0);
            ck_assert_uint_eq(frames[i]->painted_us, 0);
            frames[i]->capture_us = frames[i]->sequence = frames[i]->painted_us = 9;
            for (int k = 0; k < i; k++)
                ck_assert_ptr_ne(frames[k]->planes[0].data, frames[i]->planes[0].data);
        }
        ck_assert_ptr_null(ar_pool_take(pool));
        for (int i = 0; i < N_FRAMES; i++) {
            ar_frame_unref(&frames[i]);
            ck_assert_ptr_null(frames[i]);
        }
    }
    ar_pool_destroy(pool);
    ar_pool_destroy(NULL);
}
END_TEST

START_TEST(test_pool_refuses_bad_shapes)
{
    struct ar_pool *pool;

    ck_assert_int_eq(ar_pool_create(&pool, &small, 0), -EINVAL);
    ck_assert_int_eq(ar_pool_create(&pool, &shapes[2].shape, 1), -EINVAL);
    ck_assert_ptr_null(pool);
}
END_TEST

START_TEST(test_references_keep_a_frame_out)
{
    struct ar_pool *pool;
    struct ar_frame *none = NULL;

    ck_assert_int_eq(ar_pool_create(&pool, &small, 1), 0);

    struct ar_frame *frame = ar_pool_take(pool);
    struct ar_frame *second = ar_frame_ref(frame);

    ck_assert_ptr_eq(frame, second);
    ar_frame_unref(&frame);
    ck_assert_ptr_null(ar_pool_take(pool));
    ar_frame_unref(&second);
    frame = ar_pool_take(pool);
    ck_assert_ptr_nonnull(frame);
    ar_frame_unref(&frame);
    ar_frame_unref(&none);
    ar_pool_destroy(pool);
}
END_TEST

START_TEST(test_own_memory_is_left_alone)
{
    uint8_t *memory = aligned_alloc(64, ar_frame_size_b(&small));
    struct ar_frame frame = { 0 };
    struct ar_frame *ref;

    ar_frame_map(&frame, &small, memory);
    ref = ar_frame_ref(&frame);
    ar_frame_unref(&ref);
    ref = &frame;
    ar_frame_unref(&ref);
    ck_assert_ptr_null(ref);
    ck_assert_ptr_eq(frame.planes[0].data, memory);
    free(memory);
}
END_TEST

START_TEST(test_mailbox_keeps_the_newest)
{
    struct ar_pool *pool = new_pool();
    struct ar_mailbox *box = new_box();
    struct ar_frame *first = ar_pool_take(pool);
    struct ar_frame *second = ar_pool_take(pool);
    struct ar_frame *newest = second;
    struct ar_frame *out;

    ck_assert_int_eq(ar_mailbox_take(box, &out), -EAGAIN);
    ck_assert(!ar_mailbox_put(box, &first));
    ck_assert_ptr_null(first);
    ck_assert(ar_mailbox_put(box, &second));
    ck_assert_int_eq(ar_mailbox_take(box, &out), 0);
    ck_assert_ptr_eq(out, newest);
    ck_assert_int_eq(ar_mailbox_take(box, &second), -EAGAIN);
    ck_assert(!ar_mailbox_put(box, &out));
    ar_mailbox_destroy(box); /* gives the frame back: the pool asserts it */
    ar_mailbox_destroy(NULL);
    ar_pool_destroy(pool);
}
END_TEST

START_TEST(test_mailbox_wait_times_out)
{
    struct ar_mailbox *box = new_box();
    struct ar_frame *out;
    const uint64_t start_us = ar_clock_now_us();

    ck_assert_int_eq(ar_mailbox_take_wait(box, 20000, &out), -ETIMEDOUT);
    ck_assert_uint_ge(ar_clock_now_us() - start_us, 20000);
    ck_assert_int_eq(ar_mailbox_take_wait(box, 0, &out), -ETIMEDOUT);
    ar_mailbox_destroy(box);
}
END_TEST

START_TEST(test_mailbox_after_close)
{
    struct ar_pool *pool = new_pool();
    struct ar_mailbox *box = new_box();
    struct ar_frame *frame = ar_pool_take(pool);
    struct ar_frame *late = ar_pool_take(pool);
    struct ar_frame *out;

    ar_mailbox_put(box, &frame);
    ar_mailbox_close(box);
    ar_mailbox_close(box);
    ck_assert(!ar_mailbox_put(box, &late));
    ck_assert_ptr_null(late);
    ck_assert_int_eq(ar_mailbox_take_wait(box, UINT64_MAX, &out), 0);
    ar_frame_unref(&out);
    ck_assert_int_eq(ar_mailbox_take(box, &out), -ECANCELED);
    ck_assert_int_eq(ar_mailbox_take_wait(box, UINT64_MAX, &out), -ECANCELED);
    late = ar_pool_take(pool);
    ck_assert_int_eq(ar_mailbox_put_wait(box, &late), -ECANCELED);
    ck_assert_ptr_null(late);
    ar_mailbox_destroy(box);
    ar_pool_destroy(pool);
}
END_TEST

START_TEST(test_mailbox_reopened)
{
    struct ar_pool *pool = new_pool();
    struct ar_mailbox *box = new_box();
    struct ar_frame *frame = ar_pool_take(pool);
    struct ar_frame *out;

    ar_mailbox_put(box, &frame);
    ar_mailbox_interrupt(box);
    ar_mailbox_close(box);
    ar_mailbox_reopen(box);
    ck_assert_int_eq(ar_mailbox_take_wait(box, 0, &out), -ETIMEDOUT);
    frame = ar_pool_take(pool);
    ck_assert(!ar_mailbox_put(box, &frame));
    ck_assert_int_eq(ar_mailbox_take(box, &out), 0);
    ar_frame_unref(&out);
    ar_mailbox_destroy(box);
    ar_pool_destroy(pool); /* which asserts that it has them all */
}
END_TEST

static void *close_later(void *user)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    ar_mailbox_close(user);
    return NULL;
}

START_TEST(test_close_wakes_the_waiter)
{
    struct ar_mailbox *box = new_box();
    struct ar_frame *out;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, close_later, box), 0);
    ck_assert_int_eq(ar_mailbox_take_wait(box, UINT64_MAX, &out), -ECANCELED);
    pthread_join(thread, NULL);
    ar_mailbox_destroy(box);
}
END_TEST

static void *interrupt_later(void *user)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    ar_mailbox_interrupt(user);
    return NULL;
}

/* Once, whether it waits already or not, and no frame is lost by it. */
START_TEST(test_interrupt_wakes_the_waiter)
{
    struct ar_mailbox *box = new_box();
    struct ar_pool *pool = new_pool();
    struct ar_frame *frame = ar_pool_take(pool);
    struct ar_frame *out;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_later, box), 0);
    ck_assert_int_eq(ar_mailbox_take_wait(box, UINT64_MAX, &out), -EINTR);
    pthread_join(thread, NULL);
    ck_assert_int_eq(ar_mailbox_take_wait(box, 0, &out), -ETIMEDOUT);
    ar_mailbox_interrupt(box);
    ar_mailbox_put(box, &frame);
    ck_assert_int_eq(ar_mailbox_take_wait(box, UINT64_MAX, &out), 0);
    ar_frame_unref(&out);
    ck_assert_int_eq(ar_mailbox_take_wait(box, UINT64_MAX, &out), -EINTR);
    ar_mailbox_destroy(box);
    ar_pool_destroy(pool);
}
END_TEST

struct traffic {
    struct ar_pool *pool;
    struct ar_mailbox *box;
    bool lossless;
    uint64_t n_overtaken;
    uint64_t n_without_frame;
};

static void *produce(void *user)
{
    struct traffic *traffic = user;

    for (uint64_t i = 1; i <= N_TRAFFIC; i++) {
        struct ar_frame *frame = ar_pool_take(traffic->pool);

        if (!frame) {
            traffic->n_without_frame++;
            continue;
        }
        frame->sequence = i;
        memset(frame->planes[0].data, (int)(i % 251), 16);
        if (traffic->lossless)
            ck_assert_int_eq(ar_mailbox_put_wait(traffic->box, &frame), 0);
        else
            traffic->n_overtaken += ar_mailbox_put(traffic->box, &frame);
    }
    ar_mailbox_close(traffic->box);
    return NULL;
}

/* Whole pictures, in order; with put_wait every one of them, with put none unaccounted for. */
START_TEST(test_traffic_between_threads)
{
    struct traffic traffic = { new_pool(), new_box(), .lossless = _i == 1 };
    struct ar_frame *frame;
    uint64_t n_taken = 0;
    uint64_t last = 0;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, produce, &traffic), 0);
    while (ar_mailbox_take_wait(traffic.box, UINT64_MAX, &frame) == 0) {
        ck_assert_uint_gt(frame->sequence, last);
        last = frame->sequence;
        for (int i = 0; i < 16; i++)
            ck_assert_uint_eq(frame->planes[0].data[i], last % 251);
        n_taken++;
        ar_frame_unref(&frame);
    }
    pthread_join(thread, NULL);
    ck_assert_uint_eq(n_taken + traffic.n_overtaken + traffic.n_without_frame, N_TRAFFIC);
    if (traffic.lossless)
        ck_assert_uint_eq(n_taken, N_TRAFFIC);
    ar_mailbox_destroy(traffic.box);
    ar_pool_destroy(traffic.pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base frame");
    TCase *frame = tcase_create("frame");
    TCase *pool = tcase_create("pool");
    TCase *mailbox = tcase_create("mailbox");

    tcase_add_loop_test(frame, test_layout, 0, AR_ARRAY_LEN(formats));
    tcase_add_loop_test(frame, test_shape_check, 0, AR_ARRAY_LEN(shapes));
    tcase_add_loop_test(frame, test_fill_and_copy_keep_to_the_picture, 0, AR_ARRAY_LEN(fills));
    tcase_add_loop_test(frame, test_a_box_keeps_to_itself, 0, AR_ARRAY_LEN(fills));
    tcase_add_test(frame, test_own_memory_is_left_alone);
    tcase_add_test(pool, test_pool_hands_out_each_frame_once);
    tcase_add_test(pool, test_pool_refuses_bad_shapes);
    tcase_add_test(pool, test_references_keep_a_frame_out);
    tcase_set_timeout(mailbox, 30);
    tcase_add_test(mailbox, test_mailbox_keeps_the_newest);
    tcase_add_test(mailbox, test_mailbox_wait_times_out);
    tcase_add_test(mailbox, test_mailbox_after_close);
    tcase_add_test(mailbox, test_mailbox_reopened);
    tcase_add_test(mailbox, test_close_wakes_the_waiter);
    tcase_add_test(mailbox, test_interrupt_wakes_the_waiter);
    tcase_add_loop_test(mailbox, test_traffic_between_threads, 0, 2);
    suite_add_tcase(suite, frame);
    suite_add_tcase(suite, pool);
    suite_add_tcase(suite, mailbox);

    return ar_suite_run(suite);
}
