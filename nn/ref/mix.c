/* SPDX-License-Identifier: MIT */
#include "nn/ref/ref.h"

void ar_mix_row_ref(uint8_t *restrict bytes, const uint8_t *restrict over, uint32_t share,
                    size_t n_b)
{
    for (size_t i = 0; i < n_b; i++) {
        const uint32_t sum = bytes[i] * (AR_MIX_WHOLE - share) + over[i] * share;

        bytes[i] = (uint8_t)((sum + AR_MIX_WHOLE / 2) / AR_MIX_WHOLE);
    }
}
