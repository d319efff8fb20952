/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "budget/thermal.h"
#include "daemon/pipeline.h"

/*
 * The state of the daemon as one JSON object, and that object as text: the answer of `ar-ctl status`, and the
 * summary that ar-daemon prints when it ends. Linked into both programs.
 */

/* A new reference, or NULL without memory. now_us is the clock's. */
json_t *ar_status_json(const struct ar_pipeline_status *status,
                       const struct ar_thermal_reading *heat, uint64_t now_us);

/* "running", ... */
const char *ar_status_state_name(enum ar_pipeline_state state);
/* "open", ... */
const char *ar_status_output_state_name(enum ar_pipeline_output_state state);

/* Prints what it finds; a missing field (another version's reply) is left out. */
void ar_status_print(const json_t *status, FILE *out);

/* One line for a service manager; fps: of pictures lately shown. */
void ar_status_service(const struct ar_pipeline_status *status, double fps, char *text,
                       size_t text_b);

/* One line for a terminal's progress display. */
void ar_status_progress(const struct ar_pipeline_status *status, uint64_t now_us, char *text,
                        size_t text_b);
