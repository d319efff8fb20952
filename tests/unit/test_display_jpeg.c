/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <turbojpeg.h>

#include "display/jpeg.h"
#include "tests/unit/display_rig.h"

#define WIDTH_PX  50
#define HEIGHT_PX 34

static void make_frame(struct rig *rig, struct ar_frame **frame)
{
    struct ar_frame_shape shape = { WIDTH_PX, HEIGHT_PX, AR_FRAME_I420, AR_FRAME_FULL };

    rig_init(rig);
    ck_assert_int_eq(ar_pool_create(&rig->pool, &shape, 1), 0);
    *frame = rig_frame(rig, 0, 0);
}

static size_t read_all(const char *path, uint8_t *data, size_t size_b)
{
    FILE *in = fopen(path, "rb");
    size_t n_read;

    ck_assert_ptr_nonnull(in);
    n_read = fread(data, 1, size_b, in);
    fclose(in);
    return n_read;
}

static int write_jpeg(const char *path, const struct ar_frame *frame, struct ar_reason *reason)
{
    struct ar_part part;
    const int ret = ar_part_open(&part, path, reason);

    return ret < 0 ? ret : ar_jpeg_write(&part, frame, 95, reason);
}

/* Gray ramps survive JPEG at 95 % within a few steps; a plane or stride mixed up does not. */
START_TEST(planes_come_back)
{
    static uint8_t data[1 << 20];
    static uint8_t planes[WIDTH_PX * HEIGHT_PX * 2];
    uint8_t *out[3] = { planes, planes + (size_t)WIDTH_PX * HEIGHT_PX,
                        planes + (size_t)WIDTH_PX * HEIGHT_PX * 5 / 4 };
    struct rig rig;
    struct ar_frame *frame;
    char path[128];
    size_t size_b;
    int width_px;
    int height_px;
    int sampling;
    int colours;
    tjhandle turbo = tjInitDecompress();

    make_frame(&rig, &frame);
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&frame->shape, i); y++)
            for (uint32_t x = 0; x < ar_frame_plane_width_b(&frame->shape, i); x++)
                frame->planes[i].data[(size_t)y * frame->planes[i].stride_b + x] =
                    (uint8_t)(60 + 40 * i + x + y);
    rig_path(&rig, "out.jpg", path);
    ck_assert_int_eq(write_jpeg(path, frame, NULL), 0);
    size_b = read_all(path, data, sizeof(data));
    ck_assert_int_eq(tjDecompressHeader3(turbo, data, size_b, &width_px, &height_px, &sampling,
                                         &colours),
                     0);
    ck_assert_int_eq(width_px, WIDTH_PX);
    ck_assert_int_eq(height_px, HEIGHT_PX);
    ck_assert_int_eq(sampling, TJSAMP_420);
    ck_assert_int_eq(colours, TJCS_YCbCr);
    ck_assert_int_eq(tjDecompressToYUVPlanes(turbo, data, size_b, out, WIDTH_PX, NULL,
                                             HEIGHT_PX, 0),
                     0);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t width = WIDTH_PX / (i ? 2 : 1);

        for (uint32_t y = 0; y < HEIGHT_PX / (i ? 2 : 1); y++)
            for (uint32_t x = 0; x < width; x++)
                ck_assert_int_le(abs(out[i][(size_t)y * width + x] -
                                     (int)(60 + 40 * i + x + y)),
                                 4);
    }
    tjDestroy(turbo);
    ar_frame_unref(&frame);
    rig_finish(&rig);
}
END_TEST

START_TEST(failure_names_the_file_and_leaves_nothing)
{
    struct rig rig;
    struct ar_frame *frame;
    struct ar_reason reason = { "" };
    char path[128];

    make_frame(&rig, &frame);
    ck_assert_int_eq(write_jpeg("/nowhere/out.jpg", frame, &reason), -ENOENT);
    ck_assert_msg(strstr(reason.text, "/nowhere/out.jpg"), "%s", reason.text);
    rig_path(&rig, "full.jpg", path);
    ck_assert_int_eq(symlink("/dev/full", path), 0);
    ck_assert_int_eq(write_jpeg(path, frame, &reason), -ENOSPC);
    ck_assert_msg(strstr(reason.text, path), "%s", reason.text);
    ar_frame_unref(&frame);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_jpeg");
    TCase *tcase = tcase_create("jpeg");

    tcase_add_test(tcase, planes_come_back);
    tcase_add_test(tcase, failure_names_the_file_and_leaves_nothing);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
