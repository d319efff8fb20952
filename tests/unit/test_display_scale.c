/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "display/scale.h"
#include "tests/unit/display_rig.h"

static const struct {
    uint32_t source[2];
    uint32_t screen[2];
    struct ar_scale_rect want;
} fits[] = {
    { { 640, 360 }, { 1920, 1080 }, { 0, 0, 1920, 1080 } },
    { { 640, 480 }, { 1920, 1080 }, { 240, 0, 1440, 1080 } },
    { { 640, 360 }, { 1024, 768 }, { 0, 96, 1024, 576 } },
    { { 1920, 1080 }, { 640, 480 }, { 0, 60, 640, 360 } },
    { { 360, 640 }, { 1920, 1080 }, { 656, 0, 608, 1080 } },
    { { 16, 1920 }, { 1920, 16 }, { 959, 0, 1, 16 } },
    { { 16, 1920 }, { 100, 1 }, { 49, 0, 1, 1 } },
    { { 1920, 1920 }, { 16384, 16384 }, { 0, 0, 16384, 16384 } },
};

START_TEST(letterbox)
{
    struct ar_scale_rect rect = ar_scale_fit(fits[_i].source[0], fits[_i].source[1],
                                             fits[_i].screen[0], fits[_i].screen[1]);

    ck_assert_uint_eq(rect.x_px, fits[_i].want.x_px);
    ck_assert_uint_eq(rect.y_px, fits[_i].want.y_px);
    ck_assert_uint_eq(rect.width_px, fits[_i].want.width_px);
    ck_assert_uint_eq(rect.height_px, fits[_i].want.height_px);
}
END_TEST

/* Coordinate i of n in a source of n_source, by the definition. */
static double position(uint32_t i, uint32_t n_source, uint32_t n)
{
    return fmin(fmax((i + 0.5) * n_source / n - 0.5, 0.0), n_source - 1.0);
}

static double sample(const struct ar_frame *frame, uint32_t x, uint32_t y, uint32_t channel)
{
    x = ar_min_u32(x, frame->shape.width_px - 1);
    y = ar_min_u32(y, frame->shape.height_px - 1);
    return frame->planes[0]
        .data[(size_t)y * frame->planes[0].stride_b + (size_t)4 * x + channel];
}

static double reference(const struct ar_frame *frame, double x, double y, uint32_t channel)
{
    uint32_t left = (uint32_t)x;
    uint32_t top = (uint32_t)y;
    double right_part = x - left;
    double bottom_part = y - top;
    double above = sample(frame, left, top, channel) * (1 - right_part) +
                   sample(frame, left + 1, top, channel) * right_part;
    double below = sample(frame, left, top + 1, channel) * (1 - right_part) +
                   sample(frame, left + 1, top + 1, channel) * right_part;

    return above * (1 - bottom_part) + below * bottom_part;
}

static struct ar_frame *make_frame(struct ar_pool **pool, uint32_t width_px, uint32_t height_px)
{
    struct ar_frame_shape shape = { width_px, height_px, AR_FRAME_XRGB, AR_FRAME_FULL };
    struct ar_frame *frame;
    uint32_t random = 1;

    ck_assert_int_eq(ar_pool_create(pool, &shape, 1), 0);
    frame = ar_pool_take(*pool);
    for (uint32_t y = 0; y < height_px; y++)
        for (uint32_t i = 0; i < 4 * width_px; i++) {
            random = random * 1664525 + 1013904223;
            /* Many values at the ends, where a carry into the next byte would show. */
            frame->planes[0].data[(size_t)y * frame->planes[0].stride_b + i] =
                random >> 31 ? (uint8_t)(random >> 16) : (uint8_t)(random >> 30 ? 255 : 0);
        }
    return frame;
}

static const uint32_t sizes[][4] = {
    { 16, 16, 16, 16 }, { 16, 16, 17, 31 },    { 16, 18, 47, 53 },    { 64, 36, 192, 108 },
    { 64, 36, 64, 72 }, { 64, 36, 128, 36 },   { 64, 48, 21, 13 },    { 50, 34, 1, 1 },
    { 34, 50, 333, 7 }, { 640, 16, 1920, 16 }, { 1920, 16, 1919, 9 }, { 16, 16, 1920, 5 },
};

/*
 * Each direction that scales rounds once to 8 bits (1/2) and places its tap to 1/256 (255 / 512, below 1/2): less than a
 * step from the exact value.
 */
