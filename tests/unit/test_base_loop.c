/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/macros.h"
#include "tests/suite.h"
#include "tests/unit/loop_kinds.h"

#define SHORT_US UINT64_C(20000)
#define LONG_US  UINT64_C(5000000) /* a test that waits this long has failed */

/* What most tests need: a loop of each kind in turn, a pipe, and a count of calls. */
static struct fixture {
    struct ar_loop *loop;
    int pipe_r;
    int pipe_w;
    struct ar_loop_source *source;
    struct ar_loop_source *other;
    int n_calls;
    uint32_t events;
} f;

static void open_fixture(int kind)
{
    int fds[2];

    ck_assert_int_eq(ar_loop_create(&f.loop, loop_kinds[kind].kind), 0);
    ck_assert_str_eq(ar_loop_name(f.loop), loop_kinds[kind].name);
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    f.pipe_r = fds[0];
    f.pipe_w = fds[1];
}

static void close_fixture(void)
{
    ar_loop_destroy(f.loop);
    close(f.pipe_r);
    close(f.pipe_w);
}

static void put_byte(void)
{
    ck_assert_int_eq(write(f.pipe_w, "x", 1), 1);
}

static void take_byte(void)
{
    char byte;

    ck_assert_int_eq(read(f.pipe_r, &byte, 1), 1);
}

static void count_call(void *user, uint32_t events)
{
    int *n_calls = user;

    f.events = events;
    ++*n_calls;
}

static void watch(int fd, uint32_t events, ar_loop_fd_fn *fn, int *n_calls,
                  struct ar_loop_source **source)
{
    ck_assert_int_eq(ar_loop_add_fd(f.loop, fd, events, fn, n_calls, source), 0);
}

static void watch_pipe(void)
{
    watch(f.pipe_r, POLLIN, count_call, &f.n_calls, &f.source);
}

static void expect_calls(int n_calls)
{
    ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    ck_assert_int_eq(f.n_calls, n_calls);
}

static void expect_silence(uint64_t timeout_us)
{
    ck_assert_int_eq(ar_loop_run_once(f.loop, timeout_us), -ETIMEDOUT);
}

START_TEST(test_times_out)
{
    open_fixture(_i);
    watch_pipe();

    const uint64_t start_us = ar_clock_now_us();

    expect_silence(SHORT_US);
    ck_assert_uint_ge(ar_clock_now_us() - start_us, SHORT_US);
    expect_silence(0);
    ck_assert_int_eq(f.n_calls, 0);
    close_fixture();
}
END_TEST

START_TEST(test_level_triggered)
{
    open_fixture(_i);
    watch_pipe();
    put_byte();
    put_byte();
    for (int i = 1; i <= 3; i++) { /* called again although nothing new has come */
        expect_calls(i);
        ck_assert_uint_eq(f.events, POLLIN);
    }
    take_byte();
    ck_assert_int_eq(ar_loop_run_once(f.loop, 0), 0);
    take_byte();
    /* A request armed before the bytes were taken may still report them; after that, silence. */
    ar_loop_run_once(f.loop, 0);
    expect_silence(0);
    put_byte();
    f.n_calls = 0;
    expect_calls(1);
    close_fixture();
}
END_TEST

START_TEST(test_set_events)
{
    open_fixture(_i);
    watch_pipe();
    put_byte();
    ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    ar_loop_set_events(f.source, 0);
    expect_silence(SHORT_US);
    ar_loop_set_events(f.source, POLLIN);
    expect_calls(2);
    take_byte();
    ar_loop_run_once(f.loop, 0);
    expect_silence(0); /* armed for POLLIN now */
    ar_loop_set_events(f.source, POLLOUT);
    put_byte();
    expect_silence(SHORT_US);
    for (int i = 0; i < 1000; i++) /* more than any ring holds */
        ar_loop_set_events(f.source, i % 2 ? POLLIN : POLLIN | POLLPRI);
    f.n_calls = 0;
    expect_calls(1);
    ck_assert_uint_eq(f.events, POLLIN);
    close_fixture();
}
END_TEST

