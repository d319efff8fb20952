/* SPDX-License-Identifier: MIT */
#pragma once

#include "budget/thermal.h"

/*
 * How hot the processor is, and what a Raspberry Pi's firmware says of voltage and throttling. Control thread.
 */

struct ar_sensors {
    int temperature_fd; /* millidegrees; -1: none */
    int throttled_fd;   /* hexadecimal flags; -1: none */
    char zone[32];      /* the thermal zone's type, for people */
};

/* root: "/sys", or another place in tests. Never fails: what is not there is unknown. */
void ar_sensors_open(struct ar_sensors *sensors, const char *root);
void ar_sensors_close(struct ar_sensors *sensors);

struct ar_thermal_reading ar_sensors_read(const struct ar_sensors *sensors);
