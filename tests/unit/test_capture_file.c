/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/pool.h"
#include "capture/bt601.h"
#include "capture/capture.h"
#include "capture/reader.h"
#include "capture/timeline.h"
#include "capture/y4m.h"
#include "tests/suite.h"

/* Clips: Y4M that the test writes, and what is no clip at all. */

#define FOLDER "/tmp/test_capture_file.XXXXXX"

static char folder[] = FOLDER;
static char path[64];
static struct ar_loop *loop;
static struct ar_capture *capture;
static struct ar_capture_params params;
static struct ar_reason reason;

static void setup(void)
{
    snprintf(folder, sizeof(folder), "%s", FOLDER);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/clip.y4m", folder);
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_AUTO), 0);
    ar_option_defaults(ar_capture_options, &params);
    params.pace = AR_CAPTURE_FAST;
    capture = NULL;
    reason.text[0] = '\0';
}

static void teardown(void)
{
    ar_capture_destroy(capture);
    ar_loop_destroy(loop);
    unlink(path);
    rmdir(folder);
}

static int start(void)
{
    int ret;

    snprintf(params.source, sizeof(params.source), "file:%s", path);
    ck_assert_int_eq(ar_capture_create(&capture, &params, &reason), 0);
    ret = ar_capture_start(capture, loop, &reason);
    if (ret < 0)
        ck_assert_msg(strstr(reason.text, path) == reason.text, "%s", reason.text);
    return ret;
}

static int next(struct ar_frame **frame)
{
    return ar_capture_next(capture, frame, &reason);
}

static void write_file(const void *data, size_t size_b)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size_b, file), size_b);
    ck_assert_int_eq(fclose(file), 0);
}

/* Bytes that tell frame, plane and place. */
static uint8_t pixel(uint32_t frame, uint32_t plane, uint32_t x, uint32_t y)
{
    return (uint8_t)(frame * 31 + plane * 77 + x * 3 + y * 5);
}

static void write_plane(FILE *file, uint32_t frame, uint32_t plane, uint32_t w, uint32_t h)
{
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            fputc(pixel(frame, plane, x, y), file);
}

/* `tags` come behind the size. Returns the bytes written. */
static long write_y4m(uint32_t w, uint32_t h, const char *tags, uint32_t n_frames, bool mono)
{
    FILE *file = fopen(path, "wb");
    long size_b;

    ck_assert_ptr_nonnull(file);
    fprintf(file, "YUV4MPEG2 W%u H%u%s\n", w, h, tags);
    for (uint32_t i = 0; i < n_frames; i++) {
        fprintf(file, i % 2 ? "FRAME Ip\n" : "FRAME\n");
        write_plane(file, i, 0, w, h);
        for (uint32_t p = 1; p < 3 && !mono; p++)
            write_plane(file, i, p, (w + 1) / 2, (h + 1) / 2);
    }
    size_b = ftell(file);
    ck_assert_int_eq(fclose(file), 0);
    return size_b;
}

static void check_pixels(const struct ar_frame *frame, uint32_t number, bool mono)
{
    for (uint32_t p = 0; p < 3; p++) {
        const struct ar_frame_plane *plane = &frame->planes[p];

        for (uint32_t y = 0; y < ar_frame_plane_rows(&frame->shape, p); y++)
            for (uint32_t x = 0; x < ar_frame_plane_width_b(&frame->shape, p); x++)
                ck_assert_uint_eq(plane->data[y * plane->stride_b + x],
                                  mono && p > 0 ? 128 : pixel(number, p, x, y));
    }
}

static const struct {
    uint32_t width_px;
    uint32_t height_px;
    const char *tags;
    bool mono;
    uint32_t rate_millihz;
    enum ar_frame_range range;
} good[] = {
    { 32, 16, " F30:1 Ip A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=FULL", false, 30000,
      AR_FRAME_FULL },
    { 32, 16, " F30000:1001 C420mpeg2 XCOLORRANGE=LIMITED", false, 29970, AR_FRAME_LIMITED },
    { 33, 17, " F12:1", false, 12000, AR_FRAME_LIMITED },
    { 17, 30, " F0:0 C420paldv ", false, 25000, AR_FRAME_LIMITED },
    { 70, 20, " F1:5 C420 Zwhatever", false, 200, AR_FRAME_LIMITED },
    { 33, 17, " F50:1 Cmono", true, 50000, AR_FRAME_LIMITED },
    { 1920, 16, " F50:1", false, 50000, AR_FRAME_LIMITED },
};

