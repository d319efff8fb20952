/* SPDX-License-Identifier: MIT */
#include "daemon/latch.h"

void ar_latch_init(struct ar_latch *latch)
{
    pthread_mutex_init(&latch->lock, NULL);
    pthread_cond_init(&latch->given, NULL);
    latch->result = 1;
}

void ar_latch_finish(struct ar_latch *latch)
{
    pthread_cond_destroy(&latch->given);
    pthread_mutex_destroy(&latch->lock);
}

void ar_latch_give(struct ar_latch *latch, int result)
{
    pthread_mutex_lock(&latch->lock);
    if (latch->result > 0) {
        latch->result = result;
        pthread_cond_broadcast(&latch->given);
    }
    pthread_mutex_unlock(&latch->lock);
}

void ar_latch_reset(struct ar_latch *latch)
{
    pthread_mutex_lock(&latch->lock);
    latch->result = 1;
    pthread_mutex_unlock(&latch->lock);
}

int ar_latch_wait(struct ar_latch *latch)
{
    int result;

    pthread_mutex_lock(&latch->lock);
    while (latch->result > 0)
        pthread_cond_wait(&latch->given, &latch->lock);
    result = latch->result;
    pthread_mutex_unlock(&latch->lock);
    return result;
}
