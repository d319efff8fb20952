/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * An event loop over descriptors, timers and signals: io_uring where the kernel lets us,
 * poll(2) where it does not, with the same behaviour.
 *
 * One thread owns a loop and calls everything here; wake() and stop() are safe from any
 * thread. A refused io_uring is not an error: AR_LOOP_AUTO falls back.
 */

struct ar_loop;
struct ar_loop_source;

enum ar_loop_kind {
    AR_LOOP_AUTO,
    AR_LOOP_URING,
    AR_LOOP_POLL,
};

/* events: the poll(2) mask that came true. Level-triggered: called again while it stays true. */
typedef void ar_loop_fd_fn(void *user, uint32_t events);
/* n_expired: how many periods have passed, at least 1. */
typedef void ar_loop_timer_fn(void *user, uint64_t n_expired);
typedef void ar_loop_signal_fn(void *user, int signal_number);

#define AR_LOOP_MAX_SOURCES 120 /* the next add is -ENOSPC */

/* 0, or what the kernel said: with AR_LOOP_URING also -ENOSYS, -EPERM. */
int ar_loop_create(struct ar_loop **out, enum ar_loop_kind kind);

/* Accepts NULL; removes sources that are left. */
void ar_loop_destroy(struct ar_loop *loop);

/* "io_uring" or "poll". */
const char *ar_loop_name(const struct ar_loop *loop);
/* Why it does not wait in a better way: a negative errno, or 0 where it does or was asked for this one. */
int ar_loop_refusal(const struct ar_loop *loop);

/* The fd stays the caller's and must outlive the source. Events 0: not watched at all. */
int ar_loop_add_fd(struct ar_loop *loop, int fd, uint32_t events, ar_loop_fd_fn *fn, void *user,
                   struct ar_loop_source **out);
void ar_loop_set_events(struct ar_loop_source *source, uint32_t events);

/* Off until set. first_us is absolute monotonic (0: off), period_us 0 means once. */
int ar_loop_add_timer(struct ar_loop *loop, ar_loop_timer_fn *fn, void *user,
                      struct ar_loop_source **out);
int ar_loop_set_timer(struct ar_loop_source *timer, uint64_t first_us, uint64_t period_us);

/*
 * Blocks the signals in the calling thread, for good, and receives them here: call it before
 * other threads start. Zero-terminated list.
 */
int ar_loop_add_signals(struct ar_loop *loop, const int *signals, ar_loop_signal_fn *fn,
                        void *user, struct ar_loop_source **out);

/* Safe from inside any callback of the same loop. Accepts NULL, clears *source. */
void ar_loop_remove(struct ar_loop_source **source);

#define AR_LOOP_FOREVER UINT64_MAX

/*
 * Waits at most timeout_us and dispatches what is ready. 0 when something was dispatched or
 * the loop was woken, -ETIMEDOUT when nothing was, -ECANCELED from stop() on.
 */
int ar_loop_run_once(struct ar_loop *loop, uint64_t timeout_us);

void ar_loop_wake(struct ar_loop *loop);
void ar_loop_stop(struct ar_loop *loop);
