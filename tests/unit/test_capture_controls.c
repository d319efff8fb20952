/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/videodev2.h>

#include "base/log.h"
#include "base/macros.h"
#include "capture/v4l2_control.h"
#include "capture/v4l2_controls.h"
#include "tests/suite.h"

/* A device of straw with the controls of a webcam: this file defines what v4l2_io.h declares of it. */

struct knob {
    struct v4l2_query_ext_ctrl query;
    const char *items[4]; /* of a menu; NULL: not a choice */
    int64_t numbers[4];   /* of a menu of numbers */
    int64_t value;
    int error; /* that setting meets */
};

static struct knob knobs[] = {
    { { 0x00980001, V4L2_CTRL_TYPE_CTRL_CLASS, "User Controls",
        .flags = V4L2_CTRL_FLAG_READ_ONLY } },
    { { 0x00980900, V4L2_CTRL_TYPE_INTEGER, "Brightness", -64, 64, 1, 0 } },
    { { 0x0098090c, V4L2_CTRL_TYPE_BOOLEAN, "White Balance, Automatic", 0, 1, 1, 1 } },
    { { 0x00980918, V4L2_CTRL_TYPE_MENU, "Power Line Frequency", 0, 2, 1, 1 },
      .items = { "Disabled", "50 Hz", "60 Hz" } },
    { { 0x0098091a, V4L2_CTRL_TYPE_INTEGER, "White Balance Temperature", 2800, 6500, 10,
        4600 } },
    { { 0x00980950, V4L2_CTRL_TYPE_BUTTON, "Recalibrate" } },
    { { 0x009a0901, V4L2_CTRL_TYPE_MENU, "Auto Exposure", 0, 3, 1, 3 },
      .items = { NULL, "Manual Mode", NULL, "Aperture Priority Mode" } },
    { { 0x009a0902, V4L2_CTRL_TYPE_INTEGER, "Exposure Time, Absolute", 3, 2047, 1, 250 } },
    { { 0x009a0913, V4L2_CTRL_TYPE_INTEGER_MENU, "ISO Sensitivity", 0, 2, 1, 0 },
      .numbers = { 100, 200, 400 } },
    { { 0x009a0920, V4L2_CTRL_TYPE_INTEGER, "Lens Position", 0, 10, 1, 0,
        .flags = V4L2_CTRL_FLAG_READ_ONLY } },
    { { 0x009a0921, V4L2_CTRL_TYPE_STRING, "Station", 0, 8, 1, 0,
        .flags = V4L2_CTRL_FLAG_HAS_PAYLOAD } },
    { { 0x009a0930, V4L2_CTRL_TYPE_BITMASK, "Zones", 0, 0x1f, 0, 0 } },
    { { 0x009a0931, V4L2_CTRL_TYPE_INTEGER64, "Pixel Clock", 0, INT64_C(1) << 40, 1, 0 } },
    { { 0x009a0940, V4L2_CTRL_TYPE_INTEGER, "Unused", 0, 1, 1, 0,
        .flags = V4L2_CTRL_FLAG_DISABLED } },
};

static struct knob *touched[16]; /* in the order in which they were set */
static uint32_t n_touched;
static bool without_controls;
static const struct ar_v4l2_io io = { .fd = 7 };
static struct ar_reason reason;

static struct knob *knob_of(uint32_t id)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(knobs); i++)
        if (knobs[i].query.id == id)
            return &knobs[i];
    ck_abort_msg("no control 0x%x", id);
    return NULL;
}

static int query(struct v4l2_query_ext_ctrl *query)
{
    const uint32_t id = query->id & ~V4L2_CTRL_FLAG_NEXT_CTRL;

    ck_assert(query->id & V4L2_CTRL_FLAG_NEXT_CTRL);
    if (without_controls)
        return -ENOTTY;
    for (size_t i = 0; i < AR_ARRAY_LEN(knobs); i++)
        if (knobs[i].query.id > id) {
            *query = knobs[i].query;
            return 0;
        }
    return -EINVAL;
}

static int query_menu(struct v4l2_querymenu *item)
{
    const struct knob *knob = knob_of(item->id);

    ck_assert_uint_lt(item->index, 4);
    if (knob->query.type == V4L2_CTRL_TYPE_INTEGER_MENU) {
        item->value = knob->numbers[item->index];
        return 0;
    }
    if (!knob->items[item->index])
        return -EINVAL;
    /* A driver may use all of its 32 bytes. */
    memset(item->name, 0, sizeof(item->name));
    memcpy(item->name, knob->items[item->index], strlen(knob->items[item->index]));
    return 0;
}

