/* SPDX-License-Identifier: MIT */
/* What comes out of ar_recode_pairs(), against BT.601's equations in double precision. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/pool.h"
#include "base/recode.h"
#include "tests/suite.h"

#define WIDTH_PX  70 /* no multiple of what vectors do at once */
#define HEIGHT_PX 34 /* no multiple of a strip */
#define N_PAIRS   (HEIGHT_PX / 2)
#define N_SHAPES  (AR_FRAME_N_FORMATS * 2)

static struct ar_frame_shape shape_at(int i)
{
    return (struct ar_frame_shape){ WIDTH_PX, HEIGHT_PX, (enum ar_frame_format)(i / 2),
                                    i % 2 ? AR_FRAME_LIMITED : AR_FRAME_FULL };
}

/* Two frames and their pools. */
struct rig {
    struct ar_recode recode;
    struct ar_pool *pools[2];
    struct ar_frame *in;
    struct ar_frame *out;
};

static void rig_init(struct rig *rig, struct ar_frame_shape from, struct ar_frame_shape to)
{
    ck_assert_int_eq(ar_recode_init(&rig->recode, from.width_px), 0);
    ck_assert_int_eq(ar_pool_create(&rig->pools[0], &from, 1), 0);
    ck_assert_int_eq(ar_pool_create(&rig->pools[1], &to, 1), 0);
    rig->in = ar_pool_take(rig->pools[0]);
    rig->out = ar_pool_take(rig->pools[1]);
}

static void rig_finish(struct rig *rig)
{
    ar_frame_unref(&rig->in);
    ar_frame_unref(&rig->out);
    ar_pool_destroy(rig->pools[0]);
    ar_pool_destroy(rig->pools[1]);
    ar_recode_finish(&rig->recode);
}

/* Where Y, U, V lie; of XRGB R, G, B: at (y >> shift) * stride + (x >> shift) * step + first of a plane. */
static const struct {
    uint32_t plane;
    uint32_t shift_x;
    uint32_t shift_y;
    uint32_t step_b;
    uint32_t first_b;
} samples[AR_FRAME_N_FORMATS][3] = {
    [AR_FRAME_I420] = { { 0, 0, 0, 1, 0 }, { 1, 1, 1, 1, 0 }, { 2, 1, 1, 1, 0 } },
    [AR_FRAME_NV12] = { { 0, 0, 0, 1, 0 }, { 1, 1, 1, 2, 0 }, { 1, 1, 1, 2, 1 } },
    [AR_FRAME_YUYV] = { { 0, 0, 0, 2, 0 }, { 0, 1, 0, 4, 1 }, { 0, 1, 0, 4, 3 } },
    [AR_FRAME_XRGB] = { { 0, 0, 0, 4, 2 }, { 0, 0, 0, 4, 1 }, { 0, 0, 0, 4, 0 } },
};

static uint8_t *at(const struct ar_frame *frame, uint32_t i, uint32_t x, uint32_t y)
{
    const enum ar_frame_format format = frame->shape.format;
    const struct ar_frame_plane *plane = &frame->planes[samples[format][i].plane];

    return plane->data + (size_t)(y >> samples[format][i].shift_y) * plane->stride_b +
           (size_t)(x >> samples[format][i].shift_x) * samples[format][i].step_b +
           samples[format][i].first_b;
}

static bool is_limited(const struct ar_frame_shape *shape)
{
    return shape->range == AR_FRAME_LIMITED && shape->format != AR_FRAME_XRGB;
}

/* Anything that the range allows: the ends of it more often than chance would have them. */
static void draw(struct ar_frame *frame)
{
    const bool limited = is_limited(&frame->shape);
    uint32_t random = 1;

    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t y = 0; y < HEIGHT_PX; y++)
            for (uint32_t x = 0; x < WIDTH_PX; x++) {
                const double steps = i == 0 ? 219 : 224;

                random = random * 1664525 + 1013904223;
                const uint8_t byte = random >> 28 == 0 ? (uint8_t)(random >> 8 & 1) * 255
                                                       : (uint8_t)(random >> 16);

                *at(frame, i, x, y) = limited ? (uint8_t)lround(16 + byte * steps / 255) : byte;
            }
}

struct colour {
    double v[3]; /* full-range Y, U, V, not rounded; U and V about 0 */
};

/* Of a pixel, with the chroma of its 2 x 2 block. */
static struct colour look(const struct ar_frame *frame, uint32_t x, uint32_t y)
{
    const bool limited = is_limited(&frame->shape);
    double c[3];

    for (uint32_t i = 0; i < 3; i++)
        c[i] = *at(frame, i, x, y);
    if (frame->shape.format == AR_FRAME_XRGB)
        return (
            struct colour){ { 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2],
                              (c[2] - 0.299 * c[0] - 0.587 * c[1] - 0.114 * c[2]) / 1.772,
                              (c[0] - 0.299 * c[0] - 0.587 * c[1] - 0.114 * c[2]) / 1.402 } };
    return (struct colour){ { limited ? (c[0] - 16) * 255 / 219 : c[0],
                              (c[1] - 128) * (limited ? 255.0 / 224 : 1),
                              (c[2] - 128) * (limited ? 255.0 / 224 : 1) } };
}