START_TEST(test_y4m)
{
    const uint32_t w = good[_i].width_px;
    const uint32_t h = good[_i].height_px;
    struct ar_frame *frame;

    write_y4m(w, h, good[_i].tags, 3, good[_i].mono);
    ck_assert_msg(start() == 0, "%s", reason.text);
    ck_assert_uint_eq(ar_capture_shape(capture)->width_px, w & ~1u);
    ck_assert_uint_eq(ar_capture_shape(capture)->height_px, h & ~1u);
    ck_assert_int_eq(ar_capture_shape(capture)->range, good[_i].range);
    ck_assert_uint_eq(ar_capture_rate_millihz(capture), good[_i].rate_millihz);
    ck_assert(ar_capture_lossless(capture));
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_msg(next(&frame) == 0, "%s", reason.text);
        ck_assert_uint_eq(frame->sequence, i);
        check_pixels(frame, i, good[_i].mono);
        ar_frame_unref(&frame);
    }
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(next(&frame), -ENODATA);
        ck_assert_ptr_null(frame);
    }
}
END_TEST

START_TEST(test_y4m_loops_when_told)
{
    struct ar_frame *frame;

    write_y4m(32, 16, " F30:1", 2, false);
    params.loop = true;
    ck_assert_int_eq(start(), 0);
    for (uint32_t i = 0; i < 7; i++) {
        ck_assert_int_eq(next(&frame), 0);
        ck_assert_uint_eq(frame->sequence, i);
        check_pixels(frame, i % 2, false);
        ar_frame_unref(&frame);
    }
}
END_TEST

START_TEST(test_y4m_of_no_frames_does_not_loop_for_ever)
{
    struct ar_frame *frame;

    write_y4m(32, 16, " F30:1", 0, false);
    params.loop = true;
    ck_assert_int_eq(start(), 0);
    ck_assert_int_eq(next(&frame), -ENODATA);
}
END_TEST

/* Wherever the second frame is cut, the first one is good and then it is said where. */
START_TEST(test_y4m_cut_short)
{
    const long size_b = write_y4m(32, 16, " F30:1", 2, false);
    const long frame_b = 32 * 16 * 3 / 2;

    for (long cut_b = size_b - 1; cut_b > size_b - frame_b - 9; cut_b -= 37) {
        struct ar_frame *frame;

        ck_assert_int_eq(truncate(path, cut_b), 0);
        ck_assert_int_eq(start(), 0);
        ck_assert_int_eq(next(&frame), 0);
        ar_frame_unref(&frame);
        ck_assert_int_eq(next(&frame), -EIO);
        ck_assert_ptr_nonnull(strstr(reason.text, "frame 1"));
        ck_assert_ptr_nonnull(strstr(reason.text, path));
        ar_capture_destroy(capture);
        capture = NULL;
    }
}
END_TEST

START_TEST(test_y4m_shrinks_while_read)
{
    struct ar_frame *frame;

    write_y4m(32, 16, " F30:1", 3, false);
    ck_assert_int_eq(start(), 0);
    ck_assert_int_eq(next(&frame), 0);
    ar_frame_unref(&frame);
    ck_assert_int_eq(truncate(path, 900), 0);
    ck_assert_int_eq(next(&frame), -EIO);
    ck_assert_ptr_null(frame);
}
END_TEST

