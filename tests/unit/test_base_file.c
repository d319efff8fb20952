/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/file.h"
#include "base/macros.h"
#include "tests/suite.h"

static char folder[] = "/tmp/test_file.XXXXXX";
static char path[64];

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/file", folder);
}

static void tear_down(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void write_text(const char *file, const char *text)
{
    FILE *out = fopen(file, "we");

    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    ck_assert_int_eq(fclose(out), 0);
}

static void assert_text(const char *file, const char *text)
{
    char read[32] = "";
    FILE *in = fopen(file, "re");

    ck_assert_ptr_nonnull(in);
    ck_assert_uint_le(fread(read, 1, sizeof(read) - 1, in), sizeof(read) - 1);
    fclose(in);
    ck_assert_str_eq(read, text);
}

static void assert_no_new(void)
{
    char fresh[80];

    snprintf(fresh, sizeof(fresh), "%s.new", path);
    ck_assert_int_eq(access(fresh, F_OK), -1);
}

START_TEST(makes_and_replaces)
{
    struct ar_reason reason;

    ck_assert_int_eq(ar_file_replace(path, "one", 3, &reason), 0);
    assert_text(path, "one");
    ck_assert_int_eq(ar_file_replace(path, "", 0, &reason), 0);
    assert_text(path, "");
    assert_no_new();
}
END_TEST

START_TEST(makes_folders)
{
    struct ar_reason reason;
    char deep[96];

    snprintf(deep, sizeof(deep), "%s/a/b/file", folder);
    ck_assert_int_eq(ar_file_replace(deep, "one", 3, &reason), 0);
    assert_text(deep, "one");
}
END_TEST

/* In place of the file, or of what it is before it has its name. */
START_TEST(follows_no_link)
{
    struct ar_reason reason;
    struct stat found;
    char link[80];
    char other[80];

    snprintf(link, sizeof(link), "%s%s", path, _i == 0 ? "" : ".new");
    snprintf(other, sizeof(other), "%s/other", folder);
    write_text(other, "mine");
    ck_assert_int_eq(symlink(other, link), 0);
    ck_assert_int_eq(ar_file_replace(path, "one", 3, &reason), 0);
    assert_text(path, "one");
    assert_text(other, "mine");
    ck_assert_int_eq(lstat(path, &found), 0);
    ck_assert(S_ISREG(found.st_mode));
    assert_no_new();
}
END_TEST

/* What cannot be written whole leaves what was there. */
START_TEST(keeps_what_was_there)
{
    struct ar_reason reason;
    char name[300];

    write_text(path, "before");
    snprintf(name, sizeof(name), "%s/x", path);
    ck_assert_int_eq(ar_file_replace(name, "one", 3, &reason), -ENOTDIR);
    ck_assert_ptr_nonnull(strstr(reason.text, name));
    snprintf(name, sizeof(name), "%s/%0*d", folder, 253, 0);
    ck_assert_int_eq(ar_file_replace(name, "one", 3, &reason), -ENAMETOOLONG);
    ck_assert_int_eq(ar_file_replace(folder, "one", 3, &reason), -EISDIR);
    assert_text(path, "before");
    assert_no_new();
}
END_TEST

static const struct {
    const char *path;
    const char *folder;
} folders[] = {
    { "/a/b/c", "/a/b" }, { "/a", "/" }, { "a/b", "a" }, { "a", "." }, { "/a/", "/a" },
};

START_TEST(tells_the_folder)
{
    char found[64];

    ar_file_folder(folders[_i].path, found, sizeof(found));
    ck_assert_str_eq(found, folders[_i].folder);
    ar_file_folder("/abc/d", found, 4);
    ck_assert_str_eq(found, "/ab");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("file");
    TCase *const tcase = tcase_create("replace");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, makes_and_replaces);
    tcase_add_test(tcase, makes_folders);
    tcase_add_loop_test(tcase, follows_no_link, 0, 2);
    tcase_add_test(tcase, keeps_what_was_there);
    tcase_add_loop_test(tcase, tells_the_folder, 0, AR_ARRAY_LEN(folders));
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