static struct colour mean_look(const struct ar_frame *frame, uint32_t x, uint32_t y)
{
    struct colour colour = look(frame, x, y);

    for (uint32_t i = 1; i < 3; i++) {
        colour.v[i] = 0;
        for (uint32_t k = 0; k < 4; k++)
            colour.v[i] += look(frame, (x & ~1u) + k % 2, (y & ~1u) + k / 2).v[i] / 4;
    }
    return colour;
}

/* The samples of that colour, not rounded. */
static struct colour samples_of(const struct ar_frame_shape *shape, struct colour colour)
{
    const double *c = colour.v;
    const bool limited = is_limited(shape);

    if (shape->format == AR_FRAME_XRGB)
        return (struct colour){ { c[0] + 1.402 * c[2], c[0] - 0.344136 * c[1] - 0.714136 * c[2],
                                  c[0] + 1.772 * c[1] } };
    return (struct colour){ { limited ? 16 + c[0] * 219 / 255 : c[0],
                              128 + c[1] * (limited ? 224.0 / 255 : 1),
                              128 + c[2] * (limited ? 224.0 / 255 : 1) } };
}

/*
 * Levels from what is exact, measured, for Y, U, V or R, G, B. libyuv multiplies by 6 to 8 bits: limited range's 2.018
 * for blue is 2 there, so that the purest blue is two levels too dark. The mean of two rows' chroma rounds up besides.
 */
static void limits_of(double limits[3], const struct ar_frame_shape *from,
                      const struct ar_frame_shape *to)
{
    const bool halves = from->format == AR_FRAME_YUYV;
    const double of_chroma = halves ? 0.5 : 0.0;

    if (from->format == AR_FRAME_XRGB) {
        limits[0] = 1.0;
        limits[1] = limits[2] = 1.8;
    } else if (to->format == AR_FRAME_XRGB) {
        limits[0] = limits[1] = 1.2 + 2 * of_chroma;
        limits[2] = (is_limited(from) ? 2.5 : 1.3) + 2 * of_chroma;
    } else if (is_limited(from) == is_limited(to)) {
        limits[0] = 0.0;
        limits[1] = limits[2] = of_chroma;
    } else {
        limits[0] = 0.58;
        limits[1] = limits[2] = 0.68 + 1.2 * of_chroma;
    }
}

static void compare(const struct ar_frame *out, const struct ar_frame *in)
{
    double limits[3];

    limits_of(limits, &in->shape, &out->shape);
    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        for (uint32_t x = 0; x < WIDTH_PX; x++) {
            const struct colour want = samples_of(&out->shape, mean_look(in, x, y));

            for (uint32_t i = 0; i < 3; i++) {
                const double exact = fmin(fmax(want.v[i], 0), 255);

                ck_assert_msg(fabs(*at(out, i, x, y) - exact) <= limits[i] + 1e-9,
                              "sample %u of %u,%u is %u, not %.2f within %.1f", i, x, y,
                              *at(out, i, x, y), exact, limits[i]);
            }
        }
}

START_TEST(every_format_becomes_every_other)
{
    struct rig rig;

    for (int i = 0; i < N_SHAPES; i++) {
        rig_init(&rig, shape_at(_i), shape_at(i));
        draw(rig.in);
        ar_recode_pairs(&rig.recode, rig.out, 0, rig.in, 0, N_PAIRS);
        if (!ar_recode_is_same(&rig.in->shape, &rig.out->shape))
            compare(rig.out, rig.in);
        rig_finish(&rig);
    }
}
END_TEST

/* YUYV has chroma for each row, and keeps it. */
START_TEST(what_is_the_same_stays_bit_for_bit)
{
    const struct ar_frame_shape shape = shape_at(_i);
    struct rig rig;

    rig_init(&rig, shape, shape);
    draw(rig.in);
    ar_recode_pairs(&rig.recode, rig.out, 0, rig.in, 0, N_PAIRS);
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t y = 0; y < HEIGHT_PX; y++)
            for (uint32_t x = 0; x < WIDTH_PX; x++)
                ck_assert_uint_eq(*at(rig.out, i, x, y), *at(rig.in, i, x, y));
    rig_finish(&rig);
}
END_TEST

