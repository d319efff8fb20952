/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

#include "budget/thermal.h"
#include "daemon/pipeline.h"

/*
 * The daemon's counters and times as OpenMetrics text, in the subset that is Prometheus' older text format as well:
 * node_exporter's textfile collector reads no other. Any thread.
 */
void ar_metrics_print(const struct ar_pipeline_status *status,
                      const struct ar_thermal_reading *heat, uint64_t now_us, FILE *out);