static int exchange(const struct v4l2_ext_controls *all, bool set)
{
    struct v4l2_ext_control *one = all->controls;
    struct knob *knob = knob_of(one->id);
    const bool wide = knob->query.type == V4L2_CTRL_TYPE_INTEGER64;

    ck_assert_uint_eq(all->count, 1);
    if (!set) {
        if (wide)
            one->value64 = knob->value;
        else
            one->value = (int32_t)knob->value;
        return 0;
    }
    if (knob->error)
        return knob->error;
    touched[n_touched++] = knob;
    knob->value = wide ? one->value64 : one->value;
    return 0;
}

int ar_v4l2_io_call(const struct ar_v4l2_io *device, unsigned long request, void *argument)
{
    ck_assert_int_eq(device->fd, io.fd);
    switch (request) {
    case VIDIOC_QUERY_EXT_CTRL:
        return query(argument);
    case VIDIOC_QUERYMENU:
        return query_menu(argument);
    case VIDIOC_G_EXT_CTRLS:
    case VIDIOC_S_EXT_CTRLS:
        return exchange(argument, request == VIDIOC_S_EXT_CTRLS);
    default:
        ck_abort_msg("request 0x%lx", request);
        return -ENOTTY;
    }
}

/* The linker takes this file's functions of v4l2_io.h, or all of the other's. */
int ar_v4l2_io_open(struct ar_v4l2_io *device, const char *path)
{
    ck_abort_msg("opened %s", path);
    return -ENOENT;
}

void ar_v4l2_io_close(struct ar_v4l2_io *device)
{
    ck_abort();
}

void *ar_v4l2_io_map(const struct ar_v4l2_io *device, size_t size_b, uint32_t offset_b)
{
    return NULL;
}

void ar_v4l2_io_unmap(const struct ar_v4l2_io *device, void *memory, size_t size_b)
{
}

static const struct {
    const char *name;
    const char *text;
    uint32_t id;
    int64_t value;
} good[] = {
    { "brightness", "-64", 0x00980900, -64 },
    { "Brightness", "0x10", 0x00980900, 16 },
    { "auto_exposure", "1", 0x009a0901, 1 },
    { "exposure_auto", "1", 0x009a0901, 1 }, /* an older kernel's name */
    { "auto_exposure", "Aperture Priority Mode", 0x009a0901, 3 },
    { "auto_exposure", "manual_mode", 0x009a0901, 1 },
    { "power_line_frequency", "50_hz", 0x00980918, 1 },
    { "exposure_time_absolute", "2047", 0x009a0902, 2047 },
    { "white_balance_automatic", "off", 0x0098090c, 0 },
    { "white_balance_automatic", "yes", 0x0098090c, 1 },
    { "iso_sensitivity", "2", 0x009a0913, 2 },
    { "recalibrate", "push", 0x00980950, 0 },
    { "zones", "0x11", 0x009a0930, 17 },
    { "pixel_clock", "1099511627776", 0x009a0931, INT64_C(1) << 40 },
};

START_TEST(test_setting)
{
    struct knob *knob = knob_of(good[_i].id);

    knob->value = 77;
    ck_assert_msg(ar_v4l2_controls_set(&io, good[_i].name, good[_i].text, &reason) == 0, "%s",
                  reason.text);
    ck_assert_uint_eq(n_touched, 1);
    ck_assert_ptr_eq(touched[0], knob);
    ck_assert_int_eq(knob->value, good[_i].value);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    int ret;
    const char *words[3];
} refused[] = {
    { "brightness", "65", -EINVAL, { "brightness: \"65\"", "-64..64" } },
    { "brightness", "", -EINVAL, { "\"\"", "-64..64" } },
    { "brightness", "1e2", -EINVAL, { "-64..64" } },
    { "brightness", "99999999999999999999", -EINVAL, { "-64..64" } },
    { "white_balance_temperature", "100", -EINVAL, { "2800..6500 step 10" } },
    { "white_balance_automatic", "2", -EINVAL, { "yes|no" } },
    { "auto_exposure", "2", -EINVAL, { "\"2\"", "1 Manual Mode, 3 Aperture Priority Mode" } },
    { "auto_exposure", "-1", -EINVAL, { "1 Manual Mode" } },
    { "auto_exposure", "manual", -EINVAL, { "1 Manual Mode" } },
    { "iso_sensitivity", "800", -EINVAL, { "0 100, 1 200, 2 400" } },
    { "recalibrate", "1", -EINVAL, { "push" } },
    { "zones", "0x20", -EINVAL, { "bits of 0x1f" } },
    { "lens_position", "3", -EACCES, { "lens_position: can only be read" } },
    { "exposure_absolute",
      "5",
      -ENOENT,
      { "exposure_absolute: no such control",
        "near are auto_exposure, exposure_time_absolute" } },
    { "brightnes", "5", -ENOENT, { "near are brightness" } },
    { "focus_absolute", "5", -ENOENT, { "near are exposure_time_absolute" } },
    { "zoom",
      "5",
      -ENOENT,
      { "zoom: no such control", "there are brightness, white_balance", " ..." } },
    { "station", "x", -ENOENT, { "no such control" } }, /* not of a kind that we set */
    { "unused", "1", -ENOENT, { "no such control" } },
    { "", "1", -ENOENT, { "no such control" } },
};

