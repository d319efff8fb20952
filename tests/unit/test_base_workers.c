/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"
#include "base/workers.h"
#include "tests/suite.h"

#define MAX_ROWS 1000
#define N_ROUNDS 3000

static struct ar_workers *new_workers(uint32_t n_threads)
{
    struct ar_workers *workers;

    ck_assert_int_eq(ar_workers_create(&workers, n_threads), 0);
    ck_assert_uint_eq(ar_workers_count(workers), n_threads);
    return workers;
}

/* Plain memory on purpose: a row given to two workers, or one too late, is a race that TSan sees. */
struct rows {
    uint32_t n_threads;
    uint32_t n_rows;
    uint32_t chunk;
    uint32_t visits[MAX_ROWS + 1];
    atomic_uint n_wrong;
};

static void visit_rows(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker)
{
    struct rows *rows = job;
    const bool is_last = end_row == rows->n_rows;

    if (worker >= rows->n_threads || first_row >= end_row || end_row > rows->n_rows ||
        (!is_last && end_row - first_row != rows->chunk) || end_row - first_row > rows->chunk) {
        atomic_fetch_add(&rows->n_wrong, 1);
        return;
    }
    for (uint32_t y = first_row; y < end_row; y++)
        rows->visits[y]++;
}

static void check_visits(struct ar_workers *workers, uint32_t n_rows, uint32_t chunk)
{
    struct rows rows = { ar_workers_count(workers), n_rows, chunk };

    ar_workers_run(workers, visit_rows, &rows, n_rows, chunk);
    ck_assert_uint_eq(atomic_load(&rows.n_wrong), 0);
    for (uint32_t y = 0; y < MAX_ROWS + 1; y++)
        ck_assert_uint_eq(rows.visits[y], y < n_rows ? 1 : 0);
}

static const uint32_t thread_counts[] = { 1, 2, 3, 4, 7, AR_WORKERS_MAX };

START_TEST(test_each_row_once)
{
    static const uint32_t row_counts[] = { 0, 1, 2, 3, 16, 17, 360, MAX_ROWS };
    static const uint32_t chunks[] = { 1, 2, 5, 16, MAX_ROWS, MAX_ROWS + 7 };
    struct ar_workers *workers = new_workers(thread_counts[_i]);

    for (size_t r = 0; r < AR_ARRAY_LEN(row_counts); r++) {
        for (size_t c = 0; c < AR_ARRAY_LEN(chunks); c++)
            check_visits(workers, row_counts[r], chunks[c]);
    }
    ar_workers_destroy(workers);
}
END_TEST

/* The job lives in this frame's stack and is overwritten at once: nobody may come late. */
static void run_short_job(struct ar_workers *workers, uint32_t round)
{
    const uint32_t n_rows = 1 + round % 9;
    struct rows *rows = calloc(1, sizeof(*rows));
    uint32_t n_visits = 0;

    rows->n_threads = ar_workers_count(workers);
    rows->n_rows = n_rows;
    rows->chunk = 1;
    ar_workers_run(workers, visit_rows, rows, n_rows, 1);
    for (uint32_t y = 0; y < n_rows; y++)
        n_visits += rows->visits[y];
    ck_assert_uint_eq(n_visits, n_rows);
    ck_assert_uint_eq(atomic_load(&rows->n_wrong), 0);
    memset(rows, 0xff, sizeof(*rows));
    free(rows);
}

START_TEST(test_many_short_jobs)
{
    struct ar_workers *workers = new_workers(thread_counts[_i]);

    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        run_short_job(workers, round);
        if (round % 100 == 0) /* long enough for everybody to fall asleep */
            nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
    }
    ar_workers_destroy(workers);
}
END_TEST

/* Rows that need all but the last `lag` before them. Plain memory, as above. */
struct queue {
    uint32_t lag;
    bool done[MAX_ROWS];
    atomic_uint n_early;
};

static uint32_t needs_row(const void *job, uint32_t row)
{
    const struct queue *queue = job;

    return row > queue->lag ? row - queue->lag : 0;
}

static void finish_row(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker)
{
    struct queue *queue = job;

    for (uint32_t y = 0; y < needs_row(queue, first_row); y++)
        if (!queue->done[y])
            atomic_fetch_add(&queue->n_early, 1);
    if (first_row % 50 == 7) /* long enough for the others to run into it, and to fall asleep */
        nanosleep(&(struct timespec){ .tv_nsec = 300000 }, NULL);
    queue->done[first_row] = end_row == first_row + 1;
}

START_TEST(test_rows_wait_for_what_they_need)
{
    struct ar_workers *workers = new_workers(thread_counts[_i]);

    for (uint32_t round = 0; round < 40; round++) {
        const uint32_t n_rows = round % 8 == 0 ? round / 8 : 100 + round;
        struct queue queue = { .lag = round % 6 };

        ar_workers_run_in_order(workers, finish_row, needs_row, &queue, n_rows);
        ck_assert_uint_eq(atomic_load(&queue.n_early), 0);
        for (uint32_t y = 0; y < MAX_ROWS; y++)
            ck_assert(queue.done[y] == (y < n_rows));
        check_visits(workers, 17, 2); /* any order again */
    }
    ar_workers_destroy(workers);
}
END_TEST

