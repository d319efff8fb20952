/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "tests/bench/times.h"

/*
 * Takes turns: each entry runs a few times, then the next, over and over, so that whatever
 * drifts on the machine meets all of them alike.
 */

struct bench_entry {
    void *user;
    void (*prepare)(void *user); /* at the start of a turn, not measured; warms up too */
    void (*run)(void *user);
    struct bench_times times; /* owned: see bench_turns_finish() */
};

/* Called between two rounds. */
typedef void bench_between_fn(void *user);

/* Measures n_frames runs of each. 0 or -ENOMEM. */
int bench_turns_run(struct bench_entry *entries, uint32_t n_entries, uint32_t n_frames,
                    bench_between_fn *between, void *between_user);
void bench_turns_finish(struct bench_entry *entries, uint32_t n_entries);
