/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "budget/histogram.h"

/*
 * Where the time went: one entry per frame and stage, counters, percentiles.
 *
 * Pure: times are passed in. One thread writes each group of fields; reading elsewhere is through a
 * snapshot that the writer makes (daemon/pipeline does).
 */

enum ar_budget_stage {
    AR_BUDGET_WAIT,    /* arrival to start of work */
    AR_BUDGET_ENCODE,  /* ingest and segment 0 */
    AR_BUDGET_DECODE,  /* the decoder's segments */
    AR_BUDGET_EMIT,    /* planes to picture */
    AR_BUDGET_PAINT,   /* arrival to painted: what the budget is about */
    AR_BUDGET_PRESENT, /* painted to shown */
    AR_BUDGET_LATENCY, /* capture time stamp to shown */
    AR_BUDGET_N_STAGES,
};

const char *ar_budget_stage_name(enum ar_budget_stage stage);

struct ar_budget_ledger {
    struct ar_histogram stages[AR_BUDGET_N_STAGES];
    uint64_t n_painted;
    uint64_t n_missed;   /* painted after the deadline */
    uint64_t n_degraded; /* given up: the picture before stayed */
    uint64_t longest_run;
    uint64_t run;
    double width_sum; /* mean width = width_sum / n_painted */
    uint64_t n_switches;
    uint32_t last_rung;
};

void ar_budget_ledger_init(struct ar_budget_ledger *ledger);
void ar_budget_ledger_add(struct ar_budget_ledger *ledger, enum ar_budget_stage stage,
                          uint64_t spent_us);
/* Once per painted frame. deadline_us 0: no deadline, never missed. */
void ar_budget_ledger_painted(struct ar_budget_ledger *ledger, uint64_t now_us,
                              uint64_t deadline_us, uint32_t rung, double width);