START_TEST(bilinear_is_within_its_rounding)
{
    const uint32_t *size = sizes[_i];
    const double limit = (size[0] == size[2] ? 0.0 : 1.0) + (size[1] == size[3] ? 0.0 : 1.0);
    static uint32_t row[AR_FRAME_MAX_W_PX];
    struct ar_pool *pool = NULL;
    struct ar_frame *frame = make_frame(&pool, size[0], size[1]);
    struct ar_scaler scaler;

    ck_assert_int_eq(ar_scaler_init(&scaler, size[0], size[1], size[2], size[3]), 0);
    for (uint32_t y = 0; y < size[3]; y++)
        ck_assert_uint_lt(scaler.down[y].first + 1, size[1]);
    ar_scaler_begin(&scaler, frame);
    for (uint32_t y = 0; y < size[3]; y++) {
        ar_scaler_row(&scaler, y, (uint8_t *)row);
        for (uint32_t x = 0; x < size[2]; x++)
            for (uint32_t channel = 0; channel < 4; channel++) {
                double want = reference(frame, position(x, size[0], size[2]),
                                        position(y, size[1], size[3]), channel);
                double got = row[x] >> 8 * channel & 255;

                ck_assert_msg(fabs(got - want) <= limit, "%u,%u.%u: %g, not %g", x, y, channel,
                              got, want);
            }
    }
    ar_scaler_finish(&scaler);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
}
END_TEST

/* To the last pixel of any width, and no byte more. */
START_TEST(row_ends_where_it_ends)
{
    enum { N_MAX = 67, SOURCE_PX = 16, UNTOUCHED = 0xa5 };
    struct ar_pool *pool = NULL;
    struct ar_frame *frame = make_frame(&pool, SOURCE_PX, 16);

    for (uint32_t n = 1; n <= N_MAX; n++) {
        uint8_t row[4 * N_MAX + 4];
        struct ar_scaler scaler;

        ck_assert_int_eq(ar_scaler_init(&scaler, SOURCE_PX, 16, n, 32), 0);
        ar_scaler_begin(&scaler, frame);
        memset(row, UNTOUCHED, sizeof(row));
        ar_scaler_row(&scaler, _i, row);
        for (uint32_t byte = 0; byte < 4; byte++) {
            const double want =
                reference(frame, position(n - 1, SOURCE_PX, n), position(_i, 16, 32), byte);

            ck_assert(fabs(row[4 * (n - 1) + byte] - want) < 2.0);
            ck_assert_uint_eq(row[4 * n + byte], UNTOUCHED);
        }
        ar_scaler_finish(&scaler);
    }
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
}
END_TEST

START_TEST(next_frame_leaves_nothing_of_the_last)
{
    struct ar_pool *pools[2] = { NULL, NULL };
    struct ar_frame *first = make_frame(&pools[0], 16, 16);
    struct ar_frame *second = make_frame(&pools[1], 16, 16);
    uint8_t row[33 * 4];
    struct ar_scaler scaler;

    ar_frame_fill(second, (const uint8_t[3]){ 77, 128, 128 });
    ck_assert_int_eq(ar_scaler_init(&scaler, 16, 16, 33, 33), 0);
    ar_scaler_begin(&scaler, first);
    for (uint32_t y = 0; y < 33; y++)
        ar_scaler_row(&scaler, y, row);
    ar_scaler_begin(&scaler, second);
    /* From the bottom, where the last frame's rows are still at hand. */
    for (uint32_t y = 33; y-- > 0;) {
        ar_scaler_row(&scaler, y, row);
        for (uint32_t i = 0; i < sizeof(row); i++)
            ck_assert_uint_eq(row[i], i % 4 == 3 ? 0xff : 0x4d);
    }
    ar_scaler_finish(&scaler);
    ar_frame_unref(&first);
    ar_frame_unref(&second);
    ar_pool_destroy(pools[0]);
    ar_pool_destroy(pools[1]);
}
END_TEST

START_TEST(same_size_is_the_same_picture)
{
    struct ar_pool *pool = NULL;
    struct ar_frame *frame = make_frame(&pool, 32, 16);
    uint8_t row[32 * 4];
    struct ar_scaler scaler;

    ck_assert_int_eq(ar_scaler_init(&scaler, 32, 16, 32, 16), 0);
    ar_scaler_begin(&scaler, frame);
    for (uint32_t y = 0; y < 16; y++) {
        ar_scaler_row(&scaler, y, row);
        ck_assert_mem_eq(row, frame->planes[0].data + (size_t)y * frame->planes[0].stride_b,
                         sizeof(row));
    }
    ar_scaler_finish(&scaler);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_scale");
    TCase *tcase = tcase_create("scale");

    tcase_add_loop_test(tcase, letterbox, 0, AR_ARRAY_LEN(fits));
    tcase_add_loop_test(tcase, bilinear_is_within_its_rounding, 0, AR_ARRAY_LEN(sizes));
    tcase_add_loop_test(tcase, row_ends_where_it_ends, 0, 3);
    tcase_add_test(tcase, next_frame_leaves_nothing_of_the_last);
    tcase_add_test(tcase, same_size_is_the_same_picture);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
