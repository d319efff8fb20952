/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

#include "base/macros.h"
#include "base/pool.h"
#include "capture/fit.h"
#include "capture/v4l2_format.h"
#include "tests/suite.h"

/*
 * What a driver's bytes become, pixel by pixel, for every format that we read. The formats are written down here
 * a second time, as the kernel's documentation has them: where the three samples of a pixel lie.
 */

#define NO_SAMPLE (-1)

/* The sample of pixel x, y is at (y >> shift_y) * stride + (x >> shift_x) * step + first, in that plane. */
struct sample {
    int plane; /* NO_SAMPLE: there is none, it is 128 */
    uint32_t shift_x;
    uint32_t shift_y;
    uint32_t step_b;
    uint32_t first_b;
};

struct way {
    uint32_t fourcc;
    struct sample samples[3]; /* Y, U, V or R, G, B */
};

#define LUMA          \
    {                 \
        0, 0, 0, 1, 0 \
    }
#define CHROMA(p)       \
    {                   \
        (p), 1, 1, 1, 0 \
    }
#define PAIR(first)         \
    {                       \
        1, 1, 1, 2, (first) \
    }
#define Y_AT(first)         \
    {                       \
        0, 0, 0, 2, (first) \
    }
#define UV_AT(first)        \
    {                       \
        0, 1, 0, 4, (first) \
    }
#define RGB(step, r, g, b)                          \
    {                                               \
        { 0, 0, 0, step, r }, { 0, 0, 0, step, g }, \
        {                                           \
            0, 0, 0, step, b                        \
        }                                           \
    }

/* clang-format off */
static const struct way ways[] = {
    { V4L2_PIX_FMT_YUV420,  { LUMA, CHROMA(1), CHROMA(2) } },
    { V4L2_PIX_FMT_YUV420M, { LUMA, CHROMA(1), CHROMA(2) } },
    { V4L2_PIX_FMT_YVU420,  { LUMA, CHROMA(2), CHROMA(1) } },
    { V4L2_PIX_FMT_YVU420M, { LUMA, CHROMA(2), CHROMA(1) } },
    { V4L2_PIX_FMT_NV12,    { LUMA, PAIR(0), PAIR(1) } },
    { V4L2_PIX_FMT_NV12M,   { LUMA, PAIR(0), PAIR(1) } },
    { V4L2_PIX_FMT_NV21,    { LUMA, PAIR(1), PAIR(0) } },
    { V4L2_PIX_FMT_NV21M,   { LUMA, PAIR(1), PAIR(0) } },
    { V4L2_PIX_FMT_YUYV,    { Y_AT(0), UV_AT(1), UV_AT(3) } },
    { V4L2_PIX_FMT_UYVY,    { Y_AT(1), UV_AT(0), UV_AT(2) } },
    { V4L2_PIX_FMT_YVYU,    { Y_AT(0), UV_AT(3), UV_AT(1) } },
    { V4L2_PIX_FMT_VYUY,    { Y_AT(1), UV_AT(2), UV_AT(0) } },
    { V4L2_PIX_FMT_GREY,    { LUMA, { NO_SAMPLE }, { NO_SAMPLE } } },
    { V4L2_PIX_FMT_XBGR32,  RGB(4, 2, 1, 0) },
    { V4L2_PIX_FMT_XRGB32,  RGB(4, 1, 2, 3) },
    { V4L2_PIX_FMT_RGB24,   RGB(3, 0, 1, 2) },
    { V4L2_PIX_FMT_BGR24,   RGB(3, 2, 1, 0) },
};
/* clang-format on */

static const struct {
    uint32_t width_px;
    uint32_t height_px;
    uint32_t padding_b; /* of the first plane's rows */
} shapes[] = {
    { 64, 48, 0 },  { 64, 48, 32 }, { 66, 18, 2 }, { 65, 49, 0 },
    { 131, 33, 7 }, { 16, 16, 1 },  { 66, 18, 0 }, { 126, 16, 0 },
};

