/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "budget/ledger.h"

/*
 * What `top` remembers of the statuses that it has seen: the width over time, and what the counters make of the last
 * second or so, which the daemon counts from its start. One thread.
 */

#define AR_CTL_HISTORY 512

struct ar_ctl_sample {
    float width;
    bool missed; /* some deadline since the sample before */
};

struct ar_ctl_history {
    uint64_t n_samples;
    struct ar_ctl_sample samples[AR_CTL_HISTORY]; /* a ring */
    double fps;
    double stage_us[AR_BUDGET_N_STAGES]; /* mean of late; 0: unknown */
    /* Counters of the status before. */
    uint64_t looked_us;
    json_int_t n_painted;
    json_int_t n_missed;
    json_int_t stage_n[AR_BUDGET_N_STAGES];
    json_int_t stage_sum_us[AR_BUDGET_N_STAGES];
};

/* now_us: the clock when the status was got. */
void ar_ctl_history_add(struct ar_ctl_history *history, const json_t *status, uint64_t now_us);

/* The sample `age` before the newest one; NULL where there is none. */
const struct ar_ctl_sample *ar_ctl_history_at(const struct ar_ctl_history *history,
                                              uint32_t age);
