/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * A persistent set of threads that share the rows of one job.
 *
 * One thread, the owner, calls run() and works too. Chunks are handed out dynamically,
 * because the slowest worker is the frame. No worker touches a job after run() returned.
 */

struct ar_workers;

/* Called with row ranges that do not overlap; `worker` < n_threads picks scratch memory. */
typedef void ar_workers_fn(void *job, uint32_t first_row, uint32_t end_row, uint32_t worker);

#define AR_WORKERS_MAX 16

/* Of rows that need others: how many of the first rows must be done before this one, at most `row`. */
typedef uint32_t ar_workers_needs_fn(const void *job, uint32_t row);

/* n_threads counts the caller: 1 makes no thread. Workers are named "ar-work-N" and block all signals. */
int ar_workers_create(struct ar_workers **out, uint32_t n_threads);
void ar_workers_destroy(struct ar_workers *workers);
uint32_t ar_workers_count(const struct ar_workers *workers);

/*
 * Keeps each thread on a processor of its own, of those that the caller may use; the caller is the owner.
 * -EINVAL when these are fewer than threads.
 */
int ar_workers_pin(struct ar_workers *workers);

/* Calls fn over rows 0..n_rows in chunks of `chunk` rows, and returns when all are done. */
void ar_workers_run(struct ar_workers *workers, ar_workers_fn *fn, void *job, uint32_t n_rows,
                    uint32_t chunk);

/*
 * The same row by row, each of them after those that it needs. Rows are begun in their order, so that a worker waits only
 * for rows that are under way.
 */
void ar_workers_run_in_order(struct ar_workers *workers, ar_workers_fn *fn,
                             ar_workers_needs_fn *needs, void *job, uint32_t n_rows);
