/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <string.h>

#include "base/macros.h"
#include "base/notice.h"
#include "base/pool.h"
#include "tests/suite.h"

#define GROUND 24
#define TEXT   208

static struct ar_pool *pool;
static struct ar_frame *frame;

static void make(uint32_t width_px, uint32_t height_px, enum ar_frame_format format)
{
    const struct ar_frame_shape shape = { .width_px = width_px,
                                          .height_px = height_px,
                                          .format = format };

    ck_assert_int_eq(ar_pool_create(&pool, &shape, 1), 0);
    frame = ar_pool_take(pool);
}

static void unmake(void)
{
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
}

/* The brightness of a pixel; a grey XRGB pixel has it in each colour. */
static uint8_t luma_at(uint32_t x, uint32_t y)
{
    static const uint32_t steps_b[] = {
        [AR_FRAME_I420] = 1, [AR_FRAME_NV12] = 1, [AR_FRAME_YUYV] = 2, [AR_FRAME_XRGB] = 4
    };
    const uint8_t *pixel = frame->planes[0].data + (size_t)y * frame->planes[0].stride_b +
                           (size_t)x * steps_b[frame->shape.format];

    if (frame->shape.format == AR_FRAME_XRGB) {
        ck_assert_uint_eq(pixel[1], pixel[0]);
        ck_assert_uint_eq(pixel[2], pixel[0]);
    }
    return pixel[0];
}

/* "L" is the only letter here that shows which way is up, left, and on. */
START_TEST(test_letter_in_every_format)
{
    static const char *const want[] = { "#....", "#....", "#....", "#....",
                                        "#....", "#....", "#####" };
    const uint32_t left =
        (32 - 2 * 6) / 2; /* of two cells in the middle; one dot is one pixel */
    const uint32_t top = (32 - 2 * 10) / 2 + 1;

    make(32, 32, (enum ar_frame_format)_i);
    ar_notice_draw(frame, "Li\nX");
    for (uint32_t y = 0; y < 7; y++)
        for (uint32_t x = 0; x < 5; x++)
            ck_assert_uint_eq(luma_at(left + x, top + y), want[y][x] == '#' ? TEXT : GROUND);
    for (uint32_t x = 0; x < 32; x++) {
        ck_assert_uint_eq(luma_at(x, 0), GROUND);
        ck_assert_uint_eq(luma_at(x, 31), GROUND);
    }
    unmake();
}
END_TEST

static uint32_t n_lit(void)
{
    uint32_t n = 0;

    for (uint32_t y = 0; y < frame->shape.height_px; y++)
        for (uint32_t x = 0; x < frame->shape.width_px; x++)
            n += luma_at(x, y) == TEXT;
    return n;
}

START_TEST(test_grows_with_the_frame)
{
    uint32_t small;

    make(64, 48, AR_FRAME_I420);
    ar_notice_draw(frame, "LOST");
    small = n_lit();
    unmake();
    make(640, 480, AR_FRAME_I420);
    ar_notice_draw(frame, "lost"); /* small letters are the same */
    ck_assert_uint_gt(n_lit(), (uintmax_t)100 * small);
    unmake();
}
END_TEST

/* No text and no size writes outside; the sanitizers look. */
START_TEST(test_any_text)
{
    static const char *const texts[] = {
        "",
        "\n",
        "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
        "a text that is very much longer than anything that the width of this picture has room for",
        "\x01\xff\x80~",
    };

    make(_i % 2 ? 16 : 66, _i % 2 ? 16 : 18, (enum ar_frame_format)(_i / 2));
    for (size_t i = 0; i < AR_ARRAY_LEN(texts); i++)
        ar_notice_draw(frame, texts[i]);
    ck_assert_uint_gt(n_lit(), 0); /* of the last: question marks */
    unmake();
}
END_TEST

START_TEST(test_limited_range)
{
    make(32, 32, AR_FRAME_NV12);
    frame->shape.range = AR_FRAME_LIMITED;
    ar_notice_draw(frame, "I");
    ck_assert_uint_eq(luma_at(0, 0), 37);
    ck_assert_uint_eq(frame->planes[1].data[0], 128);
    ck_assert_uint_eq(n_lit(), 0); /* it is 16 + 208 * 219 / 255 */
    unmake();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/notice");
    TCase *notice = tcase_create("notice");

    tcase_add_loop_test(notice, test_letter_in_every_format, 0, AR_FRAME_N_FORMATS);
    tcase_add_test(notice, test_grows_with_the_frame);
    tcase_add_loop_test(notice, test_any_text, 0, 2 * AR_FRAME_N_FORMATS);
    tcase_add_test(notice, test_limited_range);
    suite_add_tcase(suite, notice);
    return ar_suite_run(suite);
}