START_TEST(test_y4m_damaged_in_the_middle)
{
    const long size_b = write_y4m(32, 16, " F30:1", 2, false);
    FILE *file = fopen(path, "r+b");
    struct ar_frame *frame;

    ck_assert_int_eq(fseek(file, size_b - 32 * 16 * 3 / 2 - 9, SEEK_SET), 0);
    fputs("FRANE", file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(start(), 0);
    ck_assert_int_eq(next(&frame), 0);
    ar_frame_unref(&frame);
    ck_assert_int_eq(next(&frame), -EIO);
    ck_assert_ptr_nonnull(strstr(reason.text, "frame 1"));
}
END_TEST

static const struct {
    const char *line;
    int ret;
} headers[] = {
    { "YUV4MPEG2 W32 H16", 0 },
    { "YUV4MPEG2  W32  H16 ", 0 },
    { "YUV4MPEG2 W32 H16 F25:1 C420", 0 },
    { "YUV4MPEG2 H16", -EINVAL },
    { "YUV4MPEG2 W32", -EINVAL },
    { "YUV4MPEG2 ", -EINVAL },
    { "YUV4MPEG2 W0 H16", -EINVAL },
    { "YUV4MPEG2 W32 H0", -EINVAL },
    { "YUV4MPEG2 W-32 H16", -EINVAL },
    { "YUV4MPEG2 W+32 H16", -EINVAL },
    { "YUV4MPEG2 W32x H16", -EINVAL },
    { "YUV4MPEG2 W H16", -EINVAL },
    { "YUV4MPEG2 W16385 H16", -EINVAL },
    { "YUV4MPEG2 W4294967328 H16", -EINVAL },
    { "YUV4MPEG2 W99999999999999999999999999 H16", -EINVAL },
    { "YUV4MPEG2 W32 H16 F30", -EINVAL },
    { "YUV4MPEG2 W32 H16 F30:0", -EINVAL },
    { "YUV4MPEG2 W32 H16 F0:1", -EINVAL },
    { "YUV4MPEG2 W32 H16 F1:", -EINVAL },
    { "YUV4MPEG2 W32 H16 F1:4294967295", -EINVAL },
    { "YUV4MPEG2 W32 H16 F4294967295:1", -EINVAL },
    { "YUV4MPEG2 W32 H16 F4294967296:1", -EINVAL },
    { "YUV4MPEG2 W32 H16 C422", -ENOTSUP },
    { "YUV4MPEG2 W32 H16 C420p10", -ENOTSUP },
    { "YUV4MPEG2 W32 H16 C", -ENOTSUP },
    { "YUV4MPEG W32 H16", -EINVAL },
    { "", -EINVAL },
};

START_TEST(test_y4m_headers)
{
    struct ar_y4m_header header;
    const int ret = ar_y4m_parse_header(&header, headers[_i].line, "x.y4m", &reason);

    ck_assert_msg(ret == headers[_i].ret, "%s: %d", headers[_i].line, ret);
    if (ret < 0)
        ck_assert_msg(strncmp(reason.text, "x.y4m: ", 7) == 0, "%s", reason.text);
}
END_TEST

START_TEST(test_y4m_header_without_an_end)
{
    char line[4096] = "YUV4MPEG2 W32 H16 X";

    memset(line + strlen(line), 'x', sizeof(line) - strlen(line));
    write_file(line, sizeof(line));
    ck_assert_int_eq(start(), -EINVAL);
}
END_TEST

START_TEST(test_what_is_no_clip)
{
    static const char words[] = "Dear diary,\ntoday I have seen a camera.\n";

    ck_assert_int_eq(start(), -ENOENT);
    ar_capture_destroy(capture);
    write_file("", 0);
    ck_assert_int_eq(start(), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason.text, "empty"));
    ar_capture_destroy(capture);
    write_file(words, sizeof(words) - 1);
    ck_assert_int_eq(start(), -EINVAL);
    ar_capture_destroy(capture);
    write_file("YUV4", 4);
    ck_assert_int_eq(start(), -EINVAL);
    ar_capture_destroy(capture);
    write_file("YUV4MPEG2 ", 10);
    ck_assert_int_eq(start(), -EINVAL);
    ar_capture_destroy(capture);
    unlink(path);
    snprintf(path, sizeof(path), "%s/clip.txt", folder);
    write_file(words, sizeof(words) - 1);
    ck_assert_int_eq(start(), -EINVAL);
    ar_capture_destroy(capture);
    unlink(path);
    snprintf(path, sizeof(path), "%s", folder);
    ck_assert_int_eq(start(), -EISDIR);
    ar_capture_destroy(capture);
    snprintf(path, sizeof(path), "/dev/null");
    ck_assert_int_eq(start(), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason.text, "v4l2:"));
    path[0] = '\0';
}
END_TEST

START_TEST(test_real_pace)
{
    uint64_t first_us = 0;
    struct ar_frame *frame;

    write_y4m(32, 16, " F50:1", 8, false);
    params.pace = AR_CAPTURE_REAL;
    ck_assert_int_eq(start(), 0);
    ck_assert(!ar_capture_lossless(capture));
    for (uint32_t i = 0; next(&frame) == 0; i++) {
        if (i == 0)
            first_us = frame->capture_us - frame->sequence * 20000;
        ck_assert_uint_eq(frame->capture_us, first_us + frame->sequence * 20000);
        ck_assert_uint_le(frame->capture_us, ar_clock_now_us());
        check_pixels(frame, (uint32_t)frame->sequence, false);
        ar_frame_unref(&frame);
    }
    ck_assert_uint_ge(ar_clock_now_us() - first_us, 130000);
}
END_TEST

