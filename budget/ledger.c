/* SPDX-License-Identifier: MIT */
#include "budget/ledger.h"

#include <assert.h>
#include <string.h>

#include "base/macros.h"

static const char *const stage_names[] = {
    [AR_BUDGET_WAIT] = "wait",       [AR_BUDGET_ENCODE] = "encode",
    [AR_BUDGET_DECODE] = "decode",   [AR_BUDGET_EMIT] = "emit",
    [AR_BUDGET_PAINT] = "paint",     [AR_BUDGET_PRESENT] = "present",
    [AR_BUDGET_LATENCY] = "latency",
};

static_assert(AR_ARRAY_LEN(stage_names) == AR_BUDGET_N_STAGES, "every stage has a name");

const char *ar_budget_stage_name(enum ar_budget_stage stage)
{
    assert((uint32_t)stage < AR_BUDGET_N_STAGES);
    return stage_names[stage];
}

void ar_budget_ledger_init(struct ar_budget_ledger *ledger)
{
    memset(ledger, 0, sizeof(*ledger));
}

void ar_budget_ledger_add(struct ar_budget_ledger *ledger, enum ar_budget_stage stage,
                          uint64_t spent_us)
{
    assert((uint32_t)stage < AR_BUDGET_N_STAGES);
    ar_histogram_add(&ledger->stages[stage], spent_us);
}

static void count_miss(struct ar_budget_ledger *ledger)
{
    ledger->n_missed++;
    ledger->run++;
    if (ledger->run > ledger->longest_run)
        ledger->longest_run = ledger->run;
}

void ar_budget_ledger_painted(struct ar_budget_ledger *ledger, uint64_t now_us,
                              uint64_t deadline_us, uint32_t rung, double width)
{
    if (deadline_us != 0 && now_us > deadline_us)
        count_miss(ledger);
    else
        ledger->run = 0;

    if (ledger->n_painted > 0 && rung != ledger->last_rung)
        ledger->n_switches++;
    ledger->last_rung = rung;
    ledger->width_sum += width;
    ledger->n_painted++;
}