START_TEST(test_refusing)
{
    ck_assert_int_eq(ar_v4l2_controls_set(&io, refused[_i].name, refused[_i].text, &reason),
                     refused[_i].ret);
    for (uint32_t i = 0; i < 3 && refused[_i].words[i]; i++)
        ck_assert_msg(strstr(reason.text, refused[_i].words[i]) != NULL, "%s", reason.text);
    ck_assert_uint_eq(n_touched, 0);
}
END_TEST

START_TEST(test_errors_of_the_device)
{
    struct knob *knob = knob_of(0x009a0902);

    knob->error = -EIO;
    ck_assert_int_eq(ar_v4l2_controls_set(&io, "exposure_time_absolute", "9", &reason), -EIO);
    ck_assert_ptr_nonnull(strstr(reason.text, "the camera refuses it"));
    knob->query.flags = V4L2_CTRL_FLAG_INACTIVE;
    ck_assert_int_eq(ar_v4l2_controls_set(&io, "exposure_time_absolute", "9", &reason),
                     -EACCES);
    ck_assert_ptr_nonnull(strstr(reason.text, "automatic"));
    knob->query.flags = V4L2_CTRL_FLAG_GRABBED;
    ck_assert_int_eq(ar_v4l2_controls_set(&io, "exposure_time_absolute", "9", &reason),
                     -EACCES);
    without_controls = true;
    ck_assert_int_eq(ar_v4l2_controls_set(&io, "brightness", "9", &reason), -ENOENT);
    ck_assert_ptr_nonnull(strstr(reason.text, "the camera has no controls"));
}
END_TEST

/* What is automatic goes first, and one mistake does not keep the others from being set. */
START_TEST(test_all_in_order)
{
    static struct ar_entries entries;
    static const char *const pairs[][2] = {
        { "exposure_time_absolute", "100" },
        { "no_such_thing", "1" },
        { "brightness", "1000" },
        { "white_balance_temperature", "3000" },
        { "auto_exposure", "1" },
        { "white_balance_automatic", "no" },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(pairs); i++)
        ck_assert_int_eq(ar_entries_set(&entries, pairs[i][0], pairs[i][1], &reason), 0);
    ar_v4l2_controls_apply(&io, &entries, "/dev/straw");
    ck_assert_uint_eq(n_touched, 4);
    ck_assert_str_eq(touched[0]->query.name, "Auto Exposure");
    ck_assert_str_eq(touched[1]->query.name, "White Balance, Automatic");
    ck_assert_str_eq(touched[2]->query.name, "Exposure Time, Absolute");
    ck_assert_str_eq(touched[3]->query.name, "White Balance Temperature");
}
END_TEST

START_TEST(test_keys)
{
    static const char *const words[][2] = {
        { "Exposure Time, Absolute", "exposure_time_absolute" },
        { "  (50 Hz) ", "50_hz" },
        { "", "" },
        { "---", "" },
        { "A Name That Is Longer Than All Of What Is Allowed",
          "a_name_that_is_longer_than_all_o" },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(words); i++) {
        char key[AR_V4L2_CONTROL_NAME_B];

        ar_v4l2_control_key(words[i][0], key);
        ck_assert_str_eq(key, words[i][1]);
    }
}
END_TEST

START_TEST(test_reading)
{
    struct ar_v4l2_control control = { .id = 0 };
    int64_t value;
    uint32_t n = 0;

    knob_of(0x009a0931)->value = INT64_C(1) << 35;
    while (ar_v4l2_control_next(&io, control.id, &control) == 0)
        n++;
    ck_assert_uint_eq(n, AR_ARRAY_LEN(knobs) - 3); /* without class, text, disabled */
    ck_assert_str_eq(control.name, "pixel_clock");
    ck_assert_int_eq(ar_v4l2_control_get(&io, &control, &value), 0);
    ck_assert_int_eq(value, INT64_C(1) << 35);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture/controls");
    TCase *controls = tcase_create("controls");

    ar_log_set_level(AR_LOG_ERROR);
    tcase_add_loop_test(controls, test_setting, 0, AR_ARRAY_LEN(good));
    tcase_add_loop_test(controls, test_refusing, 0, AR_ARRAY_LEN(refused));
    tcase_add_test(controls, test_errors_of_the_device);
    tcase_add_test(controls, test_all_in_order);
    tcase_add_test(controls, test_keys);
    tcase_add_test(controls, test_reading);
    suite_add_tcase(suite, controls);
    return ar_suite_run(suite);
}
