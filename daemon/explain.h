/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "daemon/calibration.h"

/*
 * `ar-ctl budget explain`: what each layer costs at each width, by the model of time and as measured.
 */

/* {"style", "widths", "dominated", "frame_us", "layers": [{"name", "segment", "mac", "predicted_us", "measured_us"}]};
 * lists are by width; measured_us is null where a width was not measured. */
json_t *ar_explain_json(const struct ar_calibration *calibration, const struct ar_work *work,
                        const char *style);

/* As a table for people. */
void ar_explain_print(const json_t *explained, FILE *out);
