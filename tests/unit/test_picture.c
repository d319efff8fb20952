/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "daemon/picture.h"
#include "tests/suite.h"

/* What ar_picture_paste() makes of every format, beside the same in real numbers, written down a second time. */

#define WIDTH_PX  34 /* rows are longer than a multiple of anything */
#define HEIGHT_PX 18
#define LEFT_PX   6
#define TOP_PX    4

struct colour {
    double y;
    double u; /* around 0 */
    double v;
};

static void make_noise(struct ar_picture *picture, enum ar_frame_format format,
                       enum ar_frame_range range, uint32_t seed)
{
    const struct ar_frame_shape shape = { WIDTH_PX, HEIGHT_PX, format, range };

    ck_assert_int_eq(ar_picture_init(picture, &shape), 0);
    for (size_t i = 0; i < ar_frame_size_b(&shape); i++) {
        seed = seed * 1664525 + 1013904223;
        picture->memory[i] = (uint8_t)(seed >> 24);
    }
}

static const uint8_t *at(const struct ar_frame *frame, uint32_t plane, uint32_t x, uint32_t y)
{
    return frame->planes[plane].data + (size_t)y * frame->planes[plane].stride_b + x;
}

/* Of pixel x, y, in full range. */
static struct colour colour_of(const struct ar_frame *frame, uint32_t x, uint32_t y)
{
    struct colour c = { 0 };

    if (frame->shape.format == AR_FRAME_XRGB) {
        const uint8_t *p = at(frame, 0, 4 * x, y);

        c.y = 0.299 * p[2] + 0.587 * p[1] + 0.114 * p[0];
        c.u = (p[0] - c.y) / 1.772;
        c.v = (p[2] - c.y) / 1.402;
        return c;
    }
    if (frame->shape.format == AR_FRAME_YUYV)
        c = (struct colour){ *at(frame, 0, 2 * x, y), *at(frame, 0, 4 * (x / 2) + 1, y),
                             *at(frame, 0, 4 * (x / 2) + 3, y) };
    else if (frame->shape.format == AR_FRAME_NV12)
        c = (struct colour){ *at(frame, 0, x, y), *at(frame, 1, 2 * (x / 2), y / 2),
                             *at(frame, 1, 2 * (x / 2) + 1, y / 2) };
    else
        c = (struct colour){ *at(frame, 0, x, y), *at(frame, 1, x / 2, y / 2),
                             *at(frame, 2, x / 2, y / 2) };
    c.u -= 128.0;
    c.v -= 128.0;
    if (frame->shape.range == AR_FRAME_LIMITED)
        c = (struct colour){ (c.y - 16.0) * 255.0 / 219.0, c.u * 255.0 / 224.0,
                             c.v * 255.0 / 224.0 };
    return c;
}

static double to_byte(double full, enum ar_frame_range range, bool is_luma)
{
    if (range == AR_FRAME_LIMITED)
        full = is_luma ? 16.0 + full * 219.0 / 255.0 : full * 224.0 / 255.0;
    return fmin(fmax(is_luma ? full : full + 128.0, 0.0), 255.0);
}

/* A byte is rounded where it is read and where it is stretched: twice half a step, and a stretched half is more. */
static void check_byte(uint8_t found, double wanted)
{
    ck_assert_msg(fabs(found - wanted) <= 1.3, "%u, not %.2f", found, wanted);
}

static void check_block(const struct ar_frame *dst, const struct ar_frame *src, uint32_t x,
                        uint32_t y)
{
    const enum ar_frame_range range = dst->shape.range;
    struct colour mean = { 0 };

    for (uint32_t i = 0; i < 4; i++) {
        const struct colour c = colour_of(src, x + i % 2, y + i / 2);

        check_byte(*at(dst, 0, LEFT_PX + x + i % 2, TOP_PX + y + i / 2),
                   to_byte(c.y, range, true));
        mean.u += c.u / 4.0;
        mean.v += c.v / 4.0;
    }
    check_byte(*at(dst, 1, (LEFT_PX + x) / 2, (TOP_PX + y) / 2), to_byte(mean.u, range, false));
    check_byte(*at(dst, 2, (LEFT_PX + x) / 2, (TOP_PX + y) / 2), to_byte(mean.v, range, false));
}

/* Nothing is touched around it. */
static void check_border(const struct ar_frame *dst)
{
    for (uint32_t plane = 0; plane < 3; plane++) {
        const uint32_t divisor = plane == 0 ? 1 : 2;

        for (uint32_t y = 0; y < dst->shape.height_px / divisor; y++)
            for (uint32_t x = 0; x < dst->shape.width_px / divisor; x++)
                if (x < LEFT_PX / divisor || x >= (LEFT_PX + WIDTH_PX) / divisor ||
                    y < TOP_PX / divisor || y >= (TOP_PX + HEIGHT_PX) / divisor)
                    ck_assert_uint_eq(*at(dst, plane, x, y), 77);
    }
}

START_TEST(every_format_becomes_planes)
{
    const enum ar_frame_format format = (enum ar_frame_format)(_i / 4);
    const enum ar_frame_range from = _i & 1 ? AR_FRAME_LIMITED : AR_FRAME_FULL;
    const struct ar_frame_shape shape = { WIDTH_PX + 2 * LEFT_PX, HEIGHT_PX + 3 * TOP_PX,
                                          AR_FRAME_I420,
                                          _i & 2 ? AR_FRAME_LIMITED : AR_FRAME_FULL };
    struct ar_picture src;
    struct ar_picture dst;

    make_noise(&src, format, from, (uint32_t)_i + 1);
    ck_assert_int_eq(ar_picture_init(&dst, &shape), 0);
    memset(dst.memory, 77, ar_frame_size_b(&shape));
    ar_picture_paste(&dst.frame, LEFT_PX, TOP_PX, &src.frame);
    for (uint32_t y = 0; y < HEIGHT_PX; y += 2)
        for (uint32_t x = 0; x < WIDTH_PX; x += 2)
            check_block(&dst.frame, &src.frame, x, y);
    check_border(&dst.frame);
    ar_picture_finish(&src);
    ar_picture_finish(&dst);
}
END_TEST

/* What is there already stays as it is, bit by bit. */
START_TEST(planes_of_one_range_are_copied)
{
    const enum ar_frame_range range = _i ? AR_FRAME_LIMITED : AR_FRAME_FULL;
    struct ar_picture src;
    struct ar_picture dst;

    make_noise(&src, AR_FRAME_I420, range, 3);
    ck_assert_int_eq(ar_picture_init(&dst, &src.frame.shape), 0);
    ar_picture_paste(&dst.frame, 0, 0, &src.frame);
    for (uint32_t plane = 0; plane < 3; plane++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&src.frame.shape, plane); y++)
            ck_assert_mem_eq(at(&dst.frame, plane, 0, y), at(&src.frame, plane, 0, y),
                             ar_frame_plane_width_b(&src.frame.shape, plane));
    ar_picture_finish(&src);
    ar_picture_finish(&dst);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("picture");
    TCase *tcase = tcase_create("picture");

    tcase_add_loop_test(tcase, every_format_becomes_planes, 0, 4 * AR_FRAME_N_FORMATS);
    tcase_add_loop_test(tcase, planes_of_one_range_are_copied, 0, 2);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