/* The second round follows the first without a gap. */
START_TEST(test_real_pace_over_the_end)
{
    uint64_t first_us = 0;
    struct ar_frame *frame;

    write_y4m(32, 16, " F50:1", 3, false);
    params.pace = AR_CAPTURE_REAL;
    params.loop = true;
    ck_assert_int_eq(start(), 0);
    for (uint32_t i = 0; i < 8; i++) {
        ck_assert_int_eq(next(&frame), 0);
        if (i == 0)
            first_us = frame->capture_us - frame->sequence * 20000;
        ck_assert_uint_eq(frame->capture_us, first_us + frame->sequence * 20000);
        check_pixels(frame, (uint32_t)(frame->sequence % 3), false);
        ar_frame_unref(&frame);
    }
}
END_TEST

START_TEST(test_late_consumer_loses_the_overtaken)
{
    struct ar_capture_counters counters;
    struct ar_frame *frame;

    write_y4m(32, 16, " F100:1", 60, false);
    params.pace = AR_CAPTURE_REAL;
    ck_assert_int_eq(start(), 0);
    ck_assert_int_eq(next(&frame), 0);
    ar_frame_unref(&frame);
    usleep(150000);
    ck_assert_int_eq(next(&frame), 0);
    ck_assert_uint_ge(frame->sequence, 12);
    check_pixels(frame, (uint32_t)frame->sequence, false);
    ar_capture_counters(capture, &counters);
    ck_assert_uint_eq(counters.n_dropped, frame->sequence - 1);
    ck_assert_uint_eq(counters.n_frames, 2);
    ar_frame_unref(&frame);
}
END_TEST

START_TEST(test_stop_ends_the_wait)
{
    struct ar_frame *frame;

    write_y4m(32, 16, " F1:10", 3, false);
    params.pace = AR_CAPTURE_REAL;
    ck_assert_int_eq(start(), 0);
    ck_assert_int_eq(next(&frame), 0);
    ar_frame_unref(&frame);
    ar_loop_stop(loop);
    ck_assert_int_eq(next(&frame), -ECANCELED);
}
END_TEST

START_TEST(test_fit)
{
    static const struct {
        uint32_t width;
        uint32_t height;
        struct ar_option_size box;
        struct ar_option_size want;
    } cases[] = {
        { 1920, 1080, { 640, 360 }, { 640, 360 } },
        { 1920, 1080, { 640, 480 }, { 640, 360 } },
        { 1080, 1920, { 640, 480 }, { 270, 480 } },
        { 320, 240, { 640, 480 }, { 640, 480 } },
        { 3, 2, { 100, 100 }, { 100, 66 } },
        { 100000, 1, { 640, 360 }, { 640, 16 } },
        { 1, 100000, { 640, 360 }, { 16, 360 } },
        { 1, 1, { 16, 16 }, { 16, 16 } },
        { 4294967295, 4294967295, { 100, 60 }, { 60, 60 } },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(cases); i++) {
        const struct ar_option_size size =
            ar_reader_fit(cases[i].width, cases[i].height, cases[i].box);

        ck_assert_uint_eq(size.width_px, cases[i].want.width_px);
        ck_assert_uint_eq(size.height_px, cases[i].want.height_px);
    }
}
END_TEST

START_TEST(test_timeline)
{
    static const int64_t stamps_us[] = { 5000000,  5040000,  5080000,   AR_TIMELINE_UNKNOWN,
                                         5160000,  4000000,  4040000,   4040000,
                                         90000000, 90050000, INT64_MAX, INT64_MIN + 1 };
    static const uint64_t times_us[] = { 0,      40000,  80000,  120000, 160000, 200000,
                                         240000, 280000, 320000, 370000, 410000, 450000 };
    struct ar_timeline timeline = { .started = false };

    for (size_t i = 0; i < AR_ARRAY_LEN(stamps_us); i++)
        ck_assert_uint_eq(ar_timeline_step(&timeline, stamps_us[i], 40000), times_us[i]);
    timeline = (struct ar_timeline){ .started = false };
    ck_assert_uint_eq(ar_timeline_step(&timeline, AR_TIMELINE_UNKNOWN, 40000), 0);
    ck_assert_uint_eq(ar_timeline_step(&timeline, 40000, 40000), 40000);
}
END_TEST