static const struct sample frame_samples[AR_FRAME_N_FORMATS][3] = {
    [AR_FRAME_I420] = { LUMA, CHROMA(1), CHROMA(2) },
    [AR_FRAME_NV12] = { LUMA, PAIR(0), PAIR(1) },
    [AR_FRAME_YUYV] = { Y_AT(0), UV_AT(1), UV_AT(3) },
    [AR_FRAME_XRGB] = RGB(4, 2, 1, 0),
};

static uint8_t look_up(const struct sample *sample, const uint8_t *const *planes,
                       const uint32_t *strides_b, uint32_t x, uint32_t y)
{
    if (sample->plane == NO_SAMPLE)
        return 128;
    return planes[sample->plane][(size_t)(y >> sample->shift_y) * strides_b[sample->plane] +
                                 (size_t)(x >> sample->shift_x) * sample->step_b +
                                 sample->first_b];
}

static void compare(const struct way *way, const struct ar_v4l2_rows *rows,
                    const struct ar_frame *frame)
{
    const uint8_t *planes[3];
    uint32_t strides_b[3];

    for (uint32_t p = 0; p < 3; p++) {
        planes[p] = frame->planes[p].data;
        strides_b[p] = frame->planes[p].stride_b;
    }
    for (uint32_t y = 0; y < frame->shape.height_px; y++)
        for (uint32_t x = 0; x < frame->shape.width_px; x++)
            for (uint32_t i = 0; i < 3; i++) {
                const uint8_t want =
                    look_up(&way->samples[i], rows->data, rows->stride_b, x, y);
                const uint8_t got =
                    look_up(&frame_samples[frame->shape.format][i], planes, strides_b, x, y);

                ck_assert_msg(got == want, "%s: sample %u of %u,%u is %u, not %u",
                              ar_v4l2_format_find(way->fourcc)->name, i, x, y, got, want);
            }
}

/* The driver's answer for a shape. Split planes have rows of their own lengths, odd ones too. */
static struct ar_v4l2_pix pix_of(const struct ar_v4l2_format *format, uint32_t width_px,
                                 uint32_t height_px, uint32_t padding_b)
{
    struct ar_v4l2_pix pix = {
        .fourcc = format->fourcc, .width_px = width_px, .height_px = height_px, .n_memory = 1
    };

    pix.stride_b[0] = width_px * format->planes[0].step_b + padding_b;
    for (uint32_t p = 1; format->split && p < 3 && format->planes[p].step_b; p++) {
        pix.n_memory = p + 1;
        pix.stride_b[p] = (width_px + 1) / 2 * format->planes[p].step_b + 3 * padding_b;
    }
    return pix;
}

/* Memory of random bytes, before a page that nobody may touch: who reads past its end is seen. */
struct noise {
    uint8_t *pages;
    size_t pages_b; /* the last one as well */
    uint8_t *bytes;
};

static struct noise noise_of(size_t size_b)
{
    const size_t page_b = (size_t)sysconf(_SC_PAGESIZE);
    struct noise noise = { .pages_b = ar_align_up(size_b, page_b) + page_b };
    uint32_t random = 1;

