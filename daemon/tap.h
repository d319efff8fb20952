/* SPDX-License-Identifier: MIT */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/picture.h"

/*
 * Copies of paintings for whoever works beside the picture: a bounded ring, so that a slow taker costs copies, which are
 * counted, and never the picture.
 *
 * The compute thread offers, the taker's thread takes and gives. Copies are in memory that init has touched.
 */

#define AR_TAP_MAX_COPIES 8

/* A painting, and where they are wanted the camera's picture that it was made of. */
struct ar_tap_copy {
    struct ar_picture painting;
    struct ar_picture camera; /* memory NULL: not wanted */
};

struct ar_tap {
    struct ar_tap_copy copies[AR_TAP_MAX_COPIES];
    uint32_t n_copies;
    sem_t free;
    sem_t filled;               /* one more than there are once it is closed */
    atomic_uint_fast64_t n_put; /* compute's */
    uint64_t n_taken;           /* the taker's */
    atomic_bool closed;
    atomic_uint_fast64_t n_dropped; /* offered while no copy was free */
};

/* camera NULL: paintings alone. 0 or -ENOMEM, and then it is all zeros. */
int ar_tap_init(struct ar_tap *tap, uint32_t n_copies, const struct ar_frame_shape *painting,
                const struct ar_frame_shape *camera);
/* Nobody uses it any more. Accepts one that is zeroed. */
void ar_tap_finish(struct ar_tap *tap);

/* The frame path's: copies, or counts a drop; waits for nothing. camera is looked at where it is wanted. */
void ar_tap_offer(struct ar_tap *tap, const struct ar_frame *painting,
                  const struct ar_frame *camera);

/*
 * Waits for the oldest copy, which is the taker's until give. -ETIMEDOUT, or -ECANCELED when it is closed and all are
 * taken.
 */
int ar_tap_take(struct ar_tap *tap, uint64_t timeout_us, const struct ar_tap_copy **out);
void ar_tap_give(struct ar_tap *tap);

/* Refuses offers from now on; what was copied can still be taken, where no offer is under way. Any thread. */
void ar_tap_close(struct ar_tap *tap);

/* Who wants paintings: a place each. Their taps come and go while the compute thread offers. */
enum ar_tap_place {
    AR_TAP_RECORDING,
    AR_TAP_SNAPSHOT,
    AR_TAP_N_PLACES,
};

struct ar_taps {
    pthread_mutex_t lock;
    struct ar_tap *list[AR_TAP_N_PLACES]; /* borrowed; NULL: nobody */
};

void ar_taps_init(struct ar_taps *taps);
void ar_taps_finish(struct ar_taps *taps);

/* The control thread's. When it returns, no offer to the tap that was there is under way. */
void ar_taps_set(struct ar_taps *taps, enum ar_tap_place place, struct ar_tap *tap);

/* The control thread's: whether anybody wants paintings. */
bool ar_taps_any(const struct ar_taps *taps);

/* The compute thread's: to every tap. Waits for nothing: while one comes or goes, nobody gets this painting. */
void ar_taps_offer(struct ar_taps *taps, const struct ar_frame *painting,
                   const struct ar_frame *camera);
