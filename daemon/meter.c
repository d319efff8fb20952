/* SPDX-License-Identifier: MIT */
#include "daemon/meter.h"

#define PERIOD_US 500000u

void ar_meter_add(struct ar_meter *meter, uint64_t end_us, double width,
                  const struct ar_histogram *paint)
{
    meter->n_frames++;
    meter->width_sum += width;
    if (meter->since_us == 0) { /* nothing to measure a rate from */
        *meter = (struct ar_meter){ .since_us = end_us, .shown = { .width = width } };
        return;
    }
    if (end_us < meter->since_us + PERIOD_US)
        return;
    meter->shown.fps = meter->n_frames * 1e6 / (double)(end_us - meter->since_us);
    meter->shown.width = meter->width_sum / meter->n_frames;
    meter->shown.p99_us = ar_histogram_quantile_us(paint, 0.99);
    meter->since_us = end_us;
    meter->n_frames = 0;
    meter->width_sum = 0.0;
}
