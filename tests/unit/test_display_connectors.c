/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include "display/connectors.h"
#include "tests/suite.h"

static char root[40];

static void run(const char *format, const char *what)
{
    char command[256];

    snprintf(command, sizeof(command), format, root, what);
    ck_assert_int_eq(system(command), 0);
}

static void make_root(void)
{
    snprintf(root, sizeof(root), "/tmp/ar-test-connectors-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
    run("rm -r %s", "");
}

static void make_connector(const char *entry, const char *status, const char *modes)
{
    const char *const names[] = { "status", "modes" };
    const char *const texts[] = { status, modes };
    char path[256];

    run("mkdir -p %s/class/drm/%s", entry);
    for (int i = 0; i < 2; i++) {
        FILE *file;

        snprintf(path, sizeof(path), "%s/class/drm/%s/%s", root, entry, names[i]);
        file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fputs(texts[i], file);
        fclose(file);
    }
}

START_TEST(they_are_listed_in_order)
{
    struct ar_connector connectors[AR_CONNECTORS_MAX];

    make_connector("card10-DP-1", "disconnected\n", "");
    make_connector("card1-HDMI-A-2", "disconnected\n", "");
    make_connector("card1-HDMI-A-1", "connected\n", "1920x1080\n1280x720\n");
    run("mkdir -p %s/class/drm/%s", "card1");
    run("mkdir -p %s/class/drm/%s", "renderD128");
    run("mkdir -p %s/class/drm/%s", "card1-A-name-that-no-connector-of-any-driver-has");
    ck_assert_int_eq(ar_connectors_list(connectors, AR_CONNECTORS_MAX, root), 3);
    ck_assert_str_eq(connectors[0].card, "card1");
    ck_assert_str_eq(connectors[0].name, "HDMI-A-1");
    ck_assert_str_eq(connectors[0].mode, "1920x1080");
    ck_assert(connectors[0].connected);
    ck_assert_str_eq(connectors[1].name, "HDMI-A-2");
    ck_assert(!connectors[1].connected);
    ck_assert_str_eq(connectors[1].mode, "");
    ck_assert_str_eq(connectors[2].card, "card10");
    ck_assert_int_eq(ar_connectors_list(connectors, 2, root), 2);
}
END_TEST

START_TEST(a_machine_without_graphics_has_none)
{
    struct ar_connector connectors[1];

    ck_assert_int_eq(ar_connectors_list(connectors, 1, root), 0);
    run("mkdir -p %s/class && touch %s/class/drm", root);
    ck_assert_int_eq(ar_connectors_list(connectors, 1, root), -ENOTDIR);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display connectors");
    TCase *tcase = tcase_create("connectors");

    tcase_add_checked_fixture(tcase, make_root, remove_root);
    tcase_add_test(tcase, they_are_listed_in_order);
    tcase_add_test(tcase, a_machine_without_graphics_has_none);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
