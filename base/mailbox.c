/* SPDX-License-Identifier: MIT */
#include "base/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

struct ar_mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct ar_frame *frame;
    bool closed;
    bool interrupted;
};

int ar_mailbox_create(struct ar_mailbox **out)
{
    struct ar_mailbox *box = calloc(1, sizeof(*box));
    pthread_condattr_t attr;

    *out = NULL;
    if (!box)
        return -ENOMEM;
    pthread_mutex_init(&box->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&box->changed, &attr);
    pthread_condattr_destroy(&attr);
    *out = box;
    return 0;
}

void ar_mailbox_destroy(struct ar_mailbox *box)
{
    if (!box)
        return;
    ar_frame_unref(&box->frame);
    pthread_cond_destroy(&box->changed);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

/* Under lock, on an open box. Gives back the frame that had to go. */
static struct ar_frame *swap_in(struct ar_mailbox *box, struct ar_frame *frame)
{
    struct ar_frame *older = box->frame;

    box->frame = frame;
    pthread_cond_broadcast(&box->changed);
    return older;
}

bool ar_mailbox_put(struct ar_mailbox *box, struct ar_frame **frame)
{
    struct ar_frame *gone = *frame;
    bool overtaken = false;

    *frame = NULL;
    pthread_mutex_lock(&box->lock);
    if (!box->closed) {
        gone = swap_in(box, gone);
        overtaken = gone != NULL;
    }
    pthread_mutex_unlock(&box->lock);
    ar_frame_unref(&gone);
    return overtaken;
}

int ar_mailbox_put_wait(struct ar_mailbox *box, struct ar_frame **frame)
{
    struct ar_frame *gone = *frame;
    int ret = 0;

    *frame = NULL;
    pthread_mutex_lock(&box->lock);
    while (box->frame && !box->closed)
        pthread_cond_wait(&box->changed, &box->lock);
    if (box->closed)
        ret = -ECANCELED;
    else
        gone = swap_in(box, gone);
    pthread_mutex_unlock(&box->lock);
    ar_frame_unref(&gone);
    return ret;
}

/* Under lock. */
static int take_locked(struct ar_mailbox *box, struct ar_frame **out)
{
    *out = box->frame;
    if (!box->frame)
        return box->closed ? -ECANCELED : -EAGAIN;
    box->frame = NULL;
    pthread_cond_broadcast(&box->changed);
    return 0;
}

int ar_mailbox_take(struct ar_mailbox *box, struct ar_frame **out)
{
    pthread_mutex_lock(&box->lock);

    const int ret = take_locked(box, out);

    pthread_mutex_unlock(&box->lock);
    return ret;
}

int ar_mailbox_take_wait(struct ar_mailbox *box, uint64_t timeout_us, struct ar_frame **out)
{
    const uint64_t until_us = ar_clock_after_us(timeout_us);
    const struct timespec until = ar_clock_timespec(until_us);
    int waited = 0;

    pthread_mutex_lock(&box->lock);
    while (!box->frame && !box->closed && !box->interrupted && waited == 0) {
        if (until_us == UINT64_MAX)
            pthread_cond_wait(&box->changed, &box->lock);
        else
            waited = pthread_cond_timedwait(&box->changed, &box->lock, &until);
    }

    int ret = take_locked(box, out);

    if (ret == -EAGAIN) {
        ret = box->interrupted ? -EINTR : -ETIMEDOUT;
        box->interrupted = false;
    }
    pthread_mutex_unlock(&box->lock);
    return ret;
}

void ar_mailbox_interrupt(struct ar_mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->interrupted = true;
    pthread_cond_broadcast(&box->changed);
    pthread_mutex_unlock(&box->lock);
}

void ar_mailbox_close(struct ar_mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->closed = true;
    pthread_cond_broadcast(&box->changed);
    pthread_mutex_unlock(&box->lock);
}

void ar_mailbox_reopen(struct ar_mailbox *box)
{
    ar_frame_unref(&box->frame);
    box->closed = false;
    box->interrupted = false;
}
