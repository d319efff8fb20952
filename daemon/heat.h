/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/loop.h"
#include "daemon/pipeline.h"
#include "daemon/sensors.h"

/*
 * Looks at the processor's temperature once a second, and narrows the pipeline's network while it is too hot. Lives on
 * the control thread's loop.
 */

struct ar_heat {
    struct ar_pipeline *pipeline; /* borrowed */
    struct ar_sensors sensors;
    struct ar_thermal thermal;
    struct ar_thermal_reading reading; /* the newest */
    struct ar_loop_source *timer;
    double limit_celsius; /* 0: none */
    bool told_voltage;
};

int ar_heat_start(struct ar_heat *heat, struct ar_loop *loop, struct ar_pipeline *pipeline,
                  double limit_celsius);
/* Accepts what was zeroed only. */
void ar_heat_stop(struct ar_heat *heat);