/* Black, white and no colour at all are exactly that in the other range. */
START_TEST(ends_of_the_ranges_are_exact)
{
    /* Chroma's lower end is at half a level, which rounds up on the way back. */
    static const uint8_t full[][2] = { { 0, 0 }, { 0, 1 }, { 255, 255 }, { 128, 128 } };
    static const uint8_t limited[][2] = { { 16, 16 }, { 16, 16 }, { 235, 240 }, { 126, 128 } };
    const struct ar_frame_shape from = shape_at(2 * AR_FRAME_I420 + _i);
    const struct ar_frame_shape to = shape_at(2 * AR_FRAME_NV12 + 1 - _i);
    struct rig rig;

    rig_init(&rig, from, to);
    for (size_t k = _i; k < AR_ARRAY_LEN(full); k++) {
        const uint8_t *const in = _i ? limited[k] : full[k];
        const uint8_t *const want = _i ? full[k] : limited[k];

        for (uint32_t i = 0; i < 3; i++)
            for (uint32_t y = 0; y < HEIGHT_PX; y++)
                for (uint32_t x = 0; x < WIDTH_PX; x++)
                    *at(rig.in, i, x, y) = in[i > 0 ? 1 : 0];
        ar_recode_pairs(&rig.recode, rig.out, 0, rig.in, 0, N_PAIRS);
        ck_assert_uint_eq(*at(rig.out, 0, WIDTH_PX - 1, 0), want[0]);
        ck_assert_uint_eq(*at(rig.out, 1, WIDTH_PX - 1, 0), want[1]);
        ck_assert_uint_eq(*at(rig.out, 2, 0, HEIGHT_PX - 1), want[1]);
    }
    rig_finish(&rig);
}
END_TEST

/* What a limited picture has beyond its range is cut off where that is stretched, and does not wrap around. */
START_TEST(beyond_the_range_is_its_end)
{
    struct rig rig;

    rig_init(&rig, shape_at(2 * AR_FRAME_I420 + 1), shape_at(2 * AR_FRAME_I420));
    for (uint32_t x = 0; x < WIDTH_PX; x++)
        *at(rig.in, 0, x, 0) = x % 2 ? 255 : 1;
    for (uint32_t x = 0; x < WIDTH_PX; x += 2)
        *at(rig.in, 1, x, 0) = x % 4 ? 255 : 1;
    ar_recode_pairs(&rig.recode, rig.out, 0, rig.in, 0, 1);
    ck_assert_uint_eq(*at(rig.out, 0, 0, 0), 0);
    ck_assert_uint_eq(*at(rig.out, 0, 1, 0), 255);
    ck_assert_uint_le(*at(rig.out, 1, 0, 0), 1);
    ck_assert_uint_eq(*at(rig.out, 1, 2, 0), 255);
    rig_finish(&rig);
}
END_TEST

/* Rows in the middle, to other rows: none beside them is touched. */
START_TEST(some_pairs_alone)
{
    const uint32_t from_pair = 3;
    const uint32_t to_pair = 9;
    const uint32_t n_pairs = 6;
    struct rig rig;
    struct rig whole;

    for (int i = 0; i < N_SHAPES; i++) {
        rig_init(&rig, shape_at(_i), shape_at(i));
        rig_init(&whole, shape_at(_i), shape_at(i));
        draw(rig.in);
        draw(whole.in);
        draw(rig.out);
        ar_recode_pairs(&whole.recode, whole.out, 0, whole.in, 0, N_PAIRS);
        ar_recode_pairs(&rig.recode, rig.out, to_pair, rig.in, from_pair, n_pairs);
        ar_frame_copy(rig.in, whole.in); /* and what came in is as it was */
        for (uint32_t k = 0; k < 3; k++)
            for (uint32_t x = 0; x < WIDTH_PX; x++)
                for (uint32_t y = 0; y < 2 * n_pairs; y++)
                    ck_assert_uint_eq(*at(rig.out, k, x, 2 * to_pair + y),
                                      *at(whole.out, k, x, 2 * from_pair + y));
        draw(whole.out);
        for (uint32_t k = 0; k < 3; k++)
            for (uint32_t x = 0; x < WIDTH_PX; x++)
                for (uint32_t y = 0; y < HEIGHT_PX; y++)
                    if (y < 2 * to_pair || y >= 2 * (to_pair + n_pairs))
                        ck_assert_uint_eq(*at(rig.out, k, x, y), *at(whole.out, k, x, y));
        rig_finish(&rig);
        rig_finish(&whole);
    }
}
END_TEST

START_TEST(colours_have_no_range)
{
    const struct ar_frame_shape colours = shape_at(2 * AR_FRAME_XRGB);
    const struct ar_frame_shape limited_colours = shape_at(2 * AR_FRAME_XRGB + 1);
    const struct ar_frame_shape full = shape_at(2 * AR_FRAME_I420);
    const struct ar_frame_shape limited = shape_at(2 * AR_FRAME_I420 + 1);
    struct ar_frame_shape wider = full;

    wider.width_px += 2;
    ck_assert(ar_recode_is_same(&colours, &limited_colours));
    ck_assert(!ar_recode_is_same(&colours, &full));
    ck_assert(!ar_recode_is_same(&limited, &full));
    ck_assert(!ar_recode_is_same(&wider, &full));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base_recode");
    TCase *tcase = tcase_create("recode");

    tcase_add_loop_test(tcase, every_format_becomes_every_other, 0, N_SHAPES);
    tcase_add_loop_test(tcase, what_is_the_same_stays_bit_for_bit, 0, N_SHAPES);
    tcase_add_loop_test(tcase, ends_of_the_ranges_are_exact, 0, 2);
    tcase_add_test(tcase, beyond_the_range_is_its_end);
    tcase_add_loop_test(tcase, some_pairs_alone, 0, N_SHAPES);
    tcase_add_test(tcase, colours_have_no_range);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
