/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/neon.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"

#define STEP 8 /* blocks; what is left of a row goes to the reference */

AR_TILE uint16x8_t sum_3(const uint8_t *centre)
{
    return vaddw_u8(vaddl_u8(vld1_u8(centre - 1), vld1_u8(centre)), vld1_u8(centre + 1));
}

void ar_gain_row_neon(int16_t *restrict gains, int16_t *restrict shown,
                      const int16_t *restrict now, const uint8_t *const *restrict change,
                      const struct ar_gain_curve *restrict curve,
                      const struct ar_gain_reach *restrict reach, uint32_t width)
{
    const uint16x8_t still = vdupq_n_u16(curve->still);
    const uint16x8_t from = vdupq_n_u16(curve->from);
    const uint16x8_t span = vdupq_n_u16(curve->span);
    const uint16x8_t slope = vdupq_n_u16(curve->slope);
    const uint16x8_t most = vdupq_n_u16(AR_CALM_GAIN_MAX);
    const size_t n_whole = width - width % STEP;

    for (size_t x = 0; x < n_whole; x += STEP) {
        const uint16x8_t sum = vaddq_u16(vaddq_u16(sum_3(change[0] + x), sum_3(change[1] + x)),
                                         sum_3(change[2] + x));
        const uint16x8_t above = vminq_u16(vqsubq_u16(sum, from), span);
        const int16x8_t near = vld1q_s16(reach->rows[0] + x);
        const int16x8_t far = vld1q_s16(reach->rows[1] + x);
        const int16x8_t least =
            vaddq_s16(near, vqrdmulhq_n_s16(vsubq_s16(far, near), reach->share));
        const int16x8_t gain =
            vmaxq_s16(vreinterpretq_s16_u16(vminq_u16(vmlaq_u16(still, above, slope), most)),
                      least);
        const int16x8_t before = vld1q_s16(shown + x);
        const int16x8_t difference = vsubq_s16(vld1q_s16(now + x), before);

        vst1q_s16(gains + x, gain);
        vst1q_s16(shown + x, vaddq_s16(before, vqrdmulhq_s16(difference, gain)));
    }
    const uint8_t *const rest[3] = { change[0] + n_whole, change[1] + n_whole,
                                     change[2] + n_whole };
    const struct ar_gain_reach rest_reach = {
        .rows = { reach->rows[0] + n_whole, reach->rows[1] + n_whole },
        .share = reach->share,
    };

    ar_gain_row_ref(gains + n_whole, shown + n_whole, now + n_whole, rest, curve, &rest_reach,
                    width - (uint32_t)n_whole);
}
