/* SPDX-License-Identifier: MIT */
#include "daemon/ctl/history.h"

#include "daemon/field.h"

/* What a new value adds to the mean of late. */
#define WEIGHT 0.3

static void follow(double *mean, double value)
{
    *mean += (*mean > 0.0 ? WEIGHT : 1.0) * (value - *mean);
}

static void add_stage(struct ar_ctl_history *history, int i, const json_t *stage, bool anew)
{
    const json_int_t n = ar_field_count(stage, "n");
    const json_int_t sum_us = ar_field_count(stage, "sum_us");

    if (!anew && n > history->stage_n[i])
        follow(&history->stage_us[i],
               (double)(sum_us - history->stage_sum_us[i]) / (double)(n - history->stage_n[i]));
    history->stage_n[i] = n;
    history->stage_sum_us[i] = sum_us;
}

void ar_ctl_history_add(struct ar_ctl_history *history, const json_t *status, uint64_t now_us)
{
    const json_t *stages = json_object_get(status, "stages");
    const json_int_t n_painted = ar_field_count(status, "painted");
    const json_int_t n_missed = ar_field_count(status, "missed");
    /* Counters that went back are another daemon's. */
    const bool anew = history->n_samples == 0 || n_painted < history->n_painted;
    struct ar_ctl_sample *sample = &history->samples[history->n_samples % AR_CTL_HISTORY];

    *sample = (struct ar_ctl_sample){
        .width = (float)json_number_value(json_object_get(status, "width")),
        .missed = !anew && n_missed > history->n_missed,
    };
    if (!anew && now_us > history->looked_us)
        follow(&history->fps, 1e6 * (double)(n_painted - history->n_painted) /
                                  (double)(now_us - history->looked_us));
    for (int i = 0; i < AR_BUDGET_N_STAGES; i++)
        add_stage(history, i,
                  json_object_get(stages, ar_budget_stage_name((enum ar_budget_stage)i)), anew);
    history->n_painted = n_painted;
    history->n_missed = n_missed;
    history->looked_us = now_us;
    history->n_samples++;
}

const struct ar_ctl_sample *ar_ctl_history_at(const struct ar_ctl_history *history,
                                              uint32_t age)
{
    if (age >= AR_CTL_HISTORY || age >= history->n_samples)
        return NULL;
    return &history->samples[(history->n_samples - 1 - age) % AR_CTL_HISTORY];
}
