/* SPDX-License-Identifier: MIT */
#include "daemon/heat.h"

#include "base/clock.h"
#include "base/log.h"

#define TAG       "heat"
#define PERIOD_US 1000000u
#define SYSFS     "/sys"

static void tell(struct ar_heat *heat, bool was_capping)
{
    const bool is_capping = ar_thermal_is_capping(&heat->thermal);

    if ((heat->reading.flags & AR_THERMAL_UNDER_VOLTAGE) != 0 && !heat->told_voltage) {
        ar_log(AR_LOG_WARN, TAG,
               "the board lacks voltage: the network is narrowed; a better power supply helps");
        heat->told_voltage = true;
    }
    if (is_capping && !was_capping)
        ar_log(AR_LOG_WARN, TAG, "%.0f degrees, limit %.0f: the network becomes narrower",
               heat->reading.celsius, heat->limit_celsius);
    if (was_capping && !is_capping)
        ar_log(AR_LOG_INFO, TAG, "%.0f degrees: full width is allowed again",
               heat->reading.celsius);
}

static void on_second(void *user, uint64_t n_expired)
{
    struct ar_heat *heat = user;
    struct ar_pipeline_status status;
    bool was_capping;

    ar_pipeline_status(heat->pipeline, &status);
    if (status.n_rungs == 0)
        return;
    if (heat->thermal.n_rungs != status.n_rungs)
        ar_thermal_init(&heat->thermal, status.n_rungs);
    was_capping = ar_thermal_is_capping(&heat->thermal);
    heat->reading = ar_sensors_read(&heat->sensors);
    ar_pipeline_set_heat_cap(heat->pipeline,
                             ar_thermal_step(&heat->thermal, &heat->reading,
                                             heat->limit_celsius, ar_clock_now_us()));
    tell(heat, was_capping);
}

int ar_heat_start(struct ar_heat *heat, struct ar_loop *loop, struct ar_pipeline *pipeline,
                  double limit_celsius)
{
    int ret;

    *heat = (struct ar_heat){ .pipeline = pipeline, .limit_celsius = limit_celsius };
    ar_sensors_open(&heat->sensors, SYSFS);
    heat->reading = ar_sensors_read(&heat->sensors);
    ret = ar_loop_add_timer(loop, on_second, heat, &heat->timer);
    return ret < 0 ? ret
                   : ar_loop_set_timer(heat->timer, ar_clock_now_us() + PERIOD_US, PERIOD_US);
}

void ar_heat_stop(struct ar_heat *heat)
{
    if (!heat->pipeline)
        return;
    ar_loop_remove(&heat->timer);
    ar_sensors_close(&heat->sensors);
    heat->pipeline = NULL;
}
