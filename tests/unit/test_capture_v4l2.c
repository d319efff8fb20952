/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "base/macros.h"
#include "base/pool.h"
#include "capture/mjpeg.h"
#include "capture/v4l2_format.h"
#include "capture/v4l2_stamp.h"
#include "tests/suite.h"

/* What of the camera source needs no camera: choosing a mode, checking what a driver says, decoding. */

static struct ar_v4l2_mode mode(uint32_t fourcc, uint32_t width_px, uint32_t height_px,
                                uint32_t rate_hz)
{
    return (struct ar_v4l2_mode){ .format = ar_v4l2_format_find(fourcc),
                                  .width_px = width_px,
                                  .height_px = height_px,
                                  .interval = { rate_hz ? 1 : 0, rate_hz } };
}

static const struct ar_v4l2_wish wish_hd = { 1280, 720, 30000 };

/* Each line is better than the one below it, for 1280x720 at 30. */
START_TEST(test_modes_in_order)
{
    const struct ar_v4l2_mode modes[] = {
        mode(V4L2_PIX_FMT_YUV420, 1280, 720, 30), mode(V4L2_PIX_FMT_NV12, 1280, 720, 30),
        mode(V4L2_PIX_FMT_YUYV, 1280, 720, 60),   mode(V4L2_PIX_FMT_MJPEG, 1280, 720, 30),
        mode(V4L2_PIX_FMT_YUYV, 1280, 720, 0),    mode(V4L2_PIX_FMT_MJPEG, 1280, 960, 30),
        mode(V4L2_PIX_FMT_YUYV, 1280, 720, 10),   mode(V4L2_PIX_FMT_YUYV, 640, 360, 30),
        mode(V4L2_PIX_FMT_GREY, 1280, 720, 30),
    };

    for (size_t i = 0; i + 1 < AR_ARRAY_LEN(modes); i++)
        ck_assert_msg(ar_v4l2_score(&modes[i], &wish_hd) <
                          ar_v4l2_score(&modes[i + 1], &wish_hd),
                      "modes %zu and %zu: %u, %u", i, i + 1, ar_v4l2_score(&modes[i], &wish_hd),
                      ar_v4l2_score(&modes[i + 1], &wish_hd));
    ck_assert_uint_eq(ar_v4l2_score(&modes[0], &wish_hd), 0);
}
END_TEST

/* A quarter of a large JPEG is as good as a small mode, but not better; and better than a wrong size. */
START_TEST(test_shrunk_modes_in_order)
{
    const struct ar_v4l2_wish wish = { 320, 180, 30000 };
    struct ar_v4l2_mode modes[] = {
        mode(V4L2_PIX_FMT_MJPEG, 320, 180, 30),  mode(V4L2_PIX_FMT_MJPEG, 640, 360, 30),
        mode(V4L2_PIX_FMT_MJPEG, 1280, 720, 30), mode(V4L2_PIX_FMT_YUYV, 352, 180, 30),
        mode(V4L2_PIX_FMT_MJPEG, 640, 360, 30),
    };

    modes[1].shrink_log2 = 1;
    modes[2].shrink_log2 = 2;
    for (size_t i = 0; i + 1 < AR_ARRAY_LEN(modes); i++)
        ck_assert_uint_lt(ar_v4l2_score(&modes[i], &wish), ar_v4l2_score(&modes[i + 1], &wish));
}
END_TEST

START_TEST(test_odd_modes)
{
    struct ar_v4l2_mode m = mode(V4L2_PIX_FMT_YUYV, UINT32_MAX, UINT32_MAX, 1);

    ck_assert_uint_le(ar_v4l2_score(&m, &wish_hd), 1000000);
    m.interval = (struct v4l2_fract){ 1001, 30000 }; /* is as good as 30 */
    ck_assert_uint_eq(ar_v4l2_rate_millihz(m.interval), 29970);
    m.width_px = 1280;
    m.height_px = 720;
    ck_assert_uint_lt(ar_v4l2_score(&m, &wish_hd), 10);
    ck_assert_uint_eq(ar_v4l2_rate_millihz((struct v4l2_fract){ 0, 0 }), 0);
    ck_assert_uint_eq(ar_v4l2_rate_millihz((struct v4l2_fract){ 1, 0 }), 0);
    ck_assert_uint_eq(ar_v4l2_rate_millihz((struct v4l2_fract){ 1, UINT32_MAX }), 0);
    ck_assert_ptr_null(ar_v4l2_format_find(V4L2_PIX_FMT_SBGGR8));
}
END_TEST

