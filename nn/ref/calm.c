/* SPDX-License-Identifier: MIT */
#include "nn/ref/calm.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/macros.h"
#include "nn/ref/ref.h"

#define OPEN_FROM (AR_CALM_OPEN_FROM * AR_CALM_LEVEL)
#define OPEN_SPAN ((AR_CALM_OPEN_TO - AR_CALM_OPEN_FROM) * AR_CALM_LEVEL)

static_assert(AR_CALM_WHOLE % OPEN_SPAN == 0, "the opening rises by a whole factor");

/* The least gain where what is painted is far from what is shown, whatever the camera saw. */
static int32_t opening(int32_t difference)
{
    const int32_t above = ar_clamp_i32(abs(difference) - OPEN_FROM, 0, OPEN_SPAN - 1);

    return above * (AR_CALM_WHOLE / OPEN_SPAN);
}

static void calm(uint8_t *byte, int16_t *shown, int32_t gain)
{
    const int32_t to = *byte * AR_CALM_LEVEL;
    const int32_t least = opening(to - *shown);

    *shown = ar_ref_step(*shown, to, gain > least ? gain : least);
    *byte = (uint8_t)((*shown + AR_CALM_LEVEL / 2) / AR_CALM_LEVEL);
}

static void calm_row(uint8_t *restrict bytes, int16_t *restrict shown,
                     const int16_t *restrict gains, uint32_t n_gains, uint32_t share)
{
    for (size_t i = 0; i < (size_t)n_gains * share; i++)
        calm(&bytes[i], &shown[i], gains[i / share]);
}

void ar_calm1_row_ref(uint8_t *restrict bytes, int16_t *restrict shown,
                      const int16_t *restrict gains, uint32_t n_gains)
{
    calm_row(bytes, shown, gains, n_gains, 1);
}

void ar_calm2_row_ref(uint8_t *restrict bytes, int16_t *restrict shown,
                      const int16_t *restrict gains, uint32_t n_gains)
{
    calm_row(bytes, shown, gains, n_gains, 2);
}

void ar_calm4_row_ref(uint8_t *restrict bytes, int16_t *restrict shown,
                      const int16_t *restrict gains, uint32_t n_gains)
{
    calm_row(bytes, shown, gains, n_gains, 4);
}

void ar_calm8_row_ref(uint8_t *restrict bytes, int16_t *restrict shown,
                      const int16_t *restrict gains, uint32_t n_gains)
{
    calm_row(bytes, shown, gains, n_gains, 8);
}
