/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "base/macros.h"
#include "display/kms_atomic.h"
#include "display/kms_mode.h"
#include "tests/unit/display_rig.h"

/* What can be tested of KMS without a screen. */

/* clang-format off */
static const drmModeModeInfo modes[] = {
    { .hdisplay = 1920, .vdisplay = 1080, .clock = 74250, .htotal = 2200, .vtotal = 1125,
      .flags = DRM_MODE_FLAG_INTERLACE, .type = DRM_MODE_TYPE_PREFERRED },
    { .hdisplay = 1280, .vdisplay = 720, .clock = 74250, .htotal = 1980, .vtotal = 750 }, /* 50 Hz */
    { .hdisplay = 1280, .vdisplay = 720, .clock = 74176, .htotal = 1650, .vtotal = 750 }, /* 59.94 */
    { .hdisplay = 1280, .vdisplay = 720, .clock = 74250, .htotal = 1650, .vtotal = 750 }, /* 60 */
    { .hdisplay = 640, .vdisplay = 480, .clock = 25175, .htotal = 800, .vtotal = 525 },
    { .hdisplay = 0, .vdisplay = 2000, .clock = 25175, .htotal = 800, .vtotal = 525 },
    { .hdisplay = 800, .vdisplay = 600, .clock = 40000, .htotal = 1056, .vtotal = 628,
      .type = DRM_MODE_TYPE_PREFERRED },
};
/* clang-format on */

static const struct ar_kms_wish any = { 0 };

START_TEST(preferred_mode_wins_unless_interlaced)
{
    ck_assert_ptr_eq(ar_kms_mode_choose(modes, 7, &any), &modes[6]);
}
END_TEST

START_TEST(else_largest_then_fastest)
{
    ck_assert_ptr_eq(ar_kms_mode_choose(modes, 6, &any), &modes[3]);
    ck_assert_ptr_eq(ar_kms_mode_choose(modes, 3, &any), &modes[2]);
    ck_assert_ptr_eq(ar_kms_mode_choose(modes + 4, 1, &any), &modes[4]);
}
END_TEST

START_TEST(no_usable_mode)
{
    ck_assert_ptr_null(ar_kms_mode_choose(modes, 1, &any));
    ck_assert_ptr_null(ar_kms_mode_choose(modes + 5, 1, &any));
    ck_assert_ptr_null(ar_kms_mode_choose(NULL, 0, &any));
}
END_TEST

static const struct {
    struct ar_kms_wish wish;
    int choice; /* -1: none */
} wishes[] = {
    { { 1280, 720, 0 }, 3 },     { { 1280, 720, 50000 }, 1 }, { { 1280, 720, 59900 }, 2 },
    { { 1280, 720, 60100 }, 3 }, { { 0, 0, 50000 }, 1 },      { { 640, 480, 0 }, 4 },
    { { 640, 480, 50000 }, -1 }, { { 1920, 1080, 0 }, -1 },   { { 800, 480, 0 }, -1 },
    { { 0, 0, 49400 }, -1 },
};

START_TEST(mode_is_as_wished)
{
    const drmModeModeInfo *mode = ar_kms_mode_choose(modes, 7, &wishes[_i].wish);

    ck_assert_int_eq(mode ? mode - modes : -1, wishes[_i].choice);
}
END_TEST