START_TEST(test_near_rates)
{
    ck_assert(ar_v4l2_is_rate(29970, 30000));
    ck_assert(ar_v4l2_is_rate(60000, 30000));
    ck_assert(ar_v4l2_is_rate(29400, 30000));
    ck_assert(!ar_v4l2_is_rate(29399, 30000));
    ck_assert(!ar_v4l2_is_rate(0, 30000));
}
END_TEST

START_TEST(test_nearest_size)
{
    const struct v4l2_frmsize_stepwise range = { 32, 2592, 16, 30, 1944, 2 };
    const struct v4l2_frmsize_stepwise fixed = { 64, 64, 0, 64, 64, 0 };
    struct ar_v4l2_wish wish = { 650, 361, 30000 };
    uint32_t w;
    uint32_t h;

    ar_v4l2_nearest_size(&range, &wish, &w, &h);
    ck_assert_uint_eq(w, 656);
    ck_assert_uint_eq(h, 362);
    wish = (struct ar_v4l2_wish){ 16, UINT32_MAX, 30000 };
    ar_v4l2_nearest_size(&range, &wish, &w, &h);
    ck_assert_uint_eq(w, 32);
    ck_assert_uint_eq(h, 1944);
    ar_v4l2_nearest_size(&fixed, &wish_hd, &w, &h);
    ck_assert_uint_eq(w, 64);
    ck_assert_uint_eq(h, 64);
}
END_TEST

START_TEST(test_fourcc_text)
{
    char text[5];

    ar_v4l2_fourcc_text(text, V4L2_PIX_FMT_YUYV);
    ck_assert_str_eq(text, "YUYV");
    ar_v4l2_fourcc_text(text, 0x01020a41);
    ck_assert_str_eq(text, "A...");
}
END_TEST

static struct ar_v4l2_pix pix_of(uint32_t fourcc, uint32_t width_px, uint32_t height_px,
                                 uint32_t stride_b)
{
    return (struct ar_v4l2_pix){ .fourcc = fourcc,
                                 .width_px = width_px,
                                 .height_px = height_px,
                                 .n_memory = 1,
                                 .stride_b = { stride_b } };
}

static bool lay_out(struct ar_v4l2_layout *layout, const struct ar_v4l2_pix *pix)
{
    return ar_v4l2_layout(layout, ar_v4l2_format_find(pix->fourcc), pix);
}

START_TEST(test_layouts)
{
    struct ar_v4l2_pix pix = pix_of(V4L2_PIX_FMT_YUV420, 640, 480, 704);
    struct ar_v4l2_layout layout;

    ck_assert(lay_out(&layout, &pix));
    ck_assert_uint_eq(layout.planes[1].offset_b, 704ul * 480);
    ck_assert_uint_eq(layout.planes[1].stride_b, 352);
    ck_assert_uint_eq(layout.planes[2].offset_b, 704ul * 480 + 352ul * 240);
    ck_assert_uint_eq(layout.size_b[0], 704ul * 480 + 2 * 352ul * 240);
    pix.fourcc = V4L2_PIX_FMT_NV12;
    ck_assert(lay_out(&layout, &pix));
    ck_assert_uint_eq(layout.planes[1].stride_b, 704);
    ck_assert_uint_eq(layout.size_b[0], 704ul * 720);
    pix = pix_of(V4L2_PIX_FMT_YUYV, 640, 480, 0);
    ck_assert(lay_out(&layout, &pix));
    ck_assert_uint_eq(layout.size_b[0], 1280ul * 480);
    pix = pix_of(V4L2_PIX_FMT_YUV420, 641, 49, 0); /* odd sizes: chroma rounds up */
    ck_assert(lay_out(&layout, &pix));
    ck_assert_uint_eq(layout.planes[2].offset_b, 641ul * 49 + 321ul * 25);
    pix = pix_of(V4L2_PIX_FMT_MJPEG, 640, 480, 0); /* as long as it happens to be */
    ck_assert(lay_out(&layout, &pix));
    ck_assert_uint_eq(layout.size_b[0], 0);
}
END_TEST

