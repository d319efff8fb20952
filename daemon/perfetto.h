/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdio.h>

/*
 * A trace (daemon/trace.h) in the Trace Event format, which ui.perfetto.dev and chrome://tracing open: a slice for each
 * segment and each wait, an instant where a deadline was missed or a frame given up, and counters of width and
 * slow-down.
 */

/* Call begin, then frame for each in order, then end. */
void ar_perfetto_begin(FILE *out);
void ar_perfetto_frame(const json_t *header, const json_t *frame, FILE *out);
void ar_perfetto_end(FILE *out);