    noise.pages =
        mmap(NULL, noise.pages_b, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(noise.pages, MAP_FAILED);
    noise.bytes = noise.pages + noise.pages_b - page_b - size_b;
    for (size_t i = 0; i < size_b; i++) {
        random = random * 1664525 + 1013904223;
        noise.bytes[i] = (uint8_t)(random >> 24);
    }
    ck_assert_int_eq(mprotect(noise.pages + noise.pages_b - page_b, page_b, PROT_NONE), 0);
    return noise;
}

static void convert_and_compare(const struct way *way, uint32_t width_px, uint32_t height_px,
                                uint32_t padding_b)
{
    const struct ar_v4l2_format *format = ar_v4l2_format_find(way->fourcc);
    const struct ar_v4l2_pix pix = pix_of(format, width_px, height_px, padding_b);
    const struct ar_frame_shape shape = { .width_px = width_px & ~1u,
                                          .height_px = height_px & ~1u,
                                          .format = format->frame };
    struct noise memory[3] = { { NULL } };
    struct ar_v4l2_layout layout;
    struct ar_v4l2_rows rows = { .data = { NULL } };
    struct ar_pool *pool;
    struct ar_frame *frame;

    ck_assert(ar_v4l2_layout(&layout, format, &pix));
    for (uint32_t m = 0; m < layout.n_memory; m++)
        memory[m] = noise_of(layout.size_b[m]);
    for (uint32_t p = 0; p < 3; p++) {
        rows.data[p] = memory[layout.planes[p].memory].bytes + layout.planes[p].offset_b;
        rows.stride_b[p] = layout.planes[p].stride_b;
    }
    ck_assert_int_eq(ar_pool_create(&pool, &shape, 1), 0);
    frame = ar_pool_take(pool);
    format->convert(&rows, frame);
    compare(way, &rows, frame);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
    for (uint32_t m = 0; m < layout.n_memory; m++)
        munmap(memory[m].pages, memory[m].pages_b);
}

START_TEST(test_every_format)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(shapes); i++)
        convert_and_compare(&ways[_i], shapes[i].width_px, shapes[i].height_px,
                            shapes[i].padding_b);
}
END_TEST

/* Black and white of television become the ends of the scale; what is beyond them stays there. */
START_TEST(test_rgb_of_television)
{
    static const uint8_t narrow[] = { 0, 16, 17, 126, 235, 255 };
    static const uint8_t wide[] = { 0, 0, 1, 128, 255, 255 };
    const struct ar_frame_shape shape = { .width_px = 16,
                                          .height_px = 16,
                                          .format = AR_FRAME_XRGB };
    struct ar_pool *pool;
    struct ar_frame *frame;

    ck_assert_int_eq(ar_pool_create(&pool, &shape, 1), 0);
    frame = ar_pool_take(pool);
    for (uint32_t y = 0; y < 16; y++)
        memcpy(frame->planes[0].data + (size_t)y * frame->planes[0].stride_b + 58, narrow, 6);
    ar_v4l2_widen_rgb(frame);
    for (uint32_t y = 0; y < 16; y++)
        ck_assert_mem_eq(frame->planes[0].data + (size_t)y * frame->planes[0].stride_b + 58,
                         wide, 6);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
}
END_TEST

static const struct ar_frame_shape fits[] = {
    { 32, 32, AR_FRAME_I420, AR_FRAME_FULL }, { 64, 18, AR_FRAME_NV12, AR_FRAME_LIMITED },
    { 18, 64, AR_FRAME_YUYV, AR_FRAME_FULL }, { 32, 32, AR_FRAME_YUYV, AR_FRAME_LIMITED },
    { 48, 16, AR_FRAME_XRGB, AR_FRAME_FULL }, { 130, 62, AR_FRAME_I420, AR_FRAME_LIMITED },
};

static struct ar_frame *one_frame(struct ar_pool **pool, const struct ar_frame_shape *shape)
{
    ck_assert_int_eq(ar_pool_create(pool, shape, 1), 0);
    return ar_pool_take(*pool);
}

/* Bytes of a pixel in the order of frame_samples. */
static void pixel_at(const struct ar_frame *frame, uint32_t x, uint32_t y, int pixel[3])
{
    const uint8_t *planes[3] = { frame->planes[0].data, frame->planes[1].data,
                                 frame->planes[2].data };
    const uint32_t strides_b[3] = { frame->planes[0].stride_b, frame->planes[1].stride_b,
                                    frame->planes[2].stride_b };

    for (uint32_t i = 0; i < 3; i++)
        pixel[i] = look_up(&frame_samples[frame->shape.format][i], planes, strides_b, x, y);
}

