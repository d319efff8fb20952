/* SPDX-License-Identifier: MIT */
#include "base/pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/priv.h"

#define FRAME_ALIGN_B 64

struct ar_pool {
    pthread_mutex_t lock;
    struct ar_frame *free; /* last in, first out: its pages are the warmest */
    uint32_t n_free;
    uint32_t n_frames;
    struct ar_frame_shape shape;
    uint8_t *memory;
    struct ar_frame frames[];
};

int ar_pool_create(struct ar_pool **out, const struct ar_frame_shape *shape, uint32_t n_frames)
{
    *out = NULL;
    if (n_frames == 0 || ar_frame_shape_check(shape, "pool", NULL) < 0)
        return -EINVAL;

    const size_t frame_b = ar_frame_size_b(shape);
    size_t memory_b;
    size_t pool_b;

    if (__builtin_mul_overflow(frame_b, n_frames, &memory_b) ||
        __builtin_mul_overflow(sizeof(struct ar_frame), n_frames, &pool_b) ||
        __builtin_add_overflow(sizeof(struct ar_pool), pool_b, &pool_b))
        return -ENOMEM;

    struct ar_pool *pool = calloc(1, pool_b);

    if (!pool)
        return -ENOMEM;
    pool->memory = aligned_alloc(FRAME_ALIGN_B, memory_b);
    if (!pool->memory) {
        free(pool);
        return -ENOMEM;
    }
    memset(pool->memory, 0, memory_b);
    pthread_mutex_init(&pool->lock, NULL);
    pool->shape = *shape;
    pool->n_frames = n_frames;
    for (uint32_t i = 0; i < n_frames; i++) {
        ar_frame_map(&pool->frames[i], shape, pool->memory + i * frame_b);
        pool->frames[i].pool = pool;
        ar_pool_give(pool, &pool->frames[i]);
    }
    *out = pool;
    return 0;
}

void ar_pool_destroy(struct ar_pool *pool)
{
    if (!pool)
        return;
    assert(pool->n_free == pool->n_frames);
    pthread_mutex_destroy(&pool->lock);
    free(pool->memory);
    free(pool);
}

const struct ar_frame_shape *ar_pool_shape(const struct ar_pool *pool)
{
    return &pool->shape;
}

struct ar_frame *ar_pool_take(struct ar_pool *pool)
{
    pthread_mutex_lock(&pool->lock);

    struct ar_frame *frame = pool->free;

    if (frame) {
        pool->free = frame->next;
        pool->n_free--;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!frame)
        return NULL;

    frame->sequence = 0;
    frame->capture_us = 0;
    frame->arrival_us = 0;
    frame->painted_us = 0;
    frame->width = 0;
    frame->notice[0] = '\0';
    frame->next = NULL;
    atomic_store_explicit(&frame->n_refs, 1, memory_order_relaxed);
    return frame;
}

void ar_pool_give(struct ar_pool *pool, struct ar_frame *frame)
{
    pthread_mutex_lock(&pool->lock);
    frame->next = pool->free;
    pool->free = frame;
    pool->n_free++;
    pthread_mutex_unlock(&pool->lock);
}