/* Arms and disarms for real: each round leaves two completions behind. */
START_TEST(test_change_while_armed)
{
    open_fixture(_i);
    watch_pipe();
    for (int i = 0; i < 1000; i++) {
        expect_silence(0);
        ar_loop_set_events(f.source, i % 2 ? POLLIN : POLLIN | POLLPRI);
    }
    put_byte();
    expect_calls(1);
    close_fixture();
}
END_TEST

START_TEST(test_hang_up_and_bad_descriptor)
{
    open_fixture(_i);
    watch_pipe();
    expect_silence(0);
    close(f.pipe_w);
    ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    ck_assert_uint_eq(f.events, POLLHUP);
    ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    ck_assert_uint_eq(f.events, POLLHUP);
    ar_loop_remove(&f.source);
    close(f.pipe_r);
    watch_pipe();
    ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    ck_assert_uint_eq(f.events, POLLNVAL);
    ar_loop_destroy(f.loop);
}
END_TEST

/* A removed source must not keep the file open behind the caller's close(). */
START_TEST(test_remove_lets_the_file_go)
{
    open_fixture(_i);
    signal(SIGPIPE, SIG_IGN);
    watch_pipe();
    expect_silence(0);
    ar_loop_remove(&f.source);
    ck_assert_ptr_null(f.source);
    ar_loop_remove(&f.source);
    close(f.pipe_r);
    ck_assert_int_eq(write(f.pipe_w, "x", 1), -1);
    ck_assert_int_eq(errno, EPIPE);
    expect_silence(SHORT_US);
    ck_assert_int_eq(f.n_calls, 0);
    ar_loop_destroy(f.loop);
    close(f.pipe_w);
}
END_TEST

/* The event has happened in the kernel before the source goes; its slot and fd are used again. */
START_TEST(test_remove_with_event_in_flight)
{
    int n_stale_calls = 0;

    open_fixture(_i);
    for (int i = 0; i < 200; i++) {
        watch(f.pipe_r, POLLIN, count_call, &n_stale_calls, &f.source);
        expect_silence(0);
        put_byte();
        ar_loop_remove(&f.source);
        take_byte();
        watch(f.pipe_r, POLLIN, count_call, &f.n_calls, &f.source);
        expect_silence(0);
        ar_loop_remove(&f.source);
    }
    ck_assert_int_eq(n_stale_calls, 0);
    ck_assert_int_eq(f.n_calls, 0);
    close_fixture();
}
END_TEST

static void *fill_pipe(void *user)
{
    const uint64_t until_us = ar_clock_now_us() + 10 * SHORT_US;

    while (ar_clock_now_us() < until_us) {
        put_byte();
        take_byte();
    }
    return NULL;
}

/* The same while the event happens on another processor: the next user of the slot is a silent fd. */
START_TEST(test_remove_races_with_event)
{
    const uint64_t until_us = ar_clock_now_us() + 10 * SHORT_US;
    int n_stale_calls = 0;
    int silent[2];
    pthread_t thread;

    open_fixture(_i);
    ck_assert_int_eq(pipe2(silent, O_CLOEXEC), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, fill_pipe, NULL), 0);
    while (ar_clock_now_us() < until_us) {
        watch(f.pipe_r, POLLIN, count_call, &f.n_calls, &f.source);
        ar_loop_run_once(f.loop, 0);
        ar_loop_remove(&f.source);
        watch(silent[0], POLLIN, count_call, &n_stale_calls, &f.source);
        expect_silence(0);
        ar_loop_remove(&f.source);
    }
    pthread_join(thread, NULL);
    ck_assert_int_eq(n_stale_calls, 0);
    close(silent[0]);
    close(silent[1]);
    close_fixture();
}
END_TEST

