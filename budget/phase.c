/* SPDX-License-Identifier: MIT */
#include "budget/phase.h"

#include <math.h>

/*
 * Fons Adriaensen, "Using a DLL to filter time", 2005: with w = 2 pi B T the loop adds sqrt(2) w of the error to the
 * phase and w^2 to the period. B T is small: flips are exact, and only drift is to be followed.
 */
#define BANDWIDTH 0.016
#define FAR_OFF   0.25  /* of a period: another mode, or a clock that jumped */
#define DRIFT     0.002 /* of a period: what a mode can be off at most */

enum { FLIPS_TO_LOCK = 8 };

void ar_phase_init(struct ar_phase *phase, uint32_t rate_millihz)
{
    *phase = (struct ar_phase){ .nominal_us = rate_millihz > 0 ? 1e9 / rate_millihz : 0.0 };
    phase->period_us = phase->nominal_us;
}

static void start(struct ar_phase *phase, double flip_us)
{
    phase->period_us = phase->nominal_us;
    phase->next_us = flip_us + phase->period_us;
    phase->error_us = 0.0;
    phase->n_flips = 1;
}

void ar_phase_flip(struct ar_phase *phase, uint64_t flip_us)
{
    const double w = 2.0 * M_PI * BANDWIDTH;
    const double at_us = (double)flip_us;
    double passed;

    if (phase->nominal_us <= 0.0)
        return;
    if (phase->n_flips == 0) {
        start(phase, at_us);
        return;
    }
    passed = round((at_us - phase->next_us) / phase->period_us);
    phase->error_us = at_us - (phase->next_us + passed * phase->period_us);
    if (passed < -1.0 || fabs(phase->error_us) > FAR_OFF * phase->nominal_us) {
        start(phase, at_us);
        return;
    }
    phase->next_us += (passed + 1.0) * phase->period_us + sqrt(2.0) * w * phase->error_us;
    phase->period_us += w * w * phase->error_us;
    phase->period_us = fmin(fmax(phase->period_us, (1.0 - DRIFT) * phase->nominal_us),
                            (1.0 + DRIFT) * phase->nominal_us);
    if (phase->n_flips < UINT32_MAX)
        phase->n_flips++;
}

bool ar_phase_is_locked(const struct ar_phase *phase)
{
    return phase->n_flips >= FLIPS_TO_LOCK;
}

uint64_t ar_phase_last_before(const struct ar_phase *phase, uint64_t limit_us)
{
    double refresh_us;

    if (!ar_phase_is_locked(phase))
        return 0;
    refresh_us =
        phase->next_us +
        floor(((double)limit_us - phase->next_us) / phase->period_us) * phase->period_us;
    return refresh_us > 0.0 ? (uint64_t)refresh_us : 0;
}
