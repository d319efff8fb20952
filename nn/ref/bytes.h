/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/image.h"

/* Within [low, high]; not-a-number becomes low. */
static inline float ar_ref_clamp(float value, float low, float high)
{
    const float at_least = value > low ? value : low;

    return at_least < high ? at_least : high;
}

/* Cut off within [low, high]: see nn/image.h for what makes it the nearest byte. */
static inline uint8_t ar_ref_byte(float value, float low, float high)
{
    return (uint8_t)ar_ref_clamp(value, low, high);
}

/* In parts of a level: see nn/image.h. */
static inline int32_t ar_ref_luma(int32_t r, int32_t g, int32_t b)
{
    return AR_IMAGE_Y_PART_R * r + AR_IMAGE_Y_PART_G * g + AR_IMAGE_Y_PART_B * b;
}

/* Four bytes of an XRGB pixel, in memory B G R X. */
static inline void ar_ref_store_xrgb(uint8_t *pixel, float r, float g, float b)
{
    pixel[0] = ar_ref_byte(b, 0.0F, 255.0F);
    pixel[1] = ar_ref_byte(g, 0.0F, 255.0F);
    pixel[2] = ar_ref_byte(r, 0.0F, 255.0F);
    pixel[3] = 255;
}