START_TEST(test_layout_in_planes)
{
    struct ar_v4l2_pix pix = pix_of(V4L2_PIX_FMT_NV12M, 640, 480, 640);
    struct ar_v4l2_layout layout;

    pix.n_memory = 2;
    pix.stride_b[1] = 704;
    ck_assert(lay_out(&layout, &pix));
    ck_assert_uint_eq(layout.planes[1].memory, 1);
    ck_assert_uint_eq(layout.planes[1].offset_b, 0);
    ck_assert_uint_eq(layout.planes[1].stride_b, 704);
    ck_assert_uint_eq(layout.size_b[0], 640ul * 480);
    ck_assert_uint_eq(layout.size_b[1], 704ul * 240);
    pix.stride_b[1] = 639;
    ck_assert(!lay_out(&layout, &pix));
    pix.stride_b[1] = 640;
    pix.n_memory = 1; /* the planes are not where the format says */
    ck_assert(!lay_out(&layout, &pix));
    pix.n_memory = 0;
    ck_assert(!lay_out(&layout, &pix));
}
END_TEST

static const struct ar_v4l2_pix impossible[] = {
    { .fourcc = V4L2_PIX_FMT_YUYV, 640, 480, 1, { 704 } }, /* needs 1280 */
    { .fourcc = V4L2_PIX_FMT_YUV420, 640, 480, 1, { 639 } },
    { .fourcc = V4L2_PIX_FMT_YUV420, 642, 480, 1, { 640 } },
    { .fourcc = V4L2_PIX_FMT_RGB24, 640, 480, 1, { 1919 } },
    { .fourcc = V4L2_PIX_FMT_YUYV, UINT32_MAX, UINT32_MAX, 1, { 0 } },
    { .fourcc = V4L2_PIX_FMT_NV12, 640, 480, 1, { UINT32_MAX } },
    { .fourcc = V4L2_PIX_FMT_NV12, 640, 0, 1, { 640 } },
    { .fourcc = V4L2_PIX_FMT_NV12, 0, 480, 1, { 0 } },
    { .fourcc = V4L2_PIX_FMT_NV12, 640, 480, 2, { 640, 640 } },
    { .fourcc = V4L2_PIX_FMT_NV12, 640, 480, 200, { 640, 640 } },
};

START_TEST(test_impossible_layouts)
{
    struct ar_v4l2_layout layout;

    ck_assert(!lay_out(&layout, &impossible[_i]));
}
END_TEST

START_TEST(test_ranges)
{
    const struct ar_v4l2_format *yuyv = ar_v4l2_format_find(V4L2_PIX_FMT_YUYV);
    const struct ar_v4l2_format *rgb = ar_v4l2_format_find(V4L2_PIX_FMT_RGB24);
    struct ar_v4l2_pix pix = { .colorspace = V4L2_COLORSPACE_SRGB };

    ck_assert_int_eq(ar_v4l2_range(yuyv, &pix), AR_FRAME_LIMITED);
    ck_assert_int_eq(ar_v4l2_range(rgb, &pix), AR_FRAME_FULL);
    pix.colorspace = V4L2_COLORSPACE_JPEG;
    ck_assert_int_eq(ar_v4l2_range(yuyv, &pix), AR_FRAME_FULL);
    pix.quantization = V4L2_QUANTIZATION_LIM_RANGE;
    ck_assert_int_eq(ar_v4l2_range(yuyv, &pix), AR_FRAME_LIMITED);
    ck_assert_int_eq(ar_v4l2_range(rgb, &pix), AR_FRAME_LIMITED);
    pix.colorspace = V4L2_COLORSPACE_SRGB;
    pix.quantization = V4L2_QUANTIZATION_FULL_RANGE;
    ck_assert_int_eq(ar_v4l2_range(yuyv, &pix), AR_FRAME_FULL);
}
END_TEST

