/* SPDX-License-Identifier: MIT */
#include "tests/bench/turns.h"

#include "base/macros.h"
#include "tests/bench/clock.h"

/* Of one turn: the others' maps have taken the caches, which the unmeasured run before makes good. */
#define RUNS_A_TURN 4

#define WARM_UP_ROUNDS 2

static void take_turn(struct bench_entry *entry, uint32_t n_runs)
{
    entry->prepare(entry->user);
    for (uint32_t i = 0; i < n_runs; i++) {
        const uint64_t start_ns = bench_now_ns();

        entry->run(entry->user);
        bench_times_add(&entry->times, bench_now_ns() - start_ns);
    }
}

static void warm_up(struct bench_entry *entries, uint32_t n_entries)
{
    for (uint32_t round = 0; round < WARM_UP_ROUNDS; round++) {
        for (uint32_t i = 0; i < n_entries; i++) {
            entries[i].prepare(entries[i].user);
            entries[i].run(entries[i].user);
        }
    }
}

int bench_turns_run(struct bench_entry *entries, uint32_t n_entries, uint32_t n_frames,
                    bench_between_fn *between, void *between_user)
{
    for (uint32_t i = 0; i < n_entries; i++) {
        const int ret = bench_times_init(&entries[i].times, n_frames);

        if (ret < 0)
            return ret;
    }
    warm_up(entries, n_entries);
    for (uint32_t done = 0; done < n_frames; done += RUNS_A_TURN) {
        between(between_user);
        for (uint32_t i = 0; i < n_entries; i++)
            take_turn(&entries[i], ar_min_u32(RUNS_A_TURN, n_frames - done));
    }
    return 0;
}

void bench_turns_finish(struct bench_entry *entries, uint32_t n_entries)
{
    for (uint32_t i = 0; i < n_entries; i++)
        bench_times_finish(&entries[i].times);
}
