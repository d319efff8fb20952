/* SPDX-License-Identifier: MIT */
/* Whole pictures turned, against what a quarter turn and a mirror are for one pixel. */
#include <check.h>
#include <stdlib.h>

#include "base/pool.h"
#include "nn/cpu.h"
#include "nn/orient.h"
#include "tests/suite.h"
#include "tests/unit/nn_style.h"

#define WIDTH_PX  46 /* no multiple of what is turned at once, neither way */
#define HEIGHT_PX 38
#define N_TURNS   (4 * 2 * 2 * AR_FRAME_N_FORMATS)

struct pixel {
    uint32_t x;
    uint32_t y;
};

struct turn {
    uint32_t n_quarters;
    bool mirrors;
    bool flips;
    enum ar_frame_format format;
};

static struct turn turn_of(int number)
{
    return (struct turn){ .n_quarters = (uint32_t)number % 4,
                          .mirrors = number / 4 % 2 == 1,
                          .flips = number / 8 % 2 == 1,
                          .format = (enum ar_frame_format)(number / 16) };
}

/* Where in a picture of width x height the pixel is that is seen at `at` after the turn. */
static struct pixel source_of(const struct turn *turn, struct pixel at, uint32_t width,
                              uint32_t height)
{
    uint32_t seen_width = turn->n_quarters % 2 ? height : width;
    uint32_t seen_height = turn->n_quarters % 2 ? width : height;

    if (turn->mirrors)
        at.x = seen_width - 1 - at.x;
    if (turn->flips)
        at.y = seen_height - 1 - at.y;
    /* Back by one quarter at a time, counter-clockwise: what is at the top right was at the top left. */
    for (uint32_t i = 0; i < turn->n_quarters; i++) {
        const uint32_t was_height = seen_width;

        at = (struct pixel){ at.y, was_height - 1 - at.x };
        seen_width = seen_height;
        seen_height = was_height;
    }
    return at;
}

static struct ar_pool *make_pool(const struct ar_frame_shape *shape)
{
    struct ar_pool *pool;

    ck_assert_int_eq(ar_pool_create(&pool, shape, 1), 0);
    return pool;
}

static void draw(struct ar_frame *frame)
{
    struct nn_random random = nn_random_seed(3);

    for (uint32_t p = 0; p < ar_frame_n_planes(frame->shape.format); p++)
        for (uint32_t i = 0;
             i < ar_frame_plane_rows(&frame->shape, p) * frame->planes[p].stride_b; i++)
            frame->planes[p].data[i] = (uint8_t)nn_random_below(&random, 256);
}

static uint8_t byte_at(const struct ar_frame *frame, uint32_t plane, uint32_t x, uint32_t y)
{
    return frame->planes[plane].data[(size_t)y * frame->planes[plane].stride_b + x];
}

/* Planes whose elements are all of a kind: all but YUYV's. */
static void expect_elements(const struct turn *turn, const struct ar_frame *in,
                            const struct ar_frame *out)
{
    static const uint32_t sizes_b[AR_FRAME_N_FORMATS][3] = {
        [AR_FRAME_I420] = { 1, 1, 1 },
        [AR_FRAME_NV12] = { 1, 2 },
        [AR_FRAME_XRGB] = { 4 },
    };

    for (uint32_t p = 0; p < ar_frame_n_planes(in->shape.format); p++) {
        const uint32_t size_b = sizes_b[in->shape.format][p];
        const uint32_t width = ar_frame_plane_width_b(&in->shape, p) / size_b;
        const uint32_t height = ar_frame_plane_rows(&in->shape, p);

        for (uint32_t y = 0; y < ar_frame_plane_rows(&out->shape, p); y++)
            for (uint32_t i = 0; i < ar_frame_plane_width_b(&out->shape, p); i++) {
                const struct pixel from =
                    source_of(turn, (struct pixel){ i / size_b, y }, width, height);

                ck_assert_msg(byte_at(out, p, i, y) ==
                                  byte_at(in, p, from.x * size_b + i % size_b, from.y),
                              "plane %u row %u byte %u", p, y, i);
            }
    }
}

static void expect_luma_of_yuyv(const struct turn *turn, const struct ar_frame *in,
                                const struct ar_frame *out)
{
    const uint32_t step_b = out->shape.format == AR_FRAME_YUYV ? 2 : 1;

    for (uint32_t y = 0; y < out->shape.height_px; y++)
        for (uint32_t x = 0; x < out->shape.width_px; x++) {
            const struct pixel from =
                source_of(turn, (struct pixel){ x, y }, WIDTH_PX, HEIGHT_PX);

            ck_assert_msg(byte_at(out, 0, step_b * x, y) == byte_at(in, 0, 2 * from.x, from.y),
                          "luma of row %u pixel %u", y, x);
        }
}

