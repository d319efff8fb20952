/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "display/part.h"
#include "tests/suite.h"

/* Files that replace nothing. Those that do are tested by what writes them: display_file, display_mp4, display_jpeg. */

static char folder[64];
static char path[96];

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/ar-part-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/out", folder);
}

static void remove_folder(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left in it */
}

static uint32_t n_entries(void)
{
    DIR *dir = opendir(folder);
    uint32_t n = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir)) /* NOLINT(concurrency-mt-unsafe): one thread */
        n++;
    closedir(dir);
    return n - 2;
}

static void check_text(const char *wanted)
{
    char found[32] = "";
    FILE *in = fopen(path, "r");

    ck_assert_ptr_nonnull(in);
    ck_assert_uint_eq(fread(found, 1, sizeof(found) - 1, in), strlen(wanted));
    ck_assert_str_eq(found, wanted);
    fclose(in);
}

static void write_text(struct ar_part *part, const char *text)
{
    ck_assert_int_eq(ar_part_write(part, text, strlen(text), NULL), 0);
}

static void put_file(const char *text)
{
    FILE *out = fopen(path, "w");

    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
}

START_TEST(it_has_no_name_until_it_is_complete)
{
    struct ar_part part;

    ck_assert_int_eq(ar_part_open_new(&part, path, NULL), 0);
    write_text(&part, "whole");
    ck_assert_uint_eq(n_entries(), 0);
    ck_assert_int_eq(ar_part_commit(&part, NULL), 0);
    ck_assert_uint_eq(n_entries(), 1);
    check_text("whole");

    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(ar_part_open_new(&part, path, NULL), 0);
    write_text(&part, "half");
    ar_part_abandon(&part);
    ar_part_abandon(&part);
    ck_assert_uint_eq(n_entries(), 0);
}
END_TEST

START_TEST(published_it_grows_under_its_name)
{
    struct ar_part part;

    ck_assert_int_eq(ar_part_open_new(&part, path, NULL), 0);
    write_text(&part, "a");
    ck_assert_int_eq(ar_part_publish(&part, NULL), 0);
    check_text("a");
    write_text(&part, "b");
    check_text("ab");
    ck_assert_int_eq(ar_part_commit(&part, NULL), 0);
    check_text("ab");

    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(ar_part_open_new(&part, path, NULL), 0);
    ck_assert_int_eq(ar_part_publish(&part, NULL), 0);
    ar_part_abandon(&part);
    ck_assert_uint_eq(n_entries(), 0);
}
END_TEST

static void check_refusal(int result, const char *words)
{
    struct ar_reason reason = { "" };
    struct ar_part part;

    ck_assert_int_eq(ar_part_open_new(&part, path, &reason), result);
    ck_assert_int_eq(part.fd, -1);
    ck_assert_msg(strstr(reason.text, path) && strstr(reason.text, words), "%s", reason.text);
}

START_TEST(what_is_there_stays)
{
    char target[128];

    put_file("diary");
    check_refusal(-EEXIST, "exists");
    check_text("diary");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    check_refusal(-EISDIR, "folder");
    ck_assert_int_eq(rmdir(path), 0);

    snprintf(target, sizeof(target), "%s/target", folder);
    ck_assert_int_eq(symlink(target, path), 0);
    check_refusal(-EEXIST, "symbolic link");
    ck_assert_int_ne(access(target, F_OK), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("/dev/null", path), 0);
    check_refusal(-EEXIST, "symbolic link");
}
END_TEST

START_TEST(missing_folder_is_named)
{
    snprintf(path, sizeof(path), "%s/none/out", folder);
    check_refusal(-ENOENT, folder);
    snprintf(path, sizeof(path), "%s/out", folder);
}
END_TEST

START_TEST(name_that_is_too_long_is_known_at_once)
{
    struct ar_reason reason = { "" };
    struct ar_part part;
    char name[400];

    snprintf(name, sizeof(name), "%s/%0220d", folder, 0);
    ck_assert_int_eq(ar_part_open_new(&part, name, NULL), 0);
    ar_part_abandon(&part);
    snprintf(name, sizeof(name), "%s/%0256d", folder, 0);
    ck_assert_int_eq(ar_part_open_new(&part, name, &reason), -ENAMETOOLONG);
    ck_assert_msg(strstr(reason.text, "too long"), "%s", reason.text);
}
END_TEST

/* Whoever took the name in the meantime keeps it. */
START_TEST(name_that_is_taken_meanwhile_is_not_replaced)
{
    struct ar_reason reason = { "" };
    struct ar_part part;

    ck_assert_int_eq(ar_part_open_new(&part, path, NULL), 0);
    write_text(&part, "mine");
    put_file("theirs");
    ck_assert_int_eq(_i ? ar_part_publish(&part, &reason) : ar_part_commit(&part, &reason),
                     -EEXIST);
    ck_assert_msg(strstr(reason.text, "exists"), "%s", reason.text);
    ar_part_abandon(&part);
    check_text("theirs");
    ck_assert_uint_eq(n_entries(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_part");
    TCase *tcase = tcase_create("new");

    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, it_has_no_name_until_it_is_complete);
    tcase_add_test(tcase, published_it_grows_under_its_name);
    tcase_add_test(tcase, what_is_there_stays);
    tcase_add_test(tcase, missing_folder_is_named);
    tcase_add_test(tcase, name_that_is_too_long_is_known_at_once);
    tcase_add_loop_test(tcase, name_that_is_taken_meanwhile_is_not_replaced, 0, 2);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
