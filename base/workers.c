/* SPDX-License-Identifier: MIT */
#include "base/workers.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/futex.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/macros.h"

/*
 * A job is open or closed. A worker joins by raising the count of `gate` while it is open, and
 * leaves by lowering it; the owner closes the gate when no chunk is left and waits until
 * the count is zero. So the owner never waits for a worker that is still asleep, and none can
 * come late to a job whose memory is gone.
 */
#define GATE_OPEN (1u << 16)

#define CACHE_LINE_B 64

/* Of a worker that has no chunk in hand. */
#define NO_CHUNK UINT_MAX

/* Layers of one frame follow each other within this time; between frames workers sleep. */
#define SPIN_US 50

struct worker {
    alignas(CACHE_LINE_B) atomic_uint chunk; /* in hand: it has none before this one */
    struct ar_workers *workers;
    pthread_t thread;
    uint32_t index;
};

struct ar_workers {
    alignas(CACHE_LINE_B) atomic_uint round; /* counts jobs; sleeping workers wait on it */
    atomic_uint n_asleep;
    alignas(CACHE_LINE_B) atomic_uint gate; /* GATE_OPEN and how many are inside */
    atomic_uint owner_asleep;
    atomic_uint n_waiting; /* for another one's chunk */
    alignas(CACHE_LINE_B) atomic_uint next_chunk;

    /* The job: written with the gate closed and empty, read from inside. */
    alignas(CACHE_LINE_B) ar_workers_fn *fn;
    ar_workers_needs_fn *needs; /* NULL: any order will do */
    void *job;
    uint32_t n_rows;
    uint32_t chunk;
    uint32_t n_chunks;

    atomic_bool ending;
    uint32_t n_threads; /* the owner included */
    uint64_t spin_us;
    struct worker threads[AR_WORKERS_MAX]; /* [0] is the owner, without a thread */
};

static_assert(sizeof(atomic_uint) == sizeof(uint32_t), "what a futex is");

static void futex_wait(atomic_uint *word, unsigned expected)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word, int n_wake)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n_wake, NULL, NULL, 0);
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield");
#endif
}

static bool is_round(struct ar_workers *workers, unsigned round)
{
    return atomic_load(&workers->round) == round;
}

/* Returns the round that is not `seen`. */
static unsigned wait_for_round(struct ar_workers *workers, unsigned seen)
{
    const uint64_t until_us = ar_clock_after_us(workers->spin_us);

    while (is_round(workers, seen) && ar_clock_now_us() < until_us)
        relax();
    if (is_round(workers, seen)) {
        /* The owner looks at n_asleep after it has changed the round: one of us sees the other. */
        atomic_fetch_add(&workers->n_asleep, 1);
        while (is_round(workers, seen))
            futex_wait(&workers->round, seen);
        atomic_fetch_sub(&workers->n_asleep, 1);
    }
    return atomic_load(&workers->round);
}

static bool enter(struct ar_workers *workers)
{
    unsigned gate = atomic_load(&workers->gate);

    while (gate & GATE_OPEN) {
        if (atomic_compare_exchange_weak(&workers->gate, &gate, gate + 1))
            return true;
    }
    return false;
}

static void leave(struct ar_workers *workers)
{
    const unsigned gate = atomic_fetch_sub(&workers->gate, 1) - 1;

    if (gate == 0 && atomic_load(&workers->owner_asleep))
        futex_wake(&workers->gate, 1);
}

static void hold_chunk(struct ar_workers *workers, struct worker *self, uint32_t chunk)
{
    atomic_store(&self->chunk, chunk);
    /* As with n_asleep: one of us sees the other. */
    if (atomic_load(&workers->n_waiting) > 0)
        futex_wake(&self->chunk, INT_MAX);
}

/*
 * The next chunk; from the number of them on there is none. Before a worker takes one it says that none below it can be its
 * own: whoever has taken a later one sees that.
 */
static uint32_t take_chunk(struct ar_workers *workers, struct worker *self)
{
    uint32_t chunk;

    if (!workers->needs)
        return atomic_fetch_add_explicit(&workers->next_chunk, 1, memory_order_relaxed);
    hold_chunk(workers, self, atomic_load(&workers->next_chunk));
    chunk = atomic_fetch_add(&workers->next_chunk, 1);
    hold_chunk(workers, self, chunk < workers->n_chunks ? chunk : NO_CHUNK);
    return chunk;
}

/* Until a worker has no chunk below `end` in hand. */
static void wait_for_chunk(struct ar_workers *workers, struct worker *other, uint32_t end)
{
    uint64_t until_us;
    unsigned chunk;

    if (atomic_load(&other->chunk) >= end)
        return;
    until_us = ar_clock_after_us(workers->spin_us);
    while (atomic_load(&other->chunk) < end && ar_clock_now_us() < until_us)
        relax();
    atomic_fetch_add(&workers->n_waiting, 1);
    while ((chunk = atomic_load(&other->chunk)) < end)
        futex_wait(&other->chunk, chunk);
    atomic_fetch_sub(&workers->n_waiting, 1);
}

static void wait_for_needs(struct ar_workers *workers, uint32_t chunk, uint32_t worker)
{
    const uint32_t end = workers->needs(workers->job, chunk);

    for (uint32_t i = 0; i < workers->n_threads; i++)
        if (i != worker)
            wait_for_chunk(workers, &workers->threads[i], end);
}

static void work(struct ar_workers *workers, uint32_t worker)
{
    for (;;) {
        const uint32_t i = take_chunk(workers, &workers->threads[worker]);

        if (i >= workers->n_chunks)
            return;
        if (workers->needs)
            wait_for_needs(workers, i, worker);

        const uint32_t first_row = i * workers->chunk;
        const uint32_t left = workers->n_rows - first_row;

        workers->fn(workers->job, first_row, first_row + ar_min_u32(workers->chunk, left),
                    worker);
    }
}