/* Y, U, V of a colour by the definition. */
static void encode(const double rgb[3], double kr, double kb, bool limited, double yuv[3])
{
    const double y = kr * rgb[0] + (1.0 - kr - kb) * rgb[1] + kb * rgb[2];
    const double u = 0.5 * (rgb[2] - y) / (1.0 - kb);
    const double v = 0.5 * (rgb[0] - y) / (1.0 - kr);

    yuv[0] = limited ? 16.0 + 219.0 * y : 255.0 * y;
    yuv[1] = 128.0 + (limited ? 224.0 : 255.0) * u;
    yuv[2] = 128.0 + (limited ? 224.0 : 255.0) * v;
}

/* What was coded as BT.709 comes out as BT.601 would have coded it. */
START_TEST(test_bt709_becomes_bt601)
{
    static const double colours[][3] = { { 0.5, 0.5, 0.5 }, { 0.8, 0.2, 0.3 },
                                         { 0.2, 0.7, 0.1 }, { 0.1, 0.3, 0.9 },
                                         { 0.9, 0.8, 0.1 }, { 0.0, 0.0, 0.0 },
                                         { 1.0, 1.0, 1.0 }, { 0.9, 0.1, 0.9 } };
    const struct ar_frame_shape shape = { .width_px = 18,
                                          .height_px = 16,
                                          .format = AR_FRAME_I420 };
    const struct ar_bt601 matrix =
        ar_bt601_from(0.2126, 0.0722, _i ? AR_FRAME_LIMITED : AR_FRAME_FULL);
    struct ar_pool *pool;
    struct ar_frame *frame;

    ck_assert_int_eq(ar_pool_create(&pool, &shape, 1), 0);
    frame = ar_pool_take(pool);
    for (size_t c = 0; c < AR_ARRAY_LEN(colours); c++) {
        double source[3];
        double want[3];

        encode(colours[c], 0.2126, 0.0722, _i, source);
        encode(colours[c], 0.299, 0.114, _i, want);
        for (uint32_t p = 0; p < 3; p++)
            memset(frame->planes[p].data, (int)(source[p] + 0.5),
                   (size_t)frame->planes[p].stride_b * ar_frame_plane_rows(&shape, p));
        ar_bt601_apply(&matrix, frame);
        for (uint32_t p = 0; p < 3; p++) {
            const struct ar_frame_plane *plane = &frame->planes[p];
            const uint32_t last = (ar_frame_plane_rows(&shape, p) - 1) * plane->stride_b +
                                  ar_frame_plane_width_b(&shape, p) - 1;

            ck_assert_double_eq_tol(plane->data[0], want[p], 1.5);
            ck_assert_uint_eq(plane->data[0], plane->data[last]);
        }
    }
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
}
END_TEST

/* A pixel's Y, U or V in a frame of any layout. */
static uint8_t *sample(const struct ar_frame *frame, uint32_t i, uint32_t x, uint32_t y)
{
    static const struct {
        uint32_t plane, shift_x, shift_y, step_b, first_b;
    } places[][3] = {
        [AR_FRAME_I420] = { { 0, 0, 0, 1, 0 }, { 1, 1, 1, 1, 0 }, { 2, 1, 1, 1, 0 } },
        [AR_FRAME_NV12] = { { 0, 0, 0, 1, 0 }, { 1, 1, 1, 2, 0 }, { 1, 1, 1, 2, 1 } },
        [AR_FRAME_YUYV] = { { 0, 0, 0, 2, 0 }, { 0, 1, 0, 4, 1 }, { 0, 1, 0, 4, 3 } },
    };
    const struct ar_frame_plane *plane = &frame->planes[places[frame->shape.format][i].plane];

    return plane->data +
           (size_t)(y >> places[frame->shape.format][i].shift_y) * plane->stride_b +
           (size_t)(x >> places[frame->shape.format][i].shift_x) *
               places[frame->shape.format][i].step_b +
           places[frame->shape.format][i].first_b;
}