static const struct {
    uint32_t fourcc;
    uint32_t colorspace;
    uint32_t encoding;
    double kr; /* 0: BT.601 */
} encodings[] = {
    { V4L2_PIX_FMT_YUYV, V4L2_COLORSPACE_SRGB, V4L2_YCBCR_ENC_DEFAULT, 0 },
    { V4L2_PIX_FMT_YUYV, V4L2_COLORSPACE_SMPTE170M, V4L2_YCBCR_ENC_DEFAULT, 0 },
    { V4L2_PIX_FMT_YUYV, V4L2_COLORSPACE_SRGB, V4L2_YCBCR_ENC_709, 0.2126 },
    { V4L2_PIX_FMT_NV12, V4L2_COLORSPACE_REC709, V4L2_YCBCR_ENC_DEFAULT, 0.2126 },
    { V4L2_PIX_FMT_NV12, V4L2_COLORSPACE_REC709, V4L2_YCBCR_ENC_601, 0 },
    { V4L2_PIX_FMT_NV12, V4L2_COLORSPACE_BT2020, V4L2_YCBCR_ENC_DEFAULT, 0.2627 },
    { V4L2_PIX_FMT_RGB24, V4L2_COLORSPACE_REC709, V4L2_YCBCR_ENC_709, 0 },
    { V4L2_PIX_FMT_MJPEG, V4L2_COLORSPACE_REC709, V4L2_YCBCR_ENC_709, 0 },
    { V4L2_PIX_FMT_YUYV, 12345, 54321, 0 },
};

START_TEST(test_luma_weights)
{
    const struct ar_v4l2_pix pix = { .colorspace = encodings[_i].colorspace,
                                     .ycbcr_enc = encodings[_i].encoding };
    double kr = 0;
    double kb = 0;

    ck_assert_int_eq(ar_v4l2_luma_weights(ar_v4l2_format_find(encodings[_i].fourcc), &pix, &kr,
                                          &kb),
                     encodings[_i].kr > 0);
    ck_assert_double_eq(kr, encodings[_i].kr);
}
END_TEST

/* What a driver says about its planes is copied no further than we have room. */
START_TEST(test_pix_of_many_planes)
{
    struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE };
    struct ar_v4l2_pix pix;

    format.fmt.pix_mp.width = 640;
    format.fmt.pix_mp.pixelformat = V4L2_PIX_FMT_NV12M;
    format.fmt.pix_mp.num_planes = 255;
    format.fmt.pix_mp.quantization = V4L2_QUANTIZATION_FULL_RANGE;
    for (uint32_t p = 0; p < VIDEO_MAX_PLANES; p++)
        format.fmt.pix_mp.plane_fmt[p].bytesperline = 100 + p;
    pix = ar_v4l2_pix_from(&format);
    ck_assert_uint_eq(pix.n_memory, 255);
    ck_assert_uint_eq(pix.stride_b[2], 102);
    ck_assert_uint_eq(pix.quantization, V4L2_QUANTIZATION_FULL_RANGE);
    ck_assert_uint_eq(pix.fourcc, V4L2_PIX_FMT_NV12M);
}
END_TEST

static const struct {
    uint32_t flags;
    struct timeval stamp;
    bool guessed; /* now is 10 s */
} stamps[] = {
    { V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, { 9, 980000 }, false },
    { V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, { 10, 0 }, false },
    { V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, { 9, 500000 }, false },
    { V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | V4L2_BUF_FLAG_TSTAMP_SRC_SOE, { 9, 970000 }, false },
    { V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, { 9, 499999 }, true }, /* too old */
    { V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, { 10, 1 }, true },     /* in the future */
    { V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, { -5, 0 }, true },
    { V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, { 0, 0 }, true },
    { V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN, { 9, 980000 }, true },
    { V4L2_BUF_FLAG_TIMESTAMP_COPY, { 9, 980000 }, true },
};

START_TEST(test_time_stamps)
{
    const struct v4l2_buffer buffer = { .flags = stamps[_i].flags,
                                        .timestamp = stamps[_i].stamp };
    const uint64_t stamp_us =
        (uint64_t)stamps[_i].stamp.tv_sec * 1000000 + (uint64_t)stamps[_i].stamp.tv_usec;
    bool guessed = !stamps[_i].guessed;

    ck_assert_uint_eq(ar_v4l2_capture_us(&buffer, 10000000, &guessed),
                      stamps[_i].guessed ? 10000000 : stamp_us);
    ck_assert_int_eq(guessed, stamps[_i].guessed);
}
END_TEST

