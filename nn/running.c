/* SPDX-License-Identifier: MIT */
#include "nn/running.h"

#include <string.h>

void ar_running_init(struct ar_running *running, uint32_t n_keys, uint32_t n_values,
                     struct ar_arena *arena)
{
    *running = (struct ar_running){
        .n_keys = n_keys,
        .n_values = n_values,
        .values = ar_arena_take(arena, (uint64_t)n_keys * n_values),
        .own = ar_arena_take(arena, n_values),
    };
}

float *ar_running_set(const struct ar_running *running, uint32_t key)
{
    return running->values + (size_t)key * running->n_values;
}

const float *ar_running_find(const struct ar_running *running, uint32_t key, uint64_t frame)
{
    const uint64_t updated = running->updated[key];

    if (updated == 0 || frame - updated > AR_RUNNING_MAX_AGE)
        return NULL;
    return ar_running_set(running, key);
}

float *ar_running_own(struct ar_running *running, uint32_t key)
{
    running->own_key = key;
    running->has_own = true;
    running->replace = false;
    return running->own;
}

void ar_running_replace(struct ar_running *running)
{
    running->replace = true;
}

void ar_running_end_frame(struct ar_running *running, uint64_t frame, float rate)
{
    const uint32_t key = running->own_key;

    if (!running->has_own)
        return;

    const bool known = !running->replace && ar_running_find(running, key, frame) != NULL;
    float *const values = ar_running_set(running, key);

    for (uint32_t i = 0; i < running->n_values; i++)
        values[i] =
            known ? rate * running->own[i] + (1.0F - rate) * values[i] : running->own[i];
    running->updated[key] = frame;
    running->has_own = false;
}

void ar_running_forget(struct ar_running *running)
{
    memset(running->updated, 0, sizeof(running->updated));
    running->has_own = false;
}
