/* SPDX-License-Identifier: MIT */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/pool.h"
#include "capture/capture.h"

/*
 * What a capture backend gives to capture.c. Private to this folder and the tests.
 * `struct ar_capture` is the first member of each backend's struct.
 */

struct ar_capture_backend {
    const char *name; /* the prefix in `source` */
    size_t size_b;    /* of the backend's struct, which starts with struct ar_capture */
    bool can_wait;    /* at AR_CAPTURE_FAST, until a picture is asked for */
    /* Parses the text after "name:" (NULL when there is none). Opens nothing. */
    int (*configure)(struct ar_capture *base, const char *argument, struct ar_reason *reason);
    /*
     * Sets shape, rate and describe. The pool is made after it; where there is one already, this source takes another
     * one's place, and shape and rate are to stay: other threads read them.
     */
    int (*start)(struct ar_capture *base, struct ar_reason *reason);
    void (*stop)(struct ar_capture *base);
    int (*next)(struct ar_capture *base, struct ar_frame **out, struct ar_reason *reason);
    void (*suspend)(struct ar_capture *base); /* NULL: there is nothing to let go of */
    void (*resume)(struct ar_capture *base, uint64_t away_us);
};

/* Counts that any thread may read. */
struct ar_capture_tally {
    atomic_uint_fast64_t n_frames;
    atomic_uint_fast64_t n_dropped;
    atomic_uint_fast64_t n_lost;
    atomic_uint_fast64_t n_corrupt;
    atomic_uint_fast64_t n_resumed;
    atomic_uint_fast64_t n_guessed;
};

/* While the scene stands in for a camera: when to look for one again. */
struct ar_capture_search {
    uint64_t due_us;
    uint64_t fingerprint; /* of the nodes at the last look */
    uint32_t n_tries;     /* left, since they changed */
};

/* Pictures that came since a time, for the measured rate. */
struct ar_capture_window {
    uint64_t start_us; /* 0: not begun */
    uint64_t n_before;
};

struct ar_capture {
    const struct ar_capture_backend *backend; /* NULL: automatic and not started */
    struct ar_capture_params params;
    struct ar_loop *loop; /* while started */
    struct ar_pool *pool; /* while started; of the shape */
    struct ar_frame_shape shape;
    uint32_t rate_millihz;
    bool automatic; /* the source is `auto`: the backend is chosen by start */
    bool started;
    bool lossless;
    char describe[192];
    struct ar_capture_tally tally;
    atomic_uint state; /* enum ar_capture_state */
    struct ar_capture_window window;
    struct ar_capture_search search;
    uint64_t suspended_us;
    atomic_uint measured_millihz;
    pthread_mutex_t controls_lock;
    struct ar_entries controls;            /* that the camera shall have, as last set */
    char control_path[AR_OPTION_TEXT_MAX]; /* the open camera's node; empty: there is none */
};

/*
 * Frames that a source owns: one being filled, one in the mailbox, one with the painter, who gives it back
 * before he takes the next.
 */
#define AR_CAPTURE_POOL_FRAMES 3

/* Helpers of capture.c for backends. */

/* Sets the line for people: the words, then size and rate. */
void ar_capture_describe_as(struct ar_capture *base, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void ar_capture_set_state(struct ar_capture *base, enum ar_capture_state state);

/* Runs the loop until due_us (absolute). Dispatches once even when that has passed. 0, or -ECANCELED. */
int ar_capture_wait_until(struct ar_capture *base, uint64_t due_us);

/* A free frame. A lossless source waits for one; any other gets -EAGAIN. -ECANCELED after a stop. */
int ar_capture_take(struct ar_capture *base, struct ar_frame **out);

static inline void ar_capture_count(atomic_uint_fast64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

extern const struct ar_capture_backend ar_capture_v4l2;
extern const struct ar_capture_backend ar_capture_file;
extern const struct ar_capture_backend ar_capture_pattern;
