/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/neon.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"

#define STEP_B 8 /* what is left of a row goes to the reference */

#define LEVEL_BITS 7 /* of AR_CALM_LEVEL */
#define OPEN_FROM  (AR_CALM_OPEN_FROM * AR_CALM_LEVEL)
#define OPEN_SPAN  ((AR_CALM_OPEN_TO - AR_CALM_OPEN_FROM) * AR_CALM_LEVEL)
#define OPEN_BITS  2 /* of AR_CALM_WHOLE / OPEN_SPAN */

static_assert(1 << LEVEL_BITS == AR_CALM_LEVEL, "a shift is a product");
static_assert(OPEN_SPAN << OPEN_BITS == AR_CALM_WHOLE, "here too");

/* The gains of the next 8 bytes, `share` bytes each. */
AR_TILE int16x8_t load_gains(const int16_t *gains, uint32_t share)
{
    int16x8_t four;

    switch (share) {
    case 1:
        return vld1q_s16(gains);
    case 2:
        four = vcombine_s16(vld1_s16(gains), vdup_n_s16(0));
        return vzip1q_s16(four, four);
    case 4:
        return vcombine_s16(vld1_dup_s16(gains), vld1_dup_s16(gains + 1));
    default:
        return vld1q_dup_s16(gains);
    }
}

AR_TILE void calm(uint8_t *bytes, int16_t *shown, int16x8_t gain)
{
    const int16x8_t before = vld1q_s16(shown);
    const int16x8_t to = vreinterpretq_s16_u16(vshll_n_u8(vld1_u8(bytes), LEVEL_BITS));
    const int16x8_t difference = vsubq_s16(to, before);
    uint16x8_t least =
        vqsubq_u16(vreinterpretq_u16_s16(vabsq_s16(difference)), vdupq_n_u16(OPEN_FROM));
    int16x8_t after;

    least = vshlq_n_u16(vminq_u16(least, vdupq_n_u16(OPEN_SPAN - 1)), OPEN_BITS);
    gain = vmaxq_s16(gain, vreinterpretq_s16_u16(least));
    after = vaddq_s16(before, vqrdmulhq_s16(difference, gain));
    vst1q_s16(shown, after);
    vst1_u8(bytes, vqrshrun_n_s16(after, LEVEL_BITS));
}

/* Bytes done, a multiple of STEP_B; `share` is a constant where this is inlined. */
AR_TILE size_t calm_row(uint8_t *restrict bytes, int16_t *restrict shown,
                        const int16_t *restrict gains, uint32_t n_gains, uint32_t share)
{
    const size_t size_b = (size_t)n_gains * share;
    const size_t n_whole = size_b - size_b % STEP_B;

    for (size_t i = 0; i < n_whole; i += STEP_B)
        calm(bytes + i, shown + i, load_gains(gains + i / share, share));
    return n_whole;
}

void ar_calm1_row_neon(uint8_t *restrict bytes, int16_t *restrict shown,
                       const int16_t *restrict gains, uint32_t n_gains)
{
    const size_t done = calm_row(bytes, shown, gains, n_gains, 1);

    ar_calm1_row_ref(bytes + done, shown + done, gains + done, n_gains - (uint32_t)done);
}

void ar_calm2_row_neon(uint8_t *restrict bytes, int16_t *restrict shown,
                       const int16_t *restrict gains, uint32_t n_gains)
{
    const size_t done = calm_row(bytes, shown, gains, n_gains, 2);

    ar_calm2_row_ref(bytes + done, shown + done, gains + done / 2,
                     n_gains - (uint32_t)done / 2);
}

void ar_calm4_row_neon(uint8_t *restrict bytes, int16_t *restrict shown,
                       const int16_t *restrict gains, uint32_t n_gains)
{
    const size_t done = calm_row(bytes, shown, gains, n_gains, 4);

    ar_calm4_row_ref(bytes + done, shown + done, gains + done / 4,
                     n_gains - (uint32_t)done / 4);
}

/* Eight bytes are one step: nothing is left. */
void ar_calm8_row_neon(uint8_t *restrict bytes, int16_t *restrict shown,
                       const int16_t *restrict gains, uint32_t n_gains)
{
    calm_row(bytes, shown, gains, n_gains, 8);
}
