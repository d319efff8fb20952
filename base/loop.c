/* SPDX-License-Identifier: MIT */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop_backend.h"
#include "base/macros.h"
#include "base/priv.h"

#define TAG "loop"

/* Best first. */
static const struct {
    enum ar_loop_kind kind;
    const char *word;
    const struct ar_loop_backend *backend;
} kinds[] = {
    { AR_LOOP_URING, "uring", &ar_loop_uring },
    { AR_LOOP_POLL, "poll", &ar_loop_poll },
};

#ifdef AR_TEST_HOOKS
/* Tests choose for programs that say AUTO. An unknown word is refused: it would test nothing. */
static int force_kind(enum ar_loop_kind *kind)
{
    const char *word = secure_getenv("AR_LOOP");

    if (*kind != AR_LOOP_AUTO || !word)
        return 0;
    for (size_t i = 0; i < AR_ARRAY_LEN(kinds); i++) {
        if (strcmp(word, kinds[i].word) == 0) {
            *kind = kinds[i].kind;
            return 0;
        }
    }
    ar_log(AR_LOG_ERROR, TAG, "AR_LOOP=%s: unknown: uring|poll", word);
    return -EINVAL;
}
#else
static int force_kind(const enum ar_loop_kind *kind)
{
    return 0;
}
#endif

/* Copies `like` into a free slot. On failure the caller still owns like->fd. */
static int add_source(struct ar_loop *loop, const struct ar_loop_source *like,
                      struct ar_loop_source **out)
{
    uint32_t slot = 0;

    *out = NULL;
    while (slot < AR_LOOP_N_SLOTS && loop->sources[slot])
        slot++;
    if (slot == AR_LOOP_N_SLOTS)
        return -ENOSPC;

    struct ar_loop_source *source = malloc(sizeof(*source));

    if (!source)
        return -ENOMEM;
    *source = *like;
    source->loop = loop;
    source->slot = slot;
    loop->sources[slot] = source;
    loop->backend->watch(loop, source);
    *out = source;
    return 0;
}

/* The same for a descriptor that the source owns, closed on failure; fd < 0: errno says why not. */
static int add_own_fd(struct ar_loop *loop, int fd, struct ar_loop_source *like,
                      struct ar_loop_source **out)
{
    if (fd < 0) {
        *out = NULL;
        return -errno;
    }
    like->fd = fd;
    like->owns_fd = true;
    like->events = POLLIN;

    const int ret = add_source(loop, like, out);

    if (ret < 0)
        close(fd);
    return ret;
}

static void dispatch_wake(struct ar_loop_source *source, uint32_t events)
{
    eventfd_t ignored;

    eventfd_read(source->fd, &ignored);
}

static int open_backend(struct ar_loop **out, const struct ar_loop_backend *backend)
{
    struct ar_loop *loop = calloc(1, backend->size_b);
    struct ar_loop_source wake = { .dispatch = dispatch_wake };

    if (!loop)
        return -ENOMEM;
    loop->backend = backend;

    int ret = backend->open(loop);

    if (ret < 0) {
        free(loop);
        return ret;
    }
    ret = add_own_fd(loop, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), &wake, &loop->wake);
    if (ret < 0) {
        ar_loop_destroy(loop);
        return ret;
    }
    *out = loop;
    return 0;
}

int ar_loop_create(struct ar_loop **out, enum ar_loop_kind kind)
{
    int refused = 0;
    int ret = force_kind(&kind);

    *out = NULL;
    if (ret < 0)
        return ret;
    ret = -EINVAL;
    for (size_t i = 0; i < AR_ARRAY_LEN(kinds) && !*out; i++) {
        if (kind != AR_LOOP_AUTO && kind != kinds[i].kind)
            continue;
        ret = open_backend(out, kinds[i].backend);
        if (ret < 0)
            refused = ret;
        else
            (*out)->refused = refused;
    }
    return ret;
}

void ar_loop_destroy(struct ar_loop *loop)
{
    if (!loop)
        return;
    for (uint32_t i = 0; i < AR_LOOP_N_SLOTS; i++) {
        struct ar_loop_source *source = loop->sources[i];

        ar_loop_remove(&source);
    }
    loop->backend->close(loop);
    free(loop);
}

const char *ar_loop_name(const struct ar_loop *loop)
{
    return loop->backend->name;
}

int ar_loop_refusal(const struct ar_loop *loop)
{
    return loop->refused;
}

