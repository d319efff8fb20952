/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include "base/log.h"
#include "base/reason.h"
#include "tests/suite.h"

#define N_THREADS 4
#define N_LINES   400 /* of each */
#define PREFIX    "test_base_log: "

/* Each test runs in a process of its own, whose stderr goes here. */
static int stderr_r;

static void stderr_to_pipe(void)
{
    int fds[2];

    ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
    ck_assert_int_ge(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
    ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
    close(fds[1]);
    stderr_r = fds[0];
    unsetenv("JOURNAL_STREAM");
    unsetenv("INVOCATION_ID");
}

/* False, and said, where there are no terminals to be had: user-mode emulation does not know how to open one. */
static bool stderr_to_terminal(unsigned short n_columns)
{
    const struct winsize window = { .ws_row = 25, .ws_col = n_columns };
    int terminal;

    if (openpty(&stderr_r, &terminal, NULL, NULL, &window) != 0) {
        printf("SKIPPED: no pseudo-terminal can be opened: %s\n", strerrordesc_np(errno));
        return false;
    }
    ck_assert_int_ge(dup2(terminal, STDERR_FILENO), 0);
    ck_assert_int_eq(fcntl(stderr_r, F_SETFL, O_NONBLOCK), 0);
    setenv("INVOCATION_ID", "a service, but started by hand", 1);
    return true;
}

/* What was written since the last call. */
static const char *written(void)
{
    static char text[1 << 20];
    size_t used_b = 0;
    ssize_t got_b;

    while (used_b < sizeof(text) - 1 &&
           (got_b = read(stderr_r, text + used_b, sizeof(text) - 1 - used_b)) > 0)
        used_b += (size_t)got_b;
    text[used_b] = '\0';
    return text;
}

START_TEST(test_levels)
{
    stderr_to_pipe();
    ar_log(AR_LOG_ERROR, "capture", "%s: gone", "/dev/video0");
    ck_assert_str_eq(written(), PREFIX "error: capture: /dev/video0: gone\n");
    ar_log(AR_LOG_WARN, "capture", "slow");
    ck_assert_str_eq(written(), PREFIX "warning: capture: slow\n");
    ar_log(AR_LOG_INFO, "display", "null");
    ck_assert_str_eq(written(), PREFIX "display: null\n");
    ar_log(AR_LOG_DEBUG, "display", "no");
    ck_assert_str_eq(written(), "");
    ar_log_set_level(AR_LOG_DEBUG);
    ar_log(AR_LOG_DEBUG, "display", "yes");
    ck_assert_str_eq(written(), PREFIX "debug: display: yes\n");
    ar_log_set_level(AR_LOG_ERROR);
    ar_log(AR_LOG_WARN, "display", "no");
    ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(test_error_text_and_errno)
{
    stderr_to_pipe();
    errno = EXDEV;
    ar_log_err("capture", -EACCES, "%s: cannot open", "/dev/video0");
    ck_assert_int_eq(errno, EXDEV);
    ck_assert_str_eq(written(),
                     PREFIX "error: capture: /dev/video0: cannot open: Permission denied\n");
    ar_log_err("capture", -123456, "odd");
    ck_assert_str_eq(written(), PREFIX "error: capture: odd: unknown error\n");
    close(STDERR_FILENO);
    errno = EXDEV;
    ar_log(AR_LOG_INFO, "capture", "nobody hears");
    ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(test_journal_priorities)
{
    static const char *const names[] = { "JOURNAL_STREAM", "INVOCATION_ID" };

    stderr_to_pipe();
    setenv(names[_i], "9:1234", 1);
    ar_log_set_level(AR_LOG_DEBUG);
    ar_log(AR_LOG_ERROR, "a", "b");
    ar_log(AR_LOG_WARN, "a", "b");
    ar_log(AR_LOG_INFO, "a", "b");
    ar_log(AR_LOG_DEBUG, "a", "b");
    ck_assert_str_eq(written(), "<3>a: b\n<4>a: b\n<6>a: b\n<7>a: b\n");
}
END_TEST

START_TEST(test_one_event_is_one_line)
{
    char long_text[3000];
    const char *line;

    stderr_to_pipe();
    ar_log(AR_LOG_INFO, "a", "b\nc\x1b[2J%s", "\x7f");
    ck_assert_str_eq(written(), PREFIX "a: b?c?[2J?\n");
    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    ar_log_err("a", -EIO, "%s", long_text);
    line = written();
    ck_assert_uint_ge(strlen(line), 1000);
    ck_assert_uint_le(strlen(line), 1024);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

static void *write_lines(void *user)
{
    const char *letter = user;
    char text[200];

    memset(text, *letter, sizeof(text));
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < N_LINES; i++)
        ar_log(AR_LOG_INFO, letter, "%s", text);
    return NULL;
}

START_TEST(test_threads_do_not_mix)
{
    static char letters[N_THREADS][2] = { "a", "b", "c", "d" };
    pthread_t threads[N_THREADS];
    char *rest = NULL;
    size_t n_lines = 0;

    stderr_to_pipe();
    for (int i = 0; i < N_THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_lines, letters[i]), 0);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);

    char *text = strdup(written());

    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const char letter[] = { line[strlen(PREFIX)], '\0' };

        ck_assert_uint_eq(strlen(line), strlen(PREFIX) + 3 + 199);
        ck_assert_uint_eq(strspn(line + strlen(PREFIX) + 3, letter), 199);
        n_lines++;
    }
    ck_assert_uint_eq(n_lines / N_THREADS, N_LINES);
    free(text);
}
END_TEST