START_TEST(modes_are_listed_as_they_are_written)
{
    char text[64];

    ar_kms_mode_list(modes, 7, text, sizeof(text));
    ck_assert_str_eq(text, "1280x720@50, 1280x720@59.94, 1280x720@60, 640x480@59.94");
    ar_kms_mode_list(modes, 7, text, 12);
    ck_assert_str_eq(text, "1280x720@50");
    ar_kms_mode_list(modes, 7, text, 11);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(rate_comes_from_the_timings)
{
    const drmModeModeInfo broken = { .clock = 74250, .vrefresh = 60 };

    ck_assert_uint_eq(ar_kms_mode_rate_millihz(&modes[1]), 50000);
    ck_assert_uint_eq(ar_kms_mode_rate_millihz(&modes[3]), 60000);
    ck_assert_uint_eq(ar_kms_mode_rate_millihz(&modes[2]), 59940);
    ck_assert_uint_eq(ar_kms_mode_rate_millihz(&broken), 0);
}
END_TEST

START_TEST(connectors_have_the_names_of_sysfs)
{
    char name[AR_KMS_NAME_B];

    ar_kms_connector_name(name, DRM_MODE_CONNECTOR_HDMIA, 1);
    ck_assert_str_eq(name, "HDMI-A-1");
    ar_kms_connector_name(name, DRM_MODE_CONNECTOR_VIRTUAL, 12);
    ck_assert_str_eq(name, "Virtual-12");
    ar_kms_connector_name(name, 9999, 1);
    ck_assert_str_eq(name, "Unknown-1");
}
END_TEST

START_TEST(first_error_of_a_request_sticks)
{
    struct ar_kms_pipe pipe = { .fd = -1, .objects = { 1, 2, 3 } };
    struct ar_kms_atomic atomic = { 0 };

    pipe.properties[AR_KMS_PLANE_FB_ID] = 7;
    ar_kms_atomic_add(&atomic, &pipe, AR_KMS_PLANE_FB_ID, 1);
    ck_assert_int_eq(atomic.err, 0);
    ar_kms_atomic_add(&atomic, &pipe, AR_KMS_CRTC_ACTIVE,
                      1); /* the driver has no such property */
    ck_assert_int_eq(atomic.err, -ENOTSUP);
    ar_kms_atomic_add(&atomic, &pipe, AR_KMS_PLANE_FB_ID, 2);
    ck_assert_uint_eq(atomic.values[AR_KMS_PLANE_FB_ID], 1);
    ck_assert_int_eq(ar_kms_atomic_commit(&atomic, &pipe, 0, NULL), -ENOTSUP);
}
END_TEST

START_TEST(commit_says_what_the_kernel_said)
{
    struct ar_kms_pipe pipe = { .fd = -1, .objects = { 1, 2, 3 } };
    struct ar_kms_atomic atomic = { 0 };
    struct drm_mode_atomic nothing = { 0 };

    /* -EBADF from Linux; user-mode emulation does not know the request and gives -ENOSYS. */
    ck_assert_int_eq(drmIoctl(pipe.fd, DRM_IOCTL_MODE_ATOMIC, &nothing), -1);
    const int expected = -errno;

    pipe.properties[AR_KMS_PLANE_FB_ID] = 7;
    ar_kms_atomic_add(&atomic, &pipe, AR_KMS_PLANE_FB_ID, 1);
    ck_assert_int_eq(ar_kms_atomic_commit(&atomic, &pipe, 0, NULL), expected);
}
END_TEST

/* Opens no screen on any machine: no connector has this name. */
START_TEST(unknown_connector_is_named)
{
    struct rig rig;
    struct ar_reason reason = { "" };
    int ret;

    rig_init(&rig);
    ret = rig_start(&rig, "kms:NOTHING-9", 64, 36, 30000, &reason);
    ck_assert_msg(ret == -ENODEV || ret == -EACCES, "%d", ret);
    ck_assert_msg(strstr(reason.text, "kms") || strstr(reason.text, "/dev/dri"), "%s",
                  reason.text);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_kms");
    TCase *tcase = tcase_create("kms");

    tcase_add_test(tcase, preferred_mode_wins_unless_interlaced);
    tcase_add_test(tcase, else_largest_then_fastest);
    tcase_add_test(tcase, no_usable_mode);
    tcase_add_loop_test(tcase, mode_is_as_wished, 0, AR_ARRAY_LEN(wishes));
    tcase_add_test(tcase, modes_are_listed_as_they_are_written);
    tcase_add_test(tcase, rate_comes_from_the_timings);
    tcase_add_test(tcase, connectors_have_the_names_of_sysfs);
    tcase_add_test(tcase, first_error_of_a_request_sticks);
    tcase_add_test(tcase, commit_says_what_the_kernel_said);
    tcase_add_test(tcase, unknown_connector_is_named);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