static void dispatch_fd(struct ar_loop_source *source, uint32_t events)
{
    source->fn.fd(source->user, events);
}

int ar_loop_add_fd(struct ar_loop *loop, int fd, uint32_t events, ar_loop_fd_fn *fn, void *user,
                   struct ar_loop_source **out)
{
    return add_source(loop,
                      &(struct ar_loop_source){
                          .dispatch = dispatch_fd,
                          .fn.fd = fn,
                          .user = user,
                          .fd = fd,
                          .events = events,
                      },
                      out);
}

void ar_loop_set_events(struct ar_loop_source *source, uint32_t events)
{
    if (events == source->events)
        return;
    source->events = events;
    source->ready = 0; /* what still holds will be seen again */
    source->loop->backend->watch(source->loop, source);
}

/* Nothing to read when an earlier callback of this round has set the timer anew. */
static void dispatch_timer(struct ar_loop_source *source, uint32_t events)
{
    uint64_t n_expired;

    if (read(source->fd, &n_expired, sizeof(n_expired)) == sizeof(n_expired))
        source->fn.timer(source->user, n_expired);
}

int ar_loop_add_timer(struct ar_loop *loop, ar_loop_timer_fn *fn, void *user,
                      struct ar_loop_source **out)
{
    struct ar_loop_source like = { .dispatch = dispatch_timer, .fn.timer = fn, .user = user };

    return add_own_fd(loop, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), &like,
                      out);
}

int ar_loop_set_timer(struct ar_loop_source *timer, uint64_t first_us, uint64_t period_us)
{
    const struct itimerspec spec = {
        .it_value = ar_clock_timespec(first_us),
        .it_interval = ar_clock_timespec(period_us),
    };

    assert(timer->dispatch == dispatch_timer);
    return timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0 ? -errno : 0;
}

/* One signal a round: the callback may remove the source. */
static void dispatch_signal(struct ar_loop_source *source, uint32_t events)
{
    struct signalfd_siginfo info;

    if (read(source->fd, &info, sizeof(info)) == sizeof(info))
        source->fn.signal(source->user, (int)info.ssi_signo);
}

int ar_loop_add_signals(struct ar_loop *loop, const int *signals, ar_loop_signal_fn *fn,
                        void *user, struct ar_loop_source **out)
{
    struct ar_loop_source like = { .dispatch = dispatch_signal, .fn.signal = fn, .user = user };
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; signals[i]; i++)
        sigaddset(&set, signals[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return add_own_fd(loop, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), &like, out);
}

void ar_loop_remove(struct ar_loop_source **source)
{
    struct ar_loop_source *gone = *source;

    *source = NULL;
    if (!gone)
        return;
    ar_loop_set_events(gone, 0);
    gone->loop->sources[gone->slot] = NULL;
    if (gone->owns_fd)
        close(gone->fd);
    free(gone);
}

/* Callbacks may add and remove sources and stop the loop: nothing is remembered across a call. */
static uint32_t dispatch(struct ar_loop *loop)
{
    uint32_t n_dispatched = 0;

    for (uint32_t i = 0; i < AR_LOOP_N_SLOTS && !atomic_load(&loop->stopped); i++) {
        struct ar_loop_source *source = loop->sources[i];

        if (!source || source->ready == 0)
            continue;

        const uint32_t events = source->ready;

        source->ready = 0;
        source->dispatch(source, events);
        n_dispatched++;
    }
    return n_dispatched;
}

int ar_loop_run_once(struct ar_loop *loop, uint64_t timeout_us)
{
    const uint64_t until_us = ar_clock_after_us(timeout_us);
    uint64_t left_us = timeout_us;

    while (!atomic_load(&loop->stopped)) {
        const int ret = loop->backend->wait(loop, left_us);

        if (ret < 0)
            return ret;
        if (dispatch(loop) > 0)
            return atomic_load(&loop->stopped) ? -ECANCELED : 0;
        if (until_us == UINT64_MAX)
            continue;

        const uint64_t now_us = ar_clock_now_us();

        if (now_us >= until_us)
            return -ETIMEDOUT;
        left_us = until_us - now_us;
    }
    return -ECANCELED;
}

void ar_loop_wake(struct ar_loop *loop)
{
    /* Can only fail when the counter is full, and then the loop is awake. */
    eventfd_write(loop->wake->fd, 1);
}

void ar_loop_stop(struct ar_loop *loop)
{
    atomic_store(&loop->stopped, true);
    ar_loop_wake(loop);
}