START_TEST(test_sequence_gaps)
{
    ck_assert_uint_eq(ar_v4l2_sequence_gap(7, 8), 0);
    ck_assert_uint_eq(ar_v4l2_sequence_gap(7, 9), 1);
    ck_assert_uint_eq(ar_v4l2_sequence_gap(7, 107), 99);
    ck_assert_uint_eq(ar_v4l2_sequence_gap(7, 7), 0);      /* a driver that does not count */
    ck_assert_uint_eq(ar_v4l2_sequence_gap(900, 0), 0);    /* started again */
    ck_assert_uint_eq(ar_v4l2_sequence_gap(0, 900000), 0); /* wild */
    ck_assert_uint_eq(ar_v4l2_sequence_gap(UINT32_MAX, 0), 0); /* wraps */
    ck_assert_uint_eq(ar_v4l2_sequence_gap(UINT32_MAX, 2), 2);
}
END_TEST

struct jpeg {
    unsigned char *data;
    unsigned long size_b;
};

/* A picture whose left half is orange and whose right half is blue. */
static struct jpeg compress(uint32_t width_px, uint32_t height_px, int subsampling)
{
    static const uint8_t orange[3] = { 0xf0, 0x90, 0x20 };
    static const uint8_t blue[3] = { 0x20, 0x40, 0xc0 };
    uint8_t *rgb = malloc((size_t)width_px * height_px * 3);
    tjhandle turbo = tjInitCompress();
    struct jpeg jpeg = { .data = NULL };

    for (size_t i = 0; i < (size_t)width_px * height_px; i++)
        memcpy(rgb + 3 * i, i % width_px < width_px / 2 ? orange : blue, 3);
    ck_assert_int_eq(tjCompress2(turbo, rgb, (int)width_px, 0, (int)height_px, TJPF_RGB,
                                 &jpeg.data, &jpeg.size_b, subsampling, 95, 0),
                     0);
    tjDestroy(turbo);
    free(rgb);
    return jpeg;
}

static struct ar_pool *jpeg_pool(uint32_t width_px, uint32_t height_px)
{
    const struct ar_frame_shape shape = { .width_px = width_px & ~1u,
                                          .height_px = height_px & ~1u,
                                          .format = AR_FRAME_I420 };
    struct ar_pool *pool;

    ck_assert_int_eq(ar_pool_create(&pool, &shape, 1), 0);
    return pool;
}

static void check_colour(const struct ar_frame *frame, uint32_t x, uint32_t y, const int yuv[3])
{
    for (uint32_t p = 0; p < 3; p++) {
        const uint32_t shift = p > 0;
        const struct ar_frame_plane *plane = &frame->planes[p];
        const int got = plane->data[(y >> shift) * plane->stride_b + (x >> shift)];

        ck_assert_msg(abs(got - yuv[p]) <= 6, "plane %u at %u,%u: %d, want %d", p, x, y, got,
                      yuv[p]);
    }
}

static const struct {
    uint32_t width_px;
    uint32_t height_px;
    int subsampling;
    uint32_t shrink_log2;
} jpegs[] = {
    { 64, 48, TJSAMP_420 },      { 64, 48, TJSAMP_422 },      { 64, 48, TJSAMP_444 },
    { 64, 48, TJSAMP_440 },      { 64, 48, TJSAMP_411 },      { 64, 48, TJSAMP_GRAY },
    { 65, 49, TJSAMP_420 },      { 641, 33, TJSAMP_422 },     { 130, 18, TJSAMP_420 },
    { 71, 35, TJSAMP_444 },      { 128, 96, TJSAMP_420, 1 },  { 128, 96, TJSAMP_422, 1 },
    { 128, 96, TJSAMP_444, 1 },  { 128, 96, TJSAMP_GRAY, 1 }, { 129, 97, TJSAMP_420, 1 },
    { 131, 99, TJSAMP_422, 1 },  { 256, 192, TJSAMP_420, 2 }, { 256, 192, TJSAMP_422, 2 },
    { 261, 195, TJSAMP_444, 2 }, { 263, 197, TJSAMP_420, 2 }, { 512, 384, TJSAMP_422, 3 },
    { 256, 192, TJSAMP_411, 2 }, { 256, 192, TJSAMP_440, 1 },
};

