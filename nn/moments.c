/* SPDX-License-Identifier: MIT */
#include "nn/moments.h"

#include <math.h>
#include <string.h>

#include "base/macros.h"

/* `values` of another rung, as `old` became `now`; channels that both have. */
static void follow(float *values, const float *old, const float *now, uint32_t n_channels,
                   uint32_t max_channels)
{
    const float epsilon = (float)AR_MOMENTS_EPSILON;

    for (uint32_t c = 0; c < n_channels; c++) {
        const uint32_t v = max_channels + c;
        const float scale = (values[v] + epsilon) / (old[v] + epsilon);

        values[c] += (now[c] - old[c]) * sqrtf(scale);
        values[v] = fmaxf(0.0F, scale * (now[v] + epsilon) - epsilon);
    }
}

void ar_moments_end_frame(struct ar_running *running, const struct ar_layer *layer,
                          uint64_t frame, float rate)
{
    float old[2 * AR_MODEL_MAX_CHANNELS];
    const uint32_t rung = running->own_key;
    const bool moves = running->has_own && ar_running_find(running, rung, frame);

    if (moves)
        memcpy(old, ar_running_set(running, rung), running->n_values * sizeof(*old));
    ar_running_end_frame(running, frame, rate);
    for (uint32_t other = 0; moves && other < running->n_keys; other++) {
        const uint32_t n_common = ar_min_u32(layer->channels[other], layer->channels[rung]);

        if (other == rung || !ar_running_find(running, other, frame))
            continue;
        follow(ar_running_set(running, other), old, ar_running_set(running, rung), n_common,
               layer->max_outputs);
        running->updated[other] = frame;
    }
}