/* Chroma of pairs that lie side by side, as before. */
static void expect_chroma_of_yuyv(const struct turn *turn, const struct ar_frame *in,
                                  const struct ar_frame *out)
{
    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        for (uint32_t x = 0; x < WIDTH_PX / 2; x++)
            for (uint32_t c = 1; c < 4; c += 2) {
                const struct pixel from =
                    source_of(turn, (struct pixel){ x, y }, WIDTH_PX / 2, HEIGHT_PX);

                ck_assert_uint_eq(byte_at(out, 0, 4 * x + c, y),
                                  byte_at(in, 0, 4 * from.x + c, from.y));
            }
}

/* Chroma of blocks, the mean of their two rows. */
static void expect_chroma_of_blocks(const struct turn *turn, const struct ar_frame *in,
                                    const struct ar_frame *out)
{
    for (uint32_t p = 1; p < 3; p++)
        for (uint32_t y = 0; y < WIDTH_PX / 2; y++)
            for (uint32_t x = 0; x < HEIGHT_PX / 2; x++) {
                const struct pixel from =
                    source_of(turn, (struct pixel){ x, y }, WIDTH_PX / 2, HEIGHT_PX / 2);
                const uint32_t at = 4 * from.x + 2 * p - 1;
                const uint32_t sum =
                    byte_at(in, 0, at, 2 * from.y) + byte_at(in, 0, at, 2 * from.y + 1) + 1u;

                ck_assert_uint_eq(byte_at(out, p, x, y), sum / 2);
            }
}

/* Each turn of each format, by the kernels of the reference and of this machine. */
START_TEST(every_pixel_is_where_it_belongs)
{
    const struct turn turn = turn_of(_i / 2);
    const struct ar_orient orient = ar_orient_of(turn.n_quarters, turn.mirrors, turn.flips);
    const struct ar_frame_shape shape = { WIDTH_PX, HEIGHT_PX, turn.format, AR_FRAME_LIMITED };
    const struct ar_frame_shape turned = ar_orient_shape(orient, &shape);
    struct ar_pool *const ins = make_pool(&shape);
    struct ar_pool *const outs = make_pool(&turned);
    struct ar_frame *in = ar_pool_take(ins);
    struct ar_frame *out = ar_pool_take(outs);
    struct ar_kernels kernels;
    struct ar_reason reason;
    uint32_t flags;

    ck_assert_int_eq(ar_cpu_flags(&flags, &reason), 0);
    ar_kernels_init(&kernels, _i % 2 ? flags : 0);
    ck_assert_uint_eq(turned.range, AR_FRAME_LIMITED);
    draw(in);
    ar_orient_frame(&kernels, orient, in, out);
    if (turn.format != AR_FRAME_YUYV) {
        ck_assert_uint_eq(turned.format, turn.format);
        expect_elements(&turn, in, out);
    } else {
        ck_assert_uint_eq(turned.format, orient.transposes ? AR_FRAME_I420 : AR_FRAME_YUYV);
        expect_luma_of_yuyv(&turn, in, out);
        if (orient.transposes)
            expect_chroma_of_blocks(&turn, in, out);
        else
            expect_chroma_of_yuyv(&turn, in, out);
    }
    ar_frame_unref(&in);
    ar_frame_unref(&out);
    ar_pool_destroy(ins);
    ar_pool_destroy(outs);
}
END_TEST

START_TEST(nothing_to_do_is_known)
{
    ck_assert(ar_orient_is_plain(ar_orient_of(0, false, false)));
    ck_assert(ar_orient_is_plain(ar_orient_of(2, true, true)));
    ck_assert(!ar_orient_is_plain(ar_orient_of(2, false, false)));
    ck_assert(!ar_orient_is_plain(ar_orient_of(1, false, false)));
    ck_assert(!ar_orient_is_plain(ar_orient_of(0, true, false)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nn_orient");
    TCase *tc = tcase_create("all");

    tcase_add_loop_test(tc, every_pixel_is_where_it_belongs, 0, 2 * N_TURNS);
    tcase_add_test(tc, nothing_to_do_is_known);
    suite_add_tcase(suite, tc);
    return ar_suite_run(suite);
}
