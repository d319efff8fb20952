/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <string.h>

#include "base/macros.h"
#include "base/pool.h"
#include "display/overlay.h"
#include "tests/suite.h"

#define TEXT   220
#define GROUND 16
#define TRACK  72
#define WITHIN 150
#define BEYOND 110

static const struct ar_overlay usual = {
    .fps = 29.94, .width = 0.754, .p99_us = 18249, .paint_us = 12500, .budget_us = 25000
};

static struct ar_pool *pool;
static struct ar_frame *frame;

/* Of one colour: white, unless another is given. */
static void make(uint32_t width_px, uint32_t height_px, enum ar_frame_format format,
                 uint8_t luma)
{
    const struct ar_frame_shape shape = { .width_px = width_px,
                                          .height_px = height_px,
                                          .format = format };

    ck_assert_int_eq(ar_pool_create(&pool, &shape, 1), 0);
    frame = ar_pool_take(pool);
    ar_frame_fill(frame, (const uint8_t[3]){ luma, 200, 60 });
}

static void unmake(void)
{
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
}

static uint8_t luma_at(uint32_t x, uint32_t y)
{
    return frame->planes[0].data[(size_t)y * frame->planes[0].stride_b + x];
}

static uint8_t chroma_at(uint32_t plane, uint32_t x, uint32_t y)
{
    return frame->planes[plane].data[(size_t)(y / 2) * frame->planes[plane].stride_b + x / 2];
}

/* A picture of 180 rows: a dot is a pixel, the box starts at 4, 4, and letters at 7, 7. */
START_TEST(letters_are_where_they_are_read)
{
    static const char *const want[] = { /* "2" of 29.9 */
                                        ".###.", "#...#", "....#", "..##.",
                                        ".#...", "#....", "#####"
    };

    make(320, 180, AR_FRAME_I420, 255);
    ar_overlay_draw(frame, &usual);
    for (uint32_t y = 0; y < 7; y++)
        for (uint32_t x = 0; x < 5; x++)
            ck_assert_uint_eq(luma_at(7 + x, 7 + y), want[y][x] == '#' ? TEXT : GROUND);
    ck_assert_uint_eq(luma_at(3, 4), 255);
    ck_assert_uint_eq(luma_at(4, 3), 255);
    ck_assert_uint_eq(luma_at(4, 4), GROUND);
    unmake();
}
END_TEST

/* Whatever is painted: the ground has no colour of its own, and the rest of the picture stays. */
START_TEST(ground_is_dark_on_any_picture)
{
    make(320, 180, AR_FRAME_I420, (uint8_t)_i);
    ar_overlay_draw(frame, &usual);
    ck_assert_uint_eq(chroma_at(1, 10, 10), 128);
    ck_assert_uint_eq(chroma_at(2, 10, 10), 128);
    ck_assert_uint_eq(chroma_at(1, 200, 10), 200);
    ck_assert_uint_eq(chroma_at(2, 10, 100), 60);
    for (uint32_t x = 150; x < 320; x++)
        ck_assert_uint_eq(luma_at(x, 20), _i);
    for (uint32_t y = 40; y < 180; y++)
        ck_assert_uint_eq(luma_at(20, y), _i);
    unmake();
}
END_TEST

/* The bar is 134 pixels long from 6 on, and 1.25 budgets; its rows begin 23 below the box's. */
static const struct {
    uint64_t paint_us;
    uint32_t n_within;
    uint32_t n_beyond;
} bars[] = {
    { 0, 0, 0 },           { 12500, 52, 0 }, /* half the budget: 2/5 of 134 is 53.6 */
    { 25000, 106, 0 },                       /* but for the mark */
    { 28125, 106, 12 },                      /* 9/8 of it */
    { 40000000, 106, 26 },                   /* the end */
};

START_TEST(bar_is_as_long_as_the_frame_took)
{
    struct ar_overlay overlay = usual;
    uint32_t n[256] = { 0 };

    make(320, 180, AR_FRAME_I420, 255);
    overlay.paint_us = bars[_i].paint_us;
    ar_overlay_draw(frame, &overlay);
    for (uint32_t x = 0; x < 160; x++)
        n[luma_at(x, 29)]++;
    ck_assert_uint_eq(n[WITHIN], bars[_i].n_within);
    ck_assert_uint_eq(n[BEYOND], bars[_i].n_beyond);
    ck_assert_uint_eq(n[TEXT], 2); /* the mark */
    ck_assert_uint_gt(n[TRACK] + n[BEYOND], 20);
    unmake();
}
END_TEST

static const uint32_t sizes[][2] = { { 16, 16 },   { 16, 1080 },   { 1920, 16 },
                                     { 64, 48 },   { 48, 1920 },   { 640, 360 },
                                     { 642, 362 }, { 1920, 1080 }, { 34, 40 } };

/* No size and no number writes outside; the sanitizers look. */
START_TEST(any_size_and_number)
{
    static const struct ar_overlay wild = {
        .fps = 1e9, .width = -1.0, .p99_us = UINT64_MAX, .paint_us = UINT64_MAX, .budget_us = 1
    };
    static const struct ar_overlay none = { 0 };

    for (int format = 0; format < AR_FRAME_N_FORMATS; format++) {
        make(sizes[_i][0], sizes[_i][1], (enum ar_frame_format)format, 255);
        ar_overlay_draw(frame, &usual);
        ar_overlay_draw(frame, &wild);
        ar_overlay_draw(frame, &none);
        unmake();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_overlay");
    TCase *tcase = tcase_create("overlay");

    tcase_add_test(tcase, letters_are_where_they_are_read);
    tcase_add_loop_test(tcase, ground_is_dark_on_any_picture, 0, 256);
    tcase_add_loop_test(tcase, bar_is_as_long_as_the_frame_took, 0, AR_ARRAY_LEN(bars));
    tcase_add_loop_test(tcase, any_size_and_number, 0, AR_ARRAY_LEN(sizes));
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