struct meeting {
    pthread_barrier_t barrier;
    atomic_uint seen_mask;
    atomic_uint n_unblocked;
};

static void meet(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker)
{
    struct meeting *meeting = job;
    sigset_t blocked;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    if (worker > 0 && !sigismember(&blocked, SIGTERM))
        atomic_fetch_add(&meeting->n_unblocked, 1);
    if (worker > 0) {
        char name[16] = "";
        char expected[] = "ar-work-0";

        expected[8] = (char)('0' + worker);
        pthread_getname_np(pthread_self(), name, sizeof(name));
        if (strcmp(name, expected) != 0)
            atomic_fetch_add(&meeting->n_unblocked, 100);
    }
    atomic_fetch_or(&meeting->seen_mask, 1u << worker);
    pthread_barrier_wait(&meeting->barrier);
}

/* Every chunk waits for all others: only real threads, each with its own number, get through. */
START_TEST(test_all_threads_work_at_once)
{
    const uint32_t n_threads = (uint32_t)_i;
    struct ar_workers *workers = new_workers(n_threads);

    for (int round = 0; round < 50; round++) {
        struct meeting meeting = { .seen_mask = 0 };

        pthread_barrier_init(&meeting.barrier, NULL, n_threads);
        ar_workers_run(workers, meet, &meeting, n_threads, 1);
        ck_assert_uint_eq(atomic_load(&meeting.seen_mask), (1u << n_threads) - 1);
        ck_assert_uint_eq(atomic_load(&meeting.n_unblocked), 0);
        pthread_barrier_destroy(&meeting.barrier);
    }
    ar_workers_destroy(workers);
}
END_TEST

START_TEST(test_owners_signal_mask_is_kept)
{
    struct ar_workers *workers = new_workers(2);
    sigset_t blocked;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    ck_assert(!sigismember(&blocked, SIGTERM));
    ar_workers_destroy(workers);
}
END_TEST

struct places {
    pthread_barrier_t barrier;
    cpu_set_t sets[AR_WORKERS_MAX];
};

static void look_where(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker)
{
    struct places *places = job;

    pthread_barrier_wait(&places->barrier); /* a row for each, so that all of them look */
    sched_getaffinity(0, sizeof(places->sets[worker]), &places->sets[worker]);
}

/* One processor each, none twice, all of them allowed ones. */
START_TEST(test_pinned)
{
    struct places places = { 0 };
    cpu_set_t allowed;
    cpu_set_t all;
    uint32_t n_threads;
    struct ar_workers *workers;

    ck_assert_int_eq(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
    n_threads = ar_min_u32((uint32_t)CPU_COUNT(&allowed), 4);
    workers = new_workers(n_threads);
    pthread_barrier_init(&places.barrier, NULL, n_threads);
    ck_assert_int_eq(ar_workers_pin(workers), 0);
    ar_workers_run(workers, look_where, &places, n_threads, 1);
    pthread_barrier_destroy(&places.barrier);
    ar_workers_destroy(workers);
    CPU_ZERO(&all);
    for (uint32_t i = 0; i < n_threads; i++) {
        ck_assert_int_eq(CPU_COUNT(&places.sets[i]), 1);
        CPU_OR(&all, &all, &places.sets[i]);
    }
    ck_assert_int_eq(CPU_COUNT(&all), n_threads);
    CPU_AND(&all, &all, &allowed);
    ck_assert_int_eq(CPU_COUNT(&all), n_threads);
    sched_setaffinity(0, sizeof(allowed), &allowed);
}
END_TEST

static void use_first_of(const cpu_set_t *allowed)
{
    cpu_set_t one;
    int cpu = 0;

    while (!CPU_ISSET(cpu, allowed))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

START_TEST(test_too_many_to_pin)
{
    struct ar_workers *workers = new_workers(2);
    cpu_set_t allowed;

    ck_assert_int_eq(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
    use_first_of(&allowed);
    ck_assert_int_eq(ar_workers_pin(workers), -EINVAL);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(allowed), &allowed), 0);
    ar_workers_destroy(workers);
}
END_TEST

START_TEST(test_bad_counts_are_refused)
{
    struct ar_workers *workers;

    ck_assert_int_eq(ar_workers_create(&workers, 0), -EINVAL);
    ck_assert_int_eq(ar_workers_create(&workers, AR_WORKERS_MAX + 1), -EINVAL);
    ck_assert_ptr_null(workers);
    ar_workers_destroy(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base workers");
    TCase *tcase = tcase_create("workers");

    tcase_set_timeout(tcase, 50);
    tcase_add_loop_test(tcase, test_each_row_once, 0, AR_ARRAY_LEN(thread_counts));
    tcase_add_loop_test(tcase, test_many_short_jobs, 0, AR_ARRAY_LEN(thread_counts));
    tcase_add_loop_test(tcase, test_rows_wait_for_what_they_need, 0,
                        AR_ARRAY_LEN(thread_counts));
    tcase_add_loop_test(tcase, test_all_threads_work_at_once, 1, 5);
    tcase_add_test(tcase, test_owners_signal_mask_is_kept);
    tcase_add_test(tcase, test_pinned);
    tcase_add_test(tcase, test_too_many_to_pin);
    tcase_add_test(tcase, test_bad_counts_are_refused);
    suite_add_tcase(suite, tcase);

    return ar_suite_run(suite);
}
