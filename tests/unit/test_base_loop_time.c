/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/macros.h"
#include "tests/suite.h"
#include "tests/unit/loop_kinds.h"

#define SHORT_US UINT64_C(20000)
#define LONG_US  UINT64_C(5000000) /* a test that waits this long has failed */

static struct fixture {
    struct ar_loop *loop;
    struct ar_loop_source *source;
    int n_calls;
    uint64_t n_expired;
    int signal_number;
} f;

static void open_fixture(int kind)
{
    ck_assert_int_eq(ar_loop_create(&f.loop, loop_kinds[kind].kind), 0);
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

static void note_expiry(void *user, uint64_t n_expired)
{
    f.n_calls++;
    f.n_expired += n_expired;
}

START_TEST(test_timer)
{
    open_fixture(_i);
    ck_assert_int_eq(ar_loop_add_timer(f.loop, note_expiry, NULL, &f.source), 0);
    expect_silence(SHORT_US);

    const uint64_t start_us = ar_clock_now_us();

    ck_assert_int_eq(ar_loop_set_timer(f.source, start_us + SHORT_US, 0), 0);
    ck_assert_int_eq(ar_loop_run_once(f.loop, AR_LOOP_FOREVER), 0);
    ck_assert_uint_ge(ar_clock_now_us(), start_us + SHORT_US);
    ck_assert_uint_eq(f.n_expired, 1);
    expect_silence(SHORT_US);
    ck_assert_int_eq(ar_loop_set_timer(f.source, 1, 0), 0); /* long past: at once */
    ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    ck_assert_uint_eq(f.n_expired, 2);
    ck_assert_int_eq(ar_loop_set_timer(f.source, ar_clock_now_us() + SHORT_US, 0), 0);
    ck_assert_int_eq(ar_loop_set_timer(f.source, 0, 0), 0);
    expect_silence(2 * SHORT_US);
    ck_assert_uint_eq(f.n_expired, 2);
    ar_loop_destroy(f.loop);
}
END_TEST

START_TEST(test_periods_are_counted)
{
    open_fixture(_i);
    ck_assert_int_eq(ar_loop_add_timer(f.loop, note_expiry, NULL, &f.source), 0);
    ck_assert_int_eq(ar_loop_set_timer(f.source, ar_clock_now_us(), 1000), 0);
    usleep(SHORT_US);
    expect_calls(1);
    ck_assert_uint_ge(f.n_expired, SHORT_US / 1000);
    expect_calls(2);
    ar_loop_destroy(f.loop);
}
END_TEST

static void note_signal(void *user, int signal_number)
{
    f.n_calls++;
    f.signal_number = signal_number;
}

START_TEST(test_signals)
{
    static const int signals[] = { SIGTERM, SIGUSR1, 0 };

    open_fixture(_i);
    ck_assert_int_eq(ar_loop_add_signals(f.loop, signals, note_signal, NULL, &f.source), 0);
    expect_silence(0);
    kill(getpid(), SIGTERM);
    ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    ck_assert_int_eq(f.signal_number, SIGTERM);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGTERM);
    while (f.n_calls < 3)
        ck_assert_int_eq(ar_loop_run_once(f.loop, LONG_US), 0);
    expect_silence(0);
    ar_loop_remove(&f.source);
    kill(getpid(),
         SIGTERM); /* stays blocked: a second Ctrl-C does not cut the clean stop short */
    ar_loop_destroy(f.loop);
}
END_TEST

static void ignore_signal(int signal_number)
{
}

/* A handler elsewhere interrupts the wait; the wait goes on. */
START_TEST(test_interrupted_wait_goes_on)
{
    const struct itimerspec soon = { .it_value.tv_nsec = SHORT_US * 1000 / 4 };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
    timer_t timer;

    open_fixture(_i);
    expect_silence(0); /* io_uring hides the interruption of a wait that also submits */
    signal(SIGUSR2, ignore_signal);
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    ck_assert_int_eq(timer_settime(timer, 0, &soon, NULL), 0);

    const uint64_t start_us = ar_clock_now_us();

    expect_silence(SHORT_US);
    ck_assert_uint_ge(ar_clock_now_us() - start_us, SHORT_US);
    timer_delete(timer);
    ar_loop_destroy(f.loop);
}
END_TEST

int main(void)
{
    const int first = first_loop_kind();
    const int end = AR_ARRAY_LEN(loop_kinds);
    Suite *suite = suite_create("base loop timers and signals");
    TCase *tcase = tcase_create("loop");

    tcase_set_timeout(tcase, 20);
    tcase_add_loop_test(tcase, test_timer, first, end);
    tcase_add_loop_test(tcase, test_periods_are_counted, first, end);
    tcase_add_loop_test(tcase, test_signals, first, end);
    tcase_add_loop_test(tcase, test_interrupted_wait_goes_on, first, end);
    suite_add_tcase(suite, tcase);

    return ar_suite_run(suite);
}
