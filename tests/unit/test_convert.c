/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/pool.h"
#include "daemon/convert.h"
#include "tests/suite.h"

#define WIDTH_PX  34 /* no whole vectors */
#define HEIGHT_PX 18

static struct ar_frame_shape shape_of(enum ar_frame_format format, enum ar_frame_range range)
{
    return (struct ar_frame_shape){ WIDTH_PX, HEIGHT_PX, format, range };
}

static uint8_t byte_at(const struct ar_frame *frame, uint32_t plane, uint32_t x, uint32_t y)
{
    return frame->planes[plane].data[(size_t)y * frame->planes[plane].stride_b + x];
}

/* Of its shape, with luma and chroma in the range's limits. */
static void draw(struct ar_frame *frame)
{
    for (uint32_t i = 0; i < ar_frame_n_planes(frame->shape.format); i++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&frame->shape, i); y++)
            for (uint32_t x = 0; x < ar_frame_plane_width_b(&frame->shape, i); x++)
                frame->planes[i].data[(size_t)y * frame->planes[i].stride_b + x] =
                    (uint8_t)(16 + (7 * x + 13 * y + 50 * i) % 219);
}

static const struct ar_frame_shape ways[] = {
    { WIDTH_PX, HEIGHT_PX, AR_FRAME_YUYV, AR_FRAME_LIMITED },
    { WIDTH_PX, HEIGHT_PX, AR_FRAME_NV12, AR_FRAME_FULL },
    { WIDTH_PX, HEIGHT_PX, AR_FRAME_XRGB, AR_FRAME_FULL },
};

static void convert_once(const struct ar_frame_shape *shape, const struct ar_frame *in,
                         struct ar_frame *out)
{
    struct ar_convert *convert;
    struct ar_frame *made;

    ck_assert_int_eq(ar_convert_create(&convert, shape), 0);
    made = ar_convert_run(convert, in);
    ck_assert_ptr_nonnull(made);
    ar_frame_copy(out, made);
    ar_frame_unref(&made);
    ar_convert_destroy(convert);
}

/* A picture without colour comes back through any format as it was, but for a step of another range. */
START_TEST(there_and_back_is_the_same)
{
    const struct ar_frame_shape planar = shape_of(AR_FRAME_I420, AR_FRAME_FULL);
    struct ar_pool *pool;
    struct ar_pool *other;
    struct ar_frame *in;
    struct ar_frame *way;
    struct ar_frame *out;

    ck_assert_int_eq(ar_pool_create(&pool, &planar, 2), 0);
    ck_assert_int_eq(ar_pool_create(&other, &ways[_i], 1), 0);
    in = ar_pool_take(pool);
    out = ar_pool_take(pool);
    way = ar_pool_take(other);
    ar_frame_fill(in, (const uint8_t[3]){ 0, 128, 128 });
    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        for (uint32_t x = 0; x < WIDTH_PX; x++)
            in->planes[0].data[(size_t)y * in->planes[0].stride_b + x] =
                (uint8_t)(7 * x + 13 * y);
    convert_once(&ways[_i], in, way);
    convert_once(&planar, way, out);
    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        for (uint32_t x = 0; x < WIDTH_PX; x++)
            ck_assert_int_le(abs(byte_at(in, 0, x, y) - byte_at(out, 0, x, y)),
                             ways[_i].range == AR_FRAME_LIMITED ? 1 : 0);
    ck_assert_int_eq(byte_at(out, 1, WIDTH_PX / 2 - 1, HEIGHT_PX / 2 - 1), 128);
    ck_assert_int_eq(byte_at(out, 2, WIDTH_PX / 2 - 1, HEIGHT_PX / 2 - 1), 128);
    ar_frame_unref(&in);
    ar_frame_unref(&out);
    ar_frame_unref(&way);
    ar_pool_destroy(pool);
    ar_pool_destroy(other);
}
END_TEST

START_TEST(times_come_along_until_no_frame_is_left)
{
    const struct ar_frame_shape planar = shape_of(AR_FRAME_I420, AR_FRAME_FULL);
    struct ar_frame *made[8] = { NULL };
    struct ar_convert *convert;
    struct ar_pool *pool;
    struct ar_frame *in;
    uint32_t n = 0;

    ck_assert_int_eq(ar_pool_create(&pool, &planar, 1), 0);
    in = ar_pool_take(pool);
    draw(in);
    in->sequence = 5;
    in->capture_us = 6;
    in->arrival_us = 7;
    in->painted_us = 8;
    ck_assert_int_eq(ar_convert_create(&convert, &ways[0]), 0);
    while (n < AR_ARRAY_LEN(made) && (made[n] = ar_convert_run(convert, in)))
        n++;
    ck_assert_uint_ge(n, 3);
    ck_assert_uint_lt(n, AR_ARRAY_LEN(made));
    ck_assert_uint_eq(made[0]->sequence, 5);
    ck_assert_uint_eq(made[0]->capture_us, 6);
    ck_assert_uint_eq(made[0]->arrival_us, 7);
    ck_assert_uint_eq(made[0]->painted_us, 8);
    while (n > 0)
        ar_frame_unref(&made[--n]);
    ar_convert_destroy(convert);
    ar_frame_unref(&in);
    ar_pool_destroy(pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("convert");
    TCase *tcase = tcase_create("convert");

    tcase_add_loop_test(tcase, there_and_back_is_the_same, 0, AR_ARRAY_LEN(ways));
    tcase_add_test(tcase, times_come_along_until_no_frame_is_left);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
