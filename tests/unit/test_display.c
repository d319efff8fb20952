/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "display/display.h"
#include "tests/suite.h"

/* The list of outputs; each backend has a test of its own. */

static int split(const char *text, struct ar_display_params list[AR_DISPLAY_MAX],
                 struct ar_reason *reason)
{
    struct ar_display_params params = { .fullscreen = true };

    snprintf(params.output, sizeof(params.output), "%s", text);
    return ar_display_split(&params, list, reason);
}

START_TEST(a_list_is_split)
{
    struct ar_display_params list[AR_DISPLAY_MAX];

    ck_assert_int_eq(split("  kms:HDMI-A-1 ,v4l2:/dev/video10,\tfile:a b.mp4, null ", list,
                           NULL),
                     4);
    ck_assert_str_eq(list[0].output, "kms:HDMI-A-1");
    ck_assert_str_eq(list[1].output, "v4l2:/dev/video10");
    ck_assert_str_eq(list[2].output, "file:a b.mp4");
    ck_assert_str_eq(list[3].output, "null");
    ck_assert(list[3].fullscreen);
    ck_assert_int_eq(split("auto", list, NULL), 1);
    ck_assert_str_eq(list[0].output, "auto");
}
END_TEST

static const struct {
    const char *output;
    const char *part_of_reason;
} troubles[] = {
    { "", "one to 4 outputs" },
    { "null, ,sdl", "\"null, ,sdl\"" },
    { "null,", "one to 4 outputs" },
    { "null,sdl,file:a.y4m,file:b.y4m,file:c.y4m", "one to 4 outputs" },
    { "file:a.y4m, null, file:a.y4m", "\"file:a.y4m\" is there twice" },
    { "kms:HDMI-A-1, kms:HDMI-A-2", "\"kms:HDMI-A-2\" beside \"kms:HDMI-A-1\"" },
};

START_TEST(a_wrong_list_is_explained)
{
    struct ar_display_params list[AR_DISPLAY_MAX];
    struct ar_reason reason;

    ck_assert_int_eq(split(troubles[_i].output, list, &reason), -EINVAL);
    ck_assert_msg(strstr(reason.text, troubles[_i].part_of_reason) &&
                      strstr(reason.text, "display.output"),
                  "%s", reason.text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display");
    TCase *tcase = tcase_create("display");

    tcase_add_test(tcase, a_list_is_split);
    tcase_add_loop_test(tcase, a_wrong_list_is_explained, 0, AR_ARRAY_LEN(troubles));
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