/* Whichever of the two ready sources comes first removes both. */
static void remove_both(void *user, uint32_t events)
{
    f.n_calls++;
    ar_loop_remove(&f.source);
    ar_loop_remove(&f.other);
}

START_TEST(test_remove_inside_callbacks)
{
    open_fixture(_i);
    watch(f.pipe_r, POLLIN, remove_both, NULL, &f.source);
    watch(f.pipe_w, POLLOUT, remove_both, NULL, &f.other);
    put_byte();
    expect_calls(1);
    expect_silence(SHORT_US);
    close_fixture();
}
END_TEST

/* Whichever of the two ready sources comes first switches the other off. */
static void pause_other(void *user, uint32_t events)
{
    f.n_calls++;
    ar_loop_set_events(user == &f.source ? f.other : f.source, 0);
}

START_TEST(test_pause_inside_callbacks)
{
    open_fixture(_i);
    ck_assert_int_eq(ar_loop_add_fd(f.loop, f.pipe_r, POLLIN, pause_other, &f.source,
                                    &f.source),
                     0);
    ck_assert_int_eq(ar_loop_add_fd(f.loop, f.pipe_w, POLLOUT, pause_other, &f.other, &f.other),
                     0);
    put_byte();
    expect_calls(1);
    expect_calls(2);
    close_fixture();
}
END_TEST

/* Removes itself and takes its own slot again with another descriptor. */
static void replace_self(void *user, uint32_t events)
{
    ar_loop_remove(&f.source);
    watch(f.pipe_w, POLLOUT, count_call, &f.n_calls, &f.source);
}

START_TEST(test_add_inside_callbacks)
{
    open_fixture(_i);
    watch(f.pipe_r, POLLIN, replace_self, NULL, &f.source);
    put_byte();
    expect_calls(0);
    expect_calls(1);
    ck_assert_uint_eq(f.events, POLLOUT);
    close_fixture();
}
END_TEST

START_TEST(test_full_table)
{
    struct ar_loop_source *sources[AR_LOOP_MAX_SOURCES];
    struct ar_loop_source *more;

    open_fixture(_i);
    for (int i = 0; i < AR_LOOP_MAX_SOURCES; i++)
        watch(f.pipe_r, POLLIN, count_call, &f.n_calls, &sources[i]);
    ck_assert_int_eq(ar_loop_add_fd(f.loop, f.pipe_r, POLLIN, count_call, &f.n_calls, &more),
                     -ENOSPC);
    ck_assert_ptr_null(more);
    ck_assert_int_eq(ar_loop_add_timer(f.loop, NULL, NULL, &more), -ENOSPC);
    expect_silence(0);
    put_byte();
    while (f.n_calls < AR_LOOP_MAX_SOURCES)
        ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    ar_loop_remove(&sources[40]);
    ck_assert_int_eq(ar_loop_add_timer(f.loop, NULL, NULL, &more), 0);
    close_fixture();
}
END_TEST

static void *wake_later(void *user)
{
    usleep(SHORT_US);
    ar_loop_wake(user);
    return NULL;
}

static void *stop_later(void *user)
{
    usleep(SHORT_US);
    ar_loop_stop(user);
    return NULL;
}

START_TEST(test_wake_from_another_thread)
{
    pthread_t thread;

    open_fixture(_i);
    ck_assert_int_eq(pthread_create(&thread, NULL, wake_later, f.loop), 0);
    ck_assert_int_eq(ar_loop_run_once(f.loop, AR_LOOP_FOREVER), 0);
    pthread_join(thread, NULL);
    ar_loop_wake(f.loop);
    ar_loop_wake(f.loop);
    ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    expect_silence(SHORT_US);
    close_fixture();
}
END_TEST

START_TEST(test_stop_from_another_thread)
{
    pthread_t thread;

    open_fixture(_i);
    watch_pipe();
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_later, f.loop), 0);
    ck_assert_int_eq(ar_loop_run_once(f.loop, AR_LOOP_FOREVER), -ECANCELED);
    pthread_join(thread, NULL);
    put_byte();
    ck_assert_int_eq(ar_loop_run_once(f.loop, AR_LOOP_FOREVER), -ECANCELED);
    ck_assert_int_eq(f.n_calls, 0);
    close_fixture();
}
END_TEST

