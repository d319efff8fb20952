/* SPDX-License-Identifier: MIT */
#pragma once

#include <pthread.h>

/*
 * A result that one thread gives once and others wait for: "the camera is open", "the screen is
 * open", "go". Any thread may call anything.
 */

struct ar_latch {
    pthread_mutex_t lock;
    pthread_cond_t given;
    int result; /* 1 while nobody gave one */
};

void ar_latch_init(struct ar_latch *latch);
void ar_latch_finish(struct ar_latch *latch);

/* result is 0 or a negative errno. The first one given stays. */
void ar_latch_give(struct ar_latch *latch, int result);

/* Takes a result back, to be given anew. Nobody may wait. */
void ar_latch_reset(struct ar_latch *latch);

/* Waits for the result. Give -ECANCELED to release everybody. */
int ar_latch_wait(struct ar_latch *latch);