static void *worker_main(void *user)
{
    const struct worker *self = user;
    struct ar_workers *workers = self->workers;
    unsigned round = 0;

    for (;;) {
        round = wait_for_round(workers, round);
        if (atomic_load(&workers->ending))
            return NULL;
        if (enter(workers)) {
            work(workers, self->index);
            leave(workers);
        }
    }
}

static void start_round(struct ar_workers *workers, uint32_t n_wanted)
{
    atomic_fetch_add(&workers->round, 1);
    if (atomic_load(&workers->n_asleep) > 0)
        futex_wake(&workers->round, (int)n_wanted);
}

static void close_gate(struct ar_workers *workers)
{
    const uint64_t until_us = ar_clock_after_us(workers->spin_us);
    unsigned gate = atomic_fetch_and(&workers->gate, ~GATE_OPEN) & ~GATE_OPEN;

    while (gate != 0 && ar_clock_now_us() < until_us) {
        relax();
        gate = atomic_load(&workers->gate);
    }
    if (gate == 0)
        return;
    atomic_store(&workers->owner_asleep, 1);
    while ((gate = atomic_load(&workers->gate)) != 0)
        futex_wait(&workers->gate, gate);
    atomic_store(&workers->owner_asleep, 0);
}

/* The job is set but for its size. */
static void run(struct ar_workers *workers, uint32_t n_rows, uint32_t chunk)
{
    assert(chunk > 0 && n_rows < UINT32_MAX / 2 && chunk < UINT32_MAX / 2);
    workers->n_rows = n_rows;
    workers->chunk = chunk;
    workers->n_chunks = (n_rows + chunk - 1) / chunk;
    atomic_store_explicit(&workers->next_chunk, 0, memory_order_relaxed);

    const uint32_t n_helpers = ar_min_u32(workers->n_threads, workers->n_chunks);

    if (n_helpers <= 1) {
        work(workers, 0);
        return;
    }
    atomic_store(&workers->gate, GATE_OPEN);
    start_round(workers, n_helpers - 1);
    work(workers, 0);
    close_gate(workers);
}

void ar_workers_run(struct ar_workers *workers, ar_workers_fn *fn, void *job, uint32_t n_rows,
                    uint32_t chunk)
{
    workers->fn = fn;
    workers->needs = NULL;
    workers->job = job;
    run(workers, n_rows, chunk);
}

void ar_workers_run_in_order(struct ar_workers *workers, ar_workers_fn *fn,
                             ar_workers_needs_fn *needs, void *job, uint32_t n_rows)
{
    workers->fn = fn;
    workers->needs = needs;
    workers->job = job;
    run(workers, n_rows, 1);
}

static uint32_t n_cpus(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return (uint32_t)CPU_COUNT(&set);
    return 1;
}

/* On success n_threads counts the new one. */
static int start_worker(struct ar_workers *workers, uint32_t index)
{
    struct worker *worker = &workers->threads[index];
    char name[16];

    *worker = (struct worker){ .chunk = NO_CHUNK, .workers = workers, .index = index };

    const int err = pthread_create(&worker->thread, NULL, worker_main, worker);

    if (err)
        return -err;
    snprintf(name, sizeof(name), "ar-work-%u", index);
    pthread_setname_np(worker->thread, name);
    workers->n_threads++;
    return 0;
}

int ar_workers_create(struct ar_workers **out, uint32_t n_threads)
{
    *out = NULL;
    if (n_threads == 0 || n_threads > AR_WORKERS_MAX)
        return -EINVAL;

    struct ar_workers *workers = aligned_alloc(CACHE_LINE_B, sizeof(*workers));
    sigset_t all;
    sigset_t before;
    int ret = 0;

    if (!workers)
        return -ENOMEM;
    /* Spinning helps only while the one that is waited for can run meanwhile. */
    *workers = (struct ar_workers){
        .n_threads = 1,
        .threads = { { .chunk = NO_CHUNK } },
        .spin_us = n_threads <= n_cpus() ? SPIN_US : 0,
    };
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (uint32_t i = 1; i < n_threads && ret == 0; i++)
        ret = start_worker(workers, i);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ret < 0) {
        ar_workers_destroy(workers);
        return ret;
    }
    *out = workers;
    return 0;
}

void ar_workers_destroy(struct ar_workers *workers)
{
    if (!workers)
        return;
    atomic_store(&workers->ending, true);
    start_round(workers, INT_MAX);
    for (uint32_t i = 1; i < workers->n_threads; i++)
        pthread_join(workers->threads[i].thread, NULL);
    free(workers);
}

static int pin(pthread_t thread, int cpu)
{
    cpu_set_t own;

    CPU_ZERO(&own);
    CPU_SET(cpu, &own);
    return -pthread_setaffinity_np(thread, sizeof(own), &own);
}

/* From the last processor down: the first ones are where most devices interrupt. */
int ar_workers_pin(struct ar_workers *workers)
{
    cpu_set_t allowed;
    int cpu = CPU_SETSIZE;
    int ret = 0;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
        return -errno;
    if ((uint32_t)CPU_COUNT(&allowed) < workers->n_threads)
        return -EINVAL;
    for (uint32_t i = 0; i < workers->n_threads && ret == 0; i++) {
        do
            cpu--;
        while (!CPU_ISSET(cpu, &allowed));
        ret = pin(i == 0 ? pthread_self() : workers->threads[i].thread, cpu);
    }
    return ret;
}

uint32_t ar_workers_count(const struct ar_workers *workers)
{
    return workers->n_threads;
}