START_TEST(test_jpeg_to_planes)
{
    static const int orange[3] = { 160, 56, 185 };
    static const int blue[3] = { 69, 197, 102 };
    static const int orange_grey[3] = { 160, 128, 128 };
    static const int blue_grey[3] = { 69, 128, 128 };
    const uint32_t w = ar_v4l2_shrink(jpegs[_i].width_px, jpegs[_i].shrink_log2);
    const uint32_t h = ar_v4l2_shrink(jpegs[_i].height_px, jpegs[_i].shrink_log2);
    const bool grey = jpegs[_i].subsampling == TJSAMP_GRAY;
    struct jpeg jpeg = compress(jpegs[_i].width_px, jpegs[_i].height_px, jpegs[_i].subsampling);
    struct ar_pool *pool = jpeg_pool(w, h);
    struct ar_frame *frame = ar_pool_take(pool);
    struct ar_mjpeg *mjpeg;

    ck_assert_int_eq(ar_mjpeg_create(&mjpeg, jpegs[_i].width_px, jpegs[_i].height_px,
                                     jpegs[_i].shrink_log2),
                     0);
    ck_assert_int_eq(ar_mjpeg_decode(mjpeg, jpeg.data, jpeg.size_b, frame), 0);
    for (uint32_t y = 0; y < (h & ~1u); y += (h & ~1u) - 1) {
        check_colour(frame, 0, y, grey ? orange_grey : orange);
        check_colour(frame, w / 2 - 9, y, grey ? orange_grey : orange);
        check_colour(frame, w / 2 + 9, y, grey ? blue_grey : blue);
        check_colour(frame, (w & ~1u) - 1, y, grey ? blue_grey : blue);
    }
    ar_mjpeg_destroy(mjpeg);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
    tjFree(jpeg.data);
}
END_TEST

START_TEST(test_jpeg_that_is_broken)
{
    struct jpeg jpeg = compress(64, 48, TJSAMP_420);
    struct jpeg other = compress(128, 48, TJSAMP_420);
    struct ar_pool *pool = jpeg_pool(64, 48);
    struct ar_frame *frame = ar_pool_take(pool);
    uint8_t *padded = calloc(1, jpeg.size_b + 100);
    struct ar_mjpeg *mjpeg;

    ck_assert_int_eq(ar_mjpeg_create(&mjpeg, 64, 48, 0), 0);
    for (size_t size_b = 0; size_b < jpeg.size_b; size_b++) {
        uint8_t *cut = malloc(size_b ? size_b : 1); /* its own block: reading past it is seen */

        memcpy(cut, jpeg.data, size_b);
        ck_assert_int_eq(ar_mjpeg_decode(mjpeg, cut, size_b, frame), -EINVAL);
        free(cut);
    }
    ck_assert_int_eq(ar_mjpeg_decode(mjpeg, other.data, other.size_b, frame), -EINVAL);
    memcpy(padded, jpeg.data, jpeg.size_b);
    ck_assert_int_eq(ar_mjpeg_decode(mjpeg, padded, jpeg.size_b + 100, frame), 0);
    memset(padded + 2, 0, 20);
    ck_assert_int_eq(ar_mjpeg_decode(mjpeg, padded, jpeg.size_b + 100, frame), -EINVAL);
    ck_assert_int_eq(ar_mjpeg_decode(mjpeg, jpeg.data, jpeg.size_b, frame), 0);
    ar_mjpeg_destroy(mjpeg);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
    free(padded);
    tjFree(jpeg.data);
    tjFree(other.data);
}
END_TEST

/* The end of the scan is gone, or there are bytes too many behind it; the end marker is there. */
static struct jpeg with_end(const struct jpeg *jpeg, size_t cut_b, size_t more_b)
{
    const size_t kept_b = jpeg->size_b - 2 - cut_b;
    struct jpeg other = { .size_b = kept_b + more_b + 2 };

    other.data = calloc(1, other.size_b);
    memcpy(other.data, jpeg->data, kept_b);
    memcpy(other.data + kept_b + more_b, jpeg->data + jpeg->size_b - 2, 2);
    return other;
}

