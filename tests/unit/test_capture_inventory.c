/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/videodev2.h>

#include "base/macros.h"
#include "capture/devices.h"
#include "capture/inventory.h"
#include "capture/v4l2_io.h"
#include "tests/suite.h"

/* The list on a machine of straw: this file defines the functions of devices.h and v4l2_io.h itself. */

static int n_listed;

static const struct ar_device devices[] = {
    { .path = "/dev/video0",
      .card = "Straw Cam",
      .by_id = "/dev/v4l/by-id/usb-straw",
      .by_path = "/dev/v4l/by-path/pci-0",
      .capture = true },
    { .path = "/dev/video2", .card = "unicam", .sensor = true },
    { .path = "/dev/video10", .card = "Virtual Camera", .output = true },
    { .path = "/dev/video11", .output = true },
};

int ar_devices_list(struct ar_device *list, uint32_t max)
{
    if (n_listed > 0)
        memcpy(list, devices, (size_t)n_listed * sizeof(*list));
    return n_listed;
}

int ar_v4l2_io_open(struct ar_v4l2_io *io, const char *path)
{
    ck_assert_str_eq(path, "/dev/video0");
    io->fd = 3;
    return 0;
}

void ar_v4l2_io_close(struct ar_v4l2_io *io)
{
    io->fd = -1;
}

void *ar_v4l2_io_map(const struct ar_v4l2_io *io, size_t size_b, uint32_t offset_b)
{
    return NULL;
}

void ar_v4l2_io_unmap(const struct ar_v4l2_io *io, void *memory, size_t size_b)
{
}

/* A multi-planar camera. */
static int capability(struct v4l2_capability *capability)
{
    capability->capabilities = V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING;
    return 0;
}

static int format(struct v4l2_fmtdesc *entry)
{
    static const uint32_t formats[] = { V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_H264,
                                        V4L2_PIX_FMT_RGB24, V4L2_PIX_FMT_GREY };

    ck_assert_uint_eq(entry->type, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE);
    if (entry->index >= AR_ARRAY_LEN(formats))
        return -EINVAL;
    entry->pixelformat = formats[entry->index];
    return 0;
}

static int size(struct v4l2_frmsizeenum *entry)
{
    static const struct v4l2_frmsize_discrete sizes[] = { { 640, 480 }, { 1280, 720 } };

    if (entry->pixel_format == V4L2_PIX_FMT_GREY)
        return -ENOTTY;
    if (entry->pixel_format == V4L2_PIX_FMT_RGB24) {
        entry->type = V4L2_FRMSIZE_TYPE_STEPWISE;
        entry->stepwise = (struct v4l2_frmsize_stepwise){ 32, 2592, 2, 16, 1944, 2 };
        return 0;
    }
    if (entry->index >= AR_ARRAY_LEN(sizes))
        return -EINVAL;
    entry->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    entry->discrete = sizes[entry->index];
    return 0;
}

static int interval(struct v4l2_frmivalenum *entry)
{
    static const struct v4l2_fract intervals[] = { { 1, 30 }, { 1001, 15000 } };

    if (entry->pixel_format == V4L2_PIX_FMT_RGB24) {
        entry->type = V4L2_FRMIVAL_TYPE_CONTINUOUS;
        entry->stepwise = (struct v4l2_frmival_stepwise){ { 1, 90 }, { 1, 1 }, { 1, 1 } };
        return 0;
    }
    if (entry->width != 640 || entry->index >= AR_ARRAY_LEN(intervals))
        return -EINVAL;
    entry->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    entry->discrete = intervals[entry->index];
    return 0;
}

static const struct v4l2_query_ext_ctrl controls[] = {
    { V4L2_CID_BRIGHTNESS, V4L2_CTRL_TYPE_INTEGER, "Brightness", 0, 255, 1, 128 },
    { V4L2_CID_AUTOGAIN, V4L2_CTRL_TYPE_BOOLEAN, "Gain, Automatic", 0, 1, 1, 1,
      .flags = V4L2_CTRL_FLAG_READ_ONLY },
    { V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU, "Power Line Frequency", 0, 1, 1, 0 },
};

static int control(struct v4l2_query_ext_ctrl *query)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(controls); i++)
        if (controls[i].id > (query->id & ~V4L2_CTRL_FLAG_NEXT_CTRL)) {
            *query = controls[i];
            return 0;
        }
    return -EINVAL;
}

static int menu(struct v4l2_querymenu *item)
{
    snprintf((char *)item->name, sizeof(item->name), "%s", item->index ? "50 Hz" : "Disabled");
    return 0;
}

static int value(const struct v4l2_ext_controls *all)
{
    all->controls[0].value = 1;
    return 0;
}

int ar_v4l2_io_call(const struct ar_v4l2_io *io, unsigned long request, void *argument)
{
    switch (request) {
    case VIDIOC_QUERYCAP:
        return capability(argument);
    case VIDIOC_ENUM_FMT:
        return format(argument);
    case VIDIOC_ENUM_FRAMESIZES:
        return size(argument);
    case VIDIOC_ENUM_FRAMEINTERVALS:
        return interval(argument);
    case VIDIOC_QUERY_EXT_CTRL:
        return control(argument);
    case VIDIOC_QUERYMENU:
        return menu(argument);
    case VIDIOC_G_EXT_CTRLS:
        return value(argument);
    default:
        ck_abort_msg("request 0x%lx", request);
        return -ENOTTY;
    }
}

static char *printed(int *ret)
{
    char *text = NULL;
    size_t text_b = 0;
    FILE *const stream = open_memstream(&text, &text_b);

    *ret = ar_inventory_print(stream);
    ck_assert_int_eq(fclose(stream), 0);
    return text;
}

START_TEST(test_everything)
{
    char *text;
    int ret;

    n_listed = AR_ARRAY_LEN(devices);
    text = printed(&ret);
    ck_assert_int_eq(ret, 0);
    ck_assert_str_eq(
        text, "/dev/video0  camera  Straw Cam\n"
              "  names     /dev/v4l/by-id/usb-straw\n"
              "            /dev/v4l/by-path/pci-0\n"
              "  NV12      640x480 at 30, 14.985 fps\n"
              "            1280x720\n"
              "  H264      not read by ar-daemon\n"
              "  RGB24     32x16..2592x1944 at 1..90 fps\n"
              "  GREY      any size\n"
              "  controls  brightness                   0..255, default 128, now 1\n"
              "            gain_automatic               yes|no, read only, default 1, now 1\n"
              "            power_line_frequency         0 Disabled, 1 50 Hz, default 0, now 1\n"
              "/dev/video2  sensor  unicam\n"
              "  raw sensor data: start ar-daemon through libcamerify\n"
              "/dev/video10 output  Virtual Camera\n"
              "/dev/video11 output  (may not be opened)\n");
    free(text);
}
END_TEST

START_TEST(test_nothing)
{
    char *text;
    int ret;

    n_listed = 0;
    text = printed(&ret);
    ck_assert_int_eq(ret, 0);
    ck_assert_str_eq(text, "no cameras and no video outputs\n");
    free(text);
    n_listed = -ENOMEM;
    text = printed(&ret);
    ck_assert_int_eq(ret, -ENOMEM);
    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture/inventory");
    TCase *list = tcase_create("list");

    tcase_add_test(list, test_everything);
    tcase_add_test(list, test_nothing);
    suite_add_tcase(suite, list);
    return ar_suite_run(suite);
}
