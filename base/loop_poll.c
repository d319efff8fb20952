/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/loop_backend.h"

struct poll_loop {
    struct ar_loop base;
    struct pollfd pollfds[AR_LOOP_N_SLOTS]; /* by slot; fd -1: poll(2) looks away */
};
static_assert(offsetof(struct poll_loop, base) == 0, "from_base() is a cast");

static struct poll_loop *from_base(struct ar_loop *base)
{
    return (struct poll_loop *)base;
}

static int poll_open(struct ar_loop *base)
{
    struct poll_loop *loop = from_base(base);

    for (uint32_t i = 0; i < AR_LOOP_N_SLOTS; i++)
        loop->pollfds[i].fd = -1;
    return 0;
}

static void poll_close(struct ar_loop *base)
{
    /* Nothing was opened. */
}

static void poll_watch(struct ar_loop *base, const struct ar_loop_source *source)
{
    from_base(base)->pollfds[source->slot] = (struct pollfd){
        .fd = source->events ? source->fd : -1,
        .events = (short)source->events,
    };
}

static int poll_wait(struct ar_loop *base, uint64_t left_us)
{
    struct poll_loop *loop = from_base(base);
    const struct timespec left = ar_clock_timespec(left_us);
    const struct timespec *timeout = left_us == AR_LOOP_FOREVER ? NULL : &left;
    int n_ready = ppoll(loop->pollfds, AR_LOOP_N_SLOTS, timeout, NULL);

    if (n_ready < 0)
        return errno == EINTR ? 0 : -errno;
    for (uint32_t i = 0; n_ready > 0; i++) {
        if (loop->pollfds[i].revents == 0)
            continue;
        base->sources[i]->ready = (uint16_t)loop->pollfds[i].revents;
        n_ready--;
    }
    return 0;
}

const struct ar_loop_backend ar_loop_poll = {
    .name = "poll",
    .size_b = sizeof(struct poll_loop),
    .open = poll_open,
    .close = poll_close,
    .watch = poll_watch,
    .wait = poll_wait,
};
