/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <poll.h>

#include "base/loop_backend.h"
#include "base/macros.h"

/*
 * One single-shot poll request per source, armed again after each dispatch: a request looks at
 * the descriptor when it is armed, which is what makes this level-triggered.
 *
 * Requests are only submitted inside wait(), so they belong to the thread that runs the loop,
 * whichever created it (the kernel cancels a thread's requests when the thread ends).
 */

#define N_ENTRIES 256 /* every slot and its cancellation; the completion ring is twice that */

#define DATA_IGNORED UINT64_MAX /* user_data of cancellations */

/* What a completion is matched with: a source that has changed since has another generation. */
struct slot {
    uint32_t generation;
    bool armed;
};

struct uring_loop {
    struct ar_loop base;
    struct io_uring ring;
    struct slot slots[AR_LOOP_N_SLOTS];
};
static_assert(offsetof(struct uring_loop, base) == 0, "from_base() is a cast");

static struct uring_loop *from_base(struct ar_loop *base)
{
    return (struct uring_loop *)base;
}

static uint64_t data_of(const struct uring_loop *loop, uint32_t slot)
{
    return (uint64_t)loop->slots[slot].generation << 32 | slot;
}

/*
 * Best first. Not IORING_SETUP_SINGLE_ISSUER: it would tie the ring to the thread that creates it,
 * and a loop may be handed over before it runs. Not IORING_SETUP_DEFER_TASKRUN, which needs it.
 */
static const unsigned setup_flags[] = { IORING_SETUP_COOP_TASKRUN, 0 };

static int uring_open(struct ar_loop *base)
{
    /* Waiting with a time (Linux 5.11), and completions that are kept when their ring is full. */
    const unsigned needed = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP;
    struct uring_loop *loop = from_base(base);
    struct io_uring_params params = { 0 };
    int ret = -EINVAL;

    for (size_t i = 0; i < AR_ARRAY_LEN(setup_flags) && ret == -EINVAL; i++) {
        params = (struct io_uring_params){ .flags = setup_flags[i] };
        ret = io_uring_queue_init_params(N_ENTRIES, &loop->ring, &params);
    }
    if (ret < 0)
        return ret;
    if ((params.features & needed) != needed) {
        io_uring_queue_exit(&loop->ring);
        return -ENOSYS;
    }
    return 0;
}

static void uring_close(struct ar_loop *base)
{
    io_uring_queue_exit(&from_base(base)->ring);
}

/* The poll(2) mask that a completion stands for; 0: look again. */
static uint32_t events_of(int32_t result)
{
    switch (result) {
    case -ECANCELED: /* the thread that armed it has ended */
        return 0;
    case -EBADF:
        return POLLNVAL;
    default:
        return result < 0 ? POLLERR : (uint32_t)result;
    }
}

static void take_completion(struct uring_loop *loop, const struct io_uring_cqe *cqe)
{
    const uint32_t slot = (uint32_t)cqe->user_data;

    if (slot >= AR_LOOP_N_SLOTS || !loop->slots[slot].armed ||
        cqe->user_data != data_of(loop, slot))
        return;
    loop->slots[slot].armed = false;
    loop->base.sources[slot]->ready = events_of(cqe->res);
}

/* Empties the completion ring into the sources' `ready`; what overflowed comes after. */
static void reap(struct uring_loop *loop)
{
    struct io_uring_cqe *cqe;

    do {
        while (io_uring_peek_cqe(&loop->ring, &cqe) == 0) {
            take_completion(loop, cqe);
            io_uring_cqe_seen(&loop->ring, cqe);
        }
    } while (io_uring_cq_has_overflow(&loop->ring) && io_uring_get_events(&loop->ring) >= 0);
}

/* NULL only when the kernel does not take what is queued. */
static struct io_uring_sqe *next_entry(struct uring_loop *loop)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

    if (!sqe) {
        io_uring_submit(&loop->ring);
        sqe = io_uring_get_sqe(&loop->ring);
    }
    return sqe;
}

/*
 * Submits the cancellation at once: a pending request holds its file open, and the caller may
 * close the descriptor next and expect the device to be free.
 */
static void uring_watch(struct ar_loop *base, const struct ar_loop_source *source)
{
    struct uring_loop *loop = from_base(base);
    struct slot *slot = &loop->slots[source->slot];

    if (slot->armed) {
        struct io_uring_sqe *sqe = next_entry(loop);

        if (sqe) {
            io_uring_prep_poll_remove(sqe, data_of(loop, source->slot));
            io_uring_sqe_set_data64(sqe, DATA_IGNORED);
            io_uring_submit(&loop->ring);
        }
        slot->armed = false;
    }
    slot->generation++;
    reap(loop);
}

/* True when some source is ready already. */
static bool arm_all(struct uring_loop *loop)
{
    bool any_ready = false;

    for (uint32_t i = 0; i < AR_LOOP_N_SLOTS; i++) {
        const struct ar_loop_source *source = loop->base.sources[i];

        if (!source || source->events == 0 || loop->slots[i].armed)
            continue;
        if (source->ready) {
            any_ready = true;
            continue;
        }

        struct io_uring_sqe *sqe = next_entry(loop);

        if (!sqe)
            break;
        io_uring_prep_poll_add(sqe, source->fd, source->events);
        io_uring_sqe_set_data64(sqe, data_of(loop, i));
        loop->slots[i].armed = true;
    }
    return any_ready;
}

static int uring_wait(struct ar_loop *base, uint64_t left_us)
{
    struct uring_loop *loop = from_base(base);

    if (arm_all(loop))
        left_us = 0;

    struct __kernel_timespec left = {
        .tv_sec = (int64_t)(left_us / 1000000),
        .tv_nsec = (int64_t)(left_us % 1000000) * 1000,
    };
    struct io_uring_cqe *cqe;
    const int ret =
        io_uring_submit_and_wait_timeout(&loop->ring, &cqe, 1,
                                         left_us == AR_LOOP_FOREVER ? NULL : &left, NULL);

    reap(loop);
    /* -EBUSY: completions had to be reaped first, which has just happened. */
    if (ret < 0 && ret != -ETIME && ret != -EINTR && ret != -EBUSY)
        return ret;
    return 0;
}

const struct ar_loop_backend ar_loop_uring = {
    .name = "io_uring",
    .size_b = sizeof(struct uring_loop),
    .open = uring_open,
    .close = uring_close,
    .watch = uring_watch,
    .wait = uring_wait,
};