/* A frame of one colour, as base/frame has it, is what a fitted one must look like; beside it all is black. */
static void check_fit(const struct ar_frame_shape *from, const struct ar_frame_shape *to)
{
    static const uint8_t colour[3] = { 150, 90, 170 };
    static const uint8_t black[3] = { 0, 128, 128 };
    /* The larger side fills the frame; the other leaves bars of this size. */
    const bool wide = from->width_px * to->height_px >= to->width_px * from->height_px;
    const uint32_t w = wide ? to->width_px : from->width_px * to->height_px / from->height_px;
    const uint32_t h = wide ? from->height_px * to->width_px / from->width_px : to->height_px;
    struct ar_pool *pools[3];
    struct ar_frame *src = one_frame(&pools[0], from);
    struct ar_frame *dst = one_frame(&pools[1], to);
    struct ar_frame *want = one_frame(&pools[2], to);
    int pixels[4][3];

    ar_frame_fill(src, colour);
    ar_fit(dst, src);
    ar_frame_fill(want, colour);
    pixel_at(want, 0, 0, pixels[0]);
    ar_frame_fill(want, black);
    pixel_at(want, 0, 0, pixels[1]);
    pixel_at(dst, to->width_px / 2, to->height_px / 2, pixels[2]);
    pixel_at(dst, wide ? to->width_px - 1 : 0, wide ? 0 : to->height_px - 1, pixels[3]);
    for (uint32_t i = 0; i < 3; i++) {
        const bool bars = to->width_px - w > 4 || to->height_px - h > 4;

        ck_assert_int_le(abs(pixels[2][i] - pixels[0][i]), 3);
        if (bars)
            ck_assert_int_le(abs(pixels[3][i] - pixels[1][i]), 3);
    }
    ar_frame_unref(&src);
    ar_frame_unref(&dst);
    ar_frame_unref(&want);
    for (uint32_t i = 0; i < 3; i++)
        ar_pool_destroy(pools[i]);
}

START_TEST(test_fit_of_any_frame_into_any_other)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(fits); i++)
        check_fit(&fits[i], &fits[_i]);
}
END_TEST

/* Left stays left, top stays top: a picture of four quarters, twice as large. */
START_TEST(test_fit_keeps_places)
{
    const struct ar_frame_shape small = { 16, 16, AR_FRAME_I420, AR_FRAME_FULL };
    const struct ar_frame_shape large = { 32, 32, AR_FRAME_I420, AR_FRAME_FULL };
    struct ar_pool *pools[2];
    struct ar_frame *src = one_frame(&pools[0], &small);
    struct ar_frame *dst = one_frame(&pools[1], &large);

    for (uint32_t y = 0; y < 16; y++)
        for (uint32_t x = 0; x < 16; x++)
            src->planes[0].data[y * src->planes[0].stride_b + x] = (uint8_t)(16 * y + x);
    ar_fit(dst, src);
    for (uint32_t y = 0; y < 32; y++)
        for (uint32_t x = 0; x < 32; x++)
            ck_assert_uint_eq(dst->planes[0].data[y * dst->planes[0].stride_b + x],
                              16 * (y / 2) + x / 2);
    ar_frame_unref(&src);
    ar_frame_unref(&dst);
    ar_pool_destroy(pools[0]);
    ar_pool_destroy(pools[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture/convert");
    TCase *convert = tcase_create("convert");

    tcase_add_loop_test(convert, test_every_format, 0, AR_ARRAY_LEN(ways));
    tcase_add_loop_test(convert, test_fit_of_any_frame_into_any_other, 0, AR_ARRAY_LEN(fits));
    tcase_add_test(convert, test_fit_keeps_places);
    tcase_add_test(convert, test_rgb_of_television);
    suite_add_tcase(suite, convert);
    return ar_suite_run(suite);
}