static void *run_here(void *user)
{
    f.n_calls = 0;
    put_byte();
    ck_assert_int_eq(ar_loop_run_once(user, LONG_US), 0);
    ck_assert_int_eq(f.n_calls, 1);
    ck_assert_uint_eq(f.events, POLLIN);
    take_byte();
    ar_loop_run_once(user, 0);
    ck_assert_int_eq(ar_loop_run_once(user, 0), -ETIMEDOUT); /* leaves requests armed */
    return NULL;
}

/* Created here, run by one thread that ends, then by another: each gets its events. */
START_TEST(test_hand_over_between_threads)
{
    open_fixture(_i);
    watch_pipe();
    for (int i = 0; i < 3; i++) {
        pthread_t thread;

        ck_assert_int_eq(pthread_create(&thread, NULL, run_here, f.loop), 0);
        pthread_join(thread, NULL);
    }
    run_here(f.loop);
    close_fixture();
}
END_TEST

START_TEST(test_automatic_kind)
{
    struct ar_loop *loop;

    unsetenv("AR_LOOP");
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_AUTO), 0);
    ar_loop_destroy(loop);
    ar_loop_destroy(NULL);
    ck_assert_int_eq(ar_loop_create(&loop, (enum ar_loop_kind)7), -EINVAL);
    ck_assert_ptr_null(loop);
}
END_TEST

#ifdef AR_TEST_HOOKS
START_TEST(test_forced_kind)
{
    struct ar_loop *loop;

    setenv("AR_LOOP", "poll", 1);
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_AUTO), 0);
    ck_assert_str_eq(ar_loop_name(loop), "poll");
    ck_assert_int_eq(ar_loop_refusal(loop), 0); /* it was asked for */
    ar_loop_destroy(loop);
    setenv("AR_LOOP", "epoll", 1);
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_AUTO), -EINVAL);
    ck_assert_ptr_null(loop);
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_POLL), 0);
    ar_loop_destroy(loop);
}
END_TEST
#endif

int main(void)
{
    const int first = first_loop_kind();
    const int end = AR_ARRAY_LEN(loop_kinds);
    Suite *suite = suite_create("base loop");
    TCase *tcase = tcase_create("loop");

    tcase_set_timeout(tcase, 20);
    tcase_add_loop_test(tcase, test_times_out, first, end);
    tcase_add_loop_test(tcase, test_level_triggered, first, end);
    tcase_add_loop_test(tcase, test_set_events, first, end);
    tcase_add_loop_test(tcase, test_change_while_armed, first, end);
    tcase_add_loop_test(tcase, test_hang_up_and_bad_descriptor, first, end);
    tcase_add_loop_test(tcase, test_remove_lets_the_file_go, first, end);
    tcase_add_loop_test(tcase, test_remove_with_event_in_flight, first, end);
    tcase_add_loop_test(tcase, test_remove_races_with_event, first, end);
    tcase_add_loop_test(tcase, test_pause_inside_callbacks, first, end);
    tcase_add_loop_test(tcase, test_remove_inside_callbacks, first, end);
    tcase_add_loop_test(tcase, test_add_inside_callbacks, first, end);
    tcase_add_loop_test(tcase, test_full_table, first, end);
    tcase_add_loop_test(tcase, test_wake_from_another_thread, first, end);
    tcase_add_loop_test(tcase, test_stop_from_another_thread, first, end);
    tcase_add_loop_test(tcase, test_hand_over_between_threads, first, end);
    tcase_add_test(tcase, test_automatic_kind);
#ifdef AR_TEST_HOOKS
    tcase_add_test(tcase, test_forced_kind);
#endif
    suite_add_tcase(suite, tcase);

    return ar_suite_run(suite);
}
