/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stddef.h>

#include "base/ending.h"
#include "tests/suite.h"

START_TEST(test_one)
{
    ck_assert(ar_has_ending("a.conf", ".conf"));
    ck_assert(!ar_has_ending("a.CONF", ".conf"));
    ck_assert(!ar_has_ending("a.conf~", ".conf"));
    ck_assert(!ar_has_ending(".conf", ".conf"));
    ck_assert(!ar_has_ending("", ".conf"));
}
END_TEST

START_TEST(test_one_of_several)
{
    static const char *const endings[] = { ".mp4", ".mov", NULL };

    ck_assert(ar_has_ending_of("/x/a.mov", endings));
    ck_assert(ar_has_ending_of("a.MP4", endings));
    ck_assert(!ar_has_ending_of(".mp4", endings));
    ck_assert(!ar_has_ending_of("a.y4m", endings));
    ck_assert(!ar_has_ending_of("a.mp4", endings + 2));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("ending");
    TCase *const tcase = tcase_create("ending");

    tcase_add_test(tcase, test_one);
    tcase_add_test(tcase, test_one_of_several);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
