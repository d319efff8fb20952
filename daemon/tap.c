/* SPDX-License-Identifier: MIT */
#include "daemon/tap.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"

int ar_tap_init(struct ar_tap *tap, uint32_t n_copies, const struct ar_frame_shape *painting,
                const struct ar_frame_shape *camera)
{
    int ret = 0;

    assert(n_copies > 0 && n_copies <= AR_TAP_MAX_COPIES);
    memset(tap, 0, sizeof(*tap));
    sem_init(&tap->free, 0, n_copies);
    sem_init(&tap->filled, 0, 0);
    tap->n_copies = n_copies;
    for (uint32_t i = 0; i < n_copies && ret == 0; i++) {
        ret = ar_picture_init(&tap->copies[i].painting, painting);
        if (ret == 0 && camera)
            ret = ar_picture_init(&tap->copies[i].camera, camera);
    }
    if (ret < 0)
        ar_tap_finish(tap);
    return ret;
}

void ar_tap_finish(struct ar_tap *tap)
{
    if (tap->n_copies == 0)
        return;
    for (uint32_t i = 0; i < tap->n_copies; i++) {
        ar_picture_finish(&tap->copies[i].painting);
        ar_picture_finish(&tap->copies[i].camera);
    }
    sem_destroy(&tap->free);
    sem_destroy(&tap->filled);
    memset(tap, 0, sizeof(*tap));
}

static void copy(struct ar_picture *to, const struct ar_frame *from)
{
    ar_frame_copy(&to->frame, from);
    to->frame.sequence = from->sequence;
    to->frame.capture_us = from->capture_us;
}

void ar_tap_offer(struct ar_tap *tap, const struct ar_frame *painting,
                  const struct ar_frame *camera)
{
    struct ar_tap_copy *slot = &tap->copies[atomic_load(&tap->n_put) % tap->n_copies];

    if (atomic_load(&tap->closed))
        return;
    if (sem_trywait(&tap->free) < 0) {
        atomic_fetch_add(&tap->n_dropped, 1);
        return;
    }
    copy(&slot->painting, painting);
    if (slot->camera.memory)
        copy(&slot->camera, camera);
    atomic_fetch_add(&tap->n_put, 1);
    sem_post(&tap->filled);
}

int ar_tap_take(struct ar_tap *tap, uint64_t timeout_us, const struct ar_tap_copy **out)
{
    const uint64_t until_us = ar_clock_after_us(timeout_us);
    const struct timespec until = ar_clock_timespec(until_us);

    while (sem_clockwait(&tap->filled, CLOCK_MONOTONIC, &until) < 0)
        if (errno != EINTR)
            return -errno;
    if (tap->n_taken == atomic_load(&tap->n_put)) {
        sem_post(&tap->filled); /* the same again for who asks again */
        return -ECANCELED;
    }
    *out = &tap->copies[tap->n_taken % tap->n_copies];
    return 0;
}

void ar_tap_give(struct ar_tap *tap)
{
    tap->n_taken++;
    sem_post(&tap->free);
}

void ar_tap_close(struct ar_tap *tap)
{
    if (!atomic_exchange(&tap->closed, true))
        sem_post(&tap->filled);
}

void ar_taps_init(struct ar_taps *taps)
{
    *taps = (struct ar_taps){ .list = { NULL } };
    pthread_mutex_init(&taps->lock, NULL);
}

void ar_taps_finish(struct ar_taps *taps)
{
    pthread_mutex_destroy(&taps->lock);
}

void ar_taps_set(struct ar_taps *taps, enum ar_tap_place place, struct ar_tap *tap)
{
    pthread_mutex_lock(&taps->lock);
    taps->list[place] = tap;
    pthread_mutex_unlock(&taps->lock);
}

bool ar_taps_any(const struct ar_taps *taps)
{
    bool any = false;

    for (int i = 0; i < AR_TAP_N_PLACES; i++)
        any = any || taps->list[i];
    return any;
}

void ar_taps_offer(struct ar_taps *taps, const struct ar_frame *painting,
                   const struct ar_frame *camera)
{
    if (pthread_mutex_trylock(&taps->lock) != 0)
        return;
    for (int i = 0; i < AR_TAP_N_PLACES; i++)
        if (taps->list[i])
            ar_tap_offer(taps->list[i], painting, camera);
    pthread_mutex_unlock(&taps->lock);
}
