/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"

/*
 * What a way of waiting gives to loop.c. Private to this folder.
 * `struct ar_loop` is the first member of each backend's struct.
 */

#define AR_LOOP_N_SLOTS (AR_LOOP_MAX_SOURCES + 1) /* one is the wake-up */

struct ar_loop_source {
    struct ar_loop *loop;
    /* Calls the user last: the source may be gone by then. */
    void (*dispatch)(struct ar_loop_source *source, uint32_t events);
    union {
        ar_loop_fd_fn *fd;
        ar_loop_timer_fn *timer;
        ar_loop_signal_fn *signal;
    } fn;
    void *user;
    int fd;
    bool owns_fd;
    uint32_t slot;
    uint32_t events; /* 0: not watched */
    uint32_t ready;  /* events that came true and await dispatch */
};

struct ar_loop_backend {
    const char *name;
    size_t size_b; /* of the backend's struct, which starts with struct ar_loop */
    int (*open)(struct ar_loop *base);
    void (*close)(struct ar_loop *base);
    /* The source is new, its events have changed, or (events 0) it is about to go. */
    void (*watch)(struct ar_loop *base, const struct ar_loop_source *source);
    /* Waits, at most left_us, for something to set in `ready`. Coming back early is allowed. */
    int (*wait)(struct ar_loop *base, uint64_t left_us);
};

struct ar_loop {
    const struct ar_loop_backend *backend;
    int refused; /* why none that is better: a negative errno; 0: this is the best, or was asked for */
    atomic_bool stopped;
    struct ar_loop_source *wake;
    struct ar_loop_source *sources[AR_LOOP_N_SLOTS]; /* NULL: free */
};

extern const struct ar_loop_backend ar_loop_uring;
extern const struct ar_loop_backend ar_loop_poll;