/* The same picture in another layout comes out the same, to the byte. */
START_TEST(test_bt709_in_any_layout)
{
    const struct ar_bt601 matrix = ar_bt601_from(0.2126, 0.0722, AR_FRAME_LIMITED);
    struct ar_pool *pools[2];
    struct ar_frame *frames[2];
    uint32_t random = 1;

    for (uint32_t f = 0; f < 2; f++) {
        const struct ar_frame_shape shape = { .width_px = 34,
                                              .height_px = 18,
                                              .format = f ? (enum ar_frame_format)_i
                                                          : AR_FRAME_I420 };

        ck_assert_int_eq(ar_pool_create(&pools[f], &shape, 1), 0);
        frames[f] = ar_pool_take(pools[f]);
    }
    for (uint32_t y = 0; y < 18; y++)
        for (uint32_t x = 0; x < 34; x++)
            for (uint32_t i = 0; i < 3; i++) {
                random = random * 1664525 + 1013904223;
                if (i > 0 && (x | y) & 1)
                    continue;
                *sample(frames[0], i, x, y) = (uint8_t)(random >> 24);
                *sample(frames[1], i, x, y) = (uint8_t)(random >> 24);
                if (i > 0) /* where each row has its own */
                    *sample(frames[1], i, x, y + 1) = (uint8_t)(random >> 24);
            }
    for (uint32_t f = 0; f < 2; f++)
        ar_bt601_apply(&matrix, frames[f]);
    for (uint32_t y = 0; y < 18; y++)
        for (uint32_t x = 0; x < 34; x++)
            for (uint32_t i = 0; i < 3; i++)
                ck_assert_uint_eq(*sample(frames[1], i, x, y), *sample(frames[0], i, x, y));
    for (uint32_t f = 0; f < 2; f++) {
        ar_frame_unref(&frames[f]);
        ar_pool_destroy(pools[f]);
    }
}
END_TEST

/* Limited luma has 219 steps where limited chroma has 224; full has as many of both. */
START_TEST(test_bt601_of_limited_range)
{
    const struct ar_bt601 full = ar_bt601_from(0.2126, 0.0722, AR_FRAME_FULL);
    const struct ar_bt601 limited = ar_bt601_from(0.2126, 0.0722, AR_FRAME_LIMITED);

    ck_assert_double_eq_tol(limited.y_from_u_q14, full.y_from_u_q14 * 219.0 / 224.0, 1.0);
    ck_assert_double_eq_tol(limited.y_from_v_q14, full.y_from_v_q14 * 219.0 / 224.0, 1.0);
    ck_assert_int_eq(limited.u_from_u_q14, full.u_from_u_q14);
    ck_assert_int_eq(limited.v_from_u_q14, full.v_from_u_q14);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture/file");
    TCase *clips = tcase_create("clips");
    TCase *pure = tcase_create("pure");

    ar_log_set_level(AR_LOG_WARN);
    tcase_add_checked_fixture(clips, setup, teardown);
    tcase_set_timeout(clips, 30);
    tcase_add_loop_test(clips, test_y4m, 0, AR_ARRAY_LEN(good));
    tcase_add_test(clips, test_y4m_loops_when_told);
    tcase_add_test(clips, test_y4m_of_no_frames_does_not_loop_for_ever);
    tcase_add_test(clips, test_y4m_cut_short);
    tcase_add_test(clips, test_y4m_shrinks_while_read);
    tcase_add_test(clips, test_y4m_damaged_in_the_middle);
    tcase_add_loop_test(clips, test_y4m_headers, 0, AR_ARRAY_LEN(headers));
    tcase_add_test(clips, test_y4m_header_without_an_end);
    tcase_add_test(clips, test_what_is_no_clip);
    tcase_add_test(clips, test_real_pace);
    tcase_add_test(clips, test_real_pace_over_the_end);
    tcase_add_test(clips, test_late_consumer_loses_the_overtaken);
    tcase_add_test(clips, test_stop_ends_the_wait);
    tcase_add_test(pure, test_fit);
    tcase_add_test(pure, test_timeline);
    tcase_add_loop_test(pure, test_bt709_becomes_bt601, 0, 2);
    tcase_add_test(pure, test_bt601_of_limited_range);
    tcase_add_loop_test(pure, test_bt709_in_any_layout, AR_FRAME_NV12, AR_FRAME_YUYV + 1);
    suite_add_tcase(suite, clips);
    suite_add_tcase(suite, pure);
    return ar_suite_run(suite);
}