START_TEST(test_progress_on_a_terminal)
{
    if (!stderr_to_terminal(10))
        return;
    ar_log_progress(NULL);
    ck_assert_str_eq(written(), "");
    ar_log_progress("1 of 9");
    ck_assert_str_eq(written(), "\r\033[K1 of 9");
    ar_log_progress(
        "caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9"); /* nine of ten columns, no half letter */
    ck_assert_str_eq(written(), "\r\033[Kcaf\xc3\xa9 caf\xc3\xa9");
    ar_log(AR_LOG_INFO, "a", "b");
    ck_assert_str_eq(written(), "\r\033[K" PREFIX "a: b\r\n");
    ar_log(AR_LOG_INFO, "a", "b");
    ck_assert_str_eq(written(), PREFIX "a: b\r\n");
    ar_log_progress("x");
    ar_log_progress(NULL);
    ck_assert_str_eq(written(), "\r\033[Kx\r\033[K");
}
END_TEST

START_TEST(test_no_progress_elsewhere)
{
    stderr_to_pipe();
    ar_log_progress("1 of 9");
    ar_log_progress(NULL);
    ar_log(AR_LOG_INFO, "a", "b");
    ck_assert_str_eq(written(), PREFIX "a: b\n");
}
END_TEST

START_TEST(test_reason)
{
    struct ar_reason reason;
    char long_text[1000];

    ck_assert_int_eq(ar_reason_set(&reason, -EINVAL, "%s: %d", "a", 7), -EINVAL);
    ck_assert_str_eq(reason.text, "a: 7");
    ck_assert_int_eq(ar_reason_set_err(&reason, -ENOENT, "%s: cannot open", "a"), -ENOENT);
    ck_assert_str_eq(reason.text, "a: cannot open: No such file or directory");
    ck_assert_int_eq(ar_reason_set(NULL, -EIO, "x"), -EIO);
    ck_assert_int_eq(ar_reason_set_err(NULL, -EIO, "x"), -EIO);
    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    ar_reason_set_err(&reason, -EIO, "%s", long_text);
    ck_assert_uint_eq(strlen(reason.text), sizeof(reason.text) - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base log");
    TCase *tcase = tcase_create("log");

    tcase_add_test(tcase, test_levels);
    tcase_add_test(tcase, test_error_text_and_errno);
    tcase_add_loop_test(tcase, test_journal_priorities, 0, 2);
    tcase_add_test(tcase, test_one_event_is_one_line);
    tcase_add_test(tcase, test_threads_do_not_mix);
    tcase_add_test(tcase, test_progress_on_a_terminal);
    tcase_add_test(tcase, test_no_progress_elsewhere);
    tcase_add_test(tcase, test_reason);
    suite_add_tcase(suite, tcase);

    return ar_suite_run(suite);
}