/* Damage inside is seen by the decoder alone. A camera that is always like that is taken as it is. */
START_TEST(test_jpeg_that_is_damaged_inside)
{
    struct jpeg jpeg = compress(64, 48, TJSAMP_420);
    struct jpeg damaged = with_end(&jpeg, 8, 0);
    struct jpeg padded = with_end(&jpeg, 0, 8);
    struct ar_pool *pool = jpeg_pool(64, 48);
    struct ar_frame *frame = ar_pool_take(pool);
    struct ar_mjpeg *mjpeg;

    ck_assert_int_eq(ar_mjpeg_create(&mjpeg, 64, 48, 0), 0);
    for (uint32_t turn = 0; turn < 2; turn++) {
        ck_assert_int_eq(ar_mjpeg_decode(mjpeg, jpeg.data, jpeg.size_b, frame), 0);
        ck_assert_int_eq(ar_mjpeg_decode(mjpeg, padded.data, padded.size_b, frame), 0);
        for (uint32_t i = 0; i < 10; i++)
            ck_assert_int_eq(ar_mjpeg_decode(mjpeg, damaged.data, damaged.size_b, frame),
                             -EINVAL);
        ck_assert_int_eq(ar_mjpeg_decode(mjpeg, damaged.data, damaged.size_b, frame), 0);
    }
    ar_mjpeg_destroy(mjpeg);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
    tjFree(jpeg.data);
    free(damaged.data);
    free(padded.data);
}
END_TEST

/* Bytes changed at random decode to something or are refused, and never more. */
START_TEST(test_jpeg_with_flipped_bytes)
{
    struct jpeg jpeg = compress(64, 48, _i ? TJSAMP_444 : TJSAMP_420);
    struct ar_pool *pool = jpeg_pool(64, 48);
    struct ar_frame *frame = ar_pool_take(pool);
    uint8_t *bent = malloc(jpeg.size_b);
    uint32_t random = 1;
    struct ar_mjpeg *mjpeg;

    ck_assert_int_eq(ar_mjpeg_create(&mjpeg, 64, 48, 0), 0);
    for (uint32_t i = 0; i < 2000; i++) {
        memcpy(bent, jpeg.data, jpeg.size_b);
        for (uint32_t flips = 0; flips < 3; flips++) {
            random = random * 1664525 + 1013904223;
            bent[(random >> 8) % jpeg.size_b] = (uint8_t)random;
        }
        ar_mjpeg_decode(mjpeg, bent, jpeg.size_b, frame);
    }
    ar_mjpeg_destroy(mjpeg);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
    free(bent);
    tjFree(jpeg.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture/v4l2");
    TCase *driver = tcase_create("driver");
    TCase *decoder = tcase_create("jpeg");

    tcase_add_test(driver, test_modes_in_order);
    tcase_add_test(driver, test_shrunk_modes_in_order);
    tcase_add_test(driver, test_odd_modes);
    tcase_add_test(driver, test_near_rates);
    tcase_add_test(driver, test_nearest_size);
    tcase_add_test(driver, test_fourcc_text);
    tcase_add_test(driver, test_layouts);
    tcase_add_test(driver, test_layout_in_planes);
    tcase_add_loop_test(driver, test_impossible_layouts, 0, AR_ARRAY_LEN(impossible));
    tcase_add_test(driver, test_pix_of_many_planes);
    tcase_add_test(driver, test_ranges);
    tcase_add_loop_test(driver, test_luma_weights, 0, AR_ARRAY_LEN(encodings));
    tcase_add_loop_test(driver, test_time_stamps, 0, AR_ARRAY_LEN(stamps));
    tcase_add_test(driver, test_sequence_gaps);
    tcase_set_timeout(decoder, 30);
    tcase_add_loop_test(decoder, test_jpeg_to_planes, 0, AR_ARRAY_LEN(jpegs));
    tcase_add_test(decoder, test_jpeg_that_is_broken);
    tcase_add_test(decoder, test_jpeg_that_is_damaged_inside);
    tcase_add_loop_test(decoder, test_jpeg_with_flipped_bytes, 0, 2);
    suite_add_tcase(suite, driver);
    suite_add_tcase(suite, decoder);
    return ar_suite_run(suite);
}
