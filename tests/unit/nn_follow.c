/* SPDX-License-Identifier: MIT */
#include "tests/unit/nn_follow.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EPS     ((double)FLT_EPSILON)
#define MAX_AGE 30 /* frames without a new value */

bool follow_serves(const struct follow *follow, uint64_t frame)
{
    return follow->known && frame - follow->frame <= MAX_AGE;
}

static bool serves(const struct follow *follow, uint64_t frame)
{
    return follow_serves(follow, frame) && !follow->replace;
}

void follow_note(struct follow *follow, uint32_t n_values, const struct about *values,
                 double rate)
{
    if (!follow->own) {
        follow->own = calloc(n_values, sizeof(*values));
        follow->values = calloc(n_values, sizeof(*values));
    }
    if (!follow->own || !follow->values)
        abort();
    follow->n_values = n_values;
    follow->rate = rate;
    follow->seen = true;
    follow->replace = false;
    memcpy(follow->own, values, n_values * sizeof(*values));
}

const struct about *follow_choose(const struct follow *follow, uint64_t frame)
{
    return serves(follow, frame) ? follow->values : follow->own;
}

void follow_end_frame(struct follow *follow, uint64_t frame)
{
    const double rate = serves(follow, frame) ? follow->rate : 1;

    if (!follow->seen)
        return;
    for (uint32_t i = 0; i < follow->n_values; i++) {
        const struct about old = follow->values[i];
        const struct about own = follow->own[i];

        follow->values[i] = (struct about){
            rate * own.value + (1 - rate) * old.value,
            rate * own.bound + (1 - rate) * old.bound +
                3 * EPS * (rate * fabs(own.value) + (1 - rate) * fabs(old.value)),
        };
    }
    follow->known = true;
    follow->frame = frame;
    follow->seen = false;
}

void follow_finish(struct follow *follow)
{
    free(follow->values);
    free(follow->own);
}
