/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nn/arm/lanes_neon.h"
#include "nn/arm/neon.h"
#include "nn/arm/round8_neon.h"
#include "nn/tile.h"

/*
 * Four channels at a time, put together first: a vector is four pixels of them, so that a tap's four weights stay in
 * one register for a whole row, taps beside a vector come from it and the one before, and results are in order. Of
 * the products of bytes, of weights from -127 on, two fit 16 bits: nine taps are four pairs and one.
 */
#define FOURS   ((size_t)4)
#define TAPS    3
#define STEP    (2 * AR_NEON_LANES) /* pixels */
#define VECTORS (STEP / AR_NEON_LANES)

/* What four channels are filtered with. */
struct filter {
    int8x16_t weights[TAPS * TAPS];
    int32x4_t start;
    float32x4_t scale;
};

AR_TILE struct filter load_filter(const struct ar_dwconv8_filter *restrict from, size_t c)
{
    struct filter filter = {
        .start = vld1q_s32(from->signed_start + c),
        .scale = vld1q_f32(from->scale + c),
    };

    AR_UNROLL
    for (size_t i = 0; i < TAPS * TAPS; i++) {
        const int8_t *const weights = from->weights + c * TAPS * 4 + i / TAPS * 4 + i % TAPS;
        int8_t of_channels[FOURS];

        AR_UNROLL
        for (size_t k = 0; k < FOURS; k++)
            of_channels[k] = weights[k * TAPS * 4];
        filter.weights[i] = vreinterpretq_s8_s32(vld1q_dup_s32((const void *)of_channels));
    }
    return filter;
}

/* Eight pixels of four planes, together and as signed bytes. */
AR_TILE void load_fours(int8x16_t *restrict fours, const uint8_t *in, size_t plane)
{
    const uint8x16_t zero = vdupq_n_u8(0x80);
    uint8x16_t planes[FOURS];
    uint8x16_t even;
    uint8x16_t odd;

    AR_UNROLL
    for (size_t i = 0; i < FOURS; i++)
        planes[i] = vcombine_u8(vld1_u8(in + i * plane), vdup_n_u8(0));
    even = veorq_u8(vzip1q_u8(planes[0], planes[2]), zero);
    odd = veorq_u8(vzip1q_u8(planes[1], planes[3]), zero);
    fours[0] = vreinterpretq_s8_u8(vzip1q_u8(even, odd));
    fours[1] = vreinterpretq_s8_u8(vzip2q_u8(even, odd));
}

/* One vector's pixels, or the other's, of two vectors in a row. */
AR_TILE int8x16_t every_other(const int8x16_t *restrict fours, size_t first)
{
    const int32x4_t one = vreinterpretq_s32_s8(fours[0]);
    const int32x4_t other = vreinterpretq_s32_s8(fours[1]);

    return vreinterpretq_s8_s32(first == 0 ? vuzp1q_s32(one, other) : vuzp2q_s32(one, other));
}

/*
 * A row's taps of the next pixels: of vector v, taps[v][i]. `last` is the last vector of those at the right end, whose
 * pixels are taps of the next ones too.
 */
AR_TILE void load_taps(int8x16_t (*restrict taps)[TAPS], int8x16_t *restrict last,
                       const uint8_t *in, size_t plane, size_t stride)
{
    int8x16_t fours[2 * VECTORS];

    load_fours(fours, in + (stride == 1), plane);
    if (stride == 2)
        load_fours(fours + VECTORS, in + STEP, plane);
    AR_UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        const int8x16_t right = stride == 1 ? fours[v] : every_other(fours + 2 * v, 1);

        taps[v][0] = stride == 1 ? vextq_s8(*last, right, 8) : vextq_s8(*last, right, 12);
        taps[v][1] = stride == 1 ? vextq_s8(*last, right, 12) : every_other(fours + 2 * v, 0);
        taps[v][2] = right;
        *last = right;
    }
}

/* What `last` is before the first pixels: those at -1 and 0 are its last ones, or that at -1. */
AR_TILE int8x16_t first_taps(const uint8_t *in, size_t plane, size_t stride)
{
    int8x16_t fours[VECTORS];

    load_fours(fours, in - 1, plane);
    return stride == 1 ? vextq_s8(fours[0], fours[0], 8) : vextq_s8(fours[0], fours[0], 4);
}

AR_TILE void add_pair(int32x4_t *restrict sum, int16x8_t low, int16x8_t high)
{
    sum[0] = vaddw_s16(sum[0], vget_low_s16(low));
    sum[1] = vaddw_high_s16(sum[1], low);
    sum[2] = vaddw_s16(sum[2], vget_low_s16(high));
    sum[3] = vaddw_high_s16(sum[3], high);
}

/* Four pixels of four channels, from the taps of three rows. */
AR_TILE uint8x16_t filtered(const int8x16_t *restrict taps,
                            const struct filter *restrict filter)
{
    int32x4_t sum[FOURS] = { filter->start, filter->start, filter->start, filter->start };
    float32x4_t values[FOURS];

    AR_UNROLL
    for (size_t i = 0; i < TAPS * TAPS; i += 2) {
        const int8x16_t one = filter->weights[i];
        int16x8_t low = vmull_s8(vget_low_s8(taps[i]), vget_low_s8(one));
        int16x8_t high = vmull_high_s8(taps[i], one);

        if (i + 1 < TAPS * TAPS) {
            const int8x16_t other = filter->weights[i + 1];

            low = vmlal_s8(low, vget_low_s8(taps[i + 1]), vget_low_s8(other));
            high = vmlal_high_s8(high, taps[i + 1], other);
        }
        add_pair(sum, low, high);
    }
    AR_UNROLL
    for (size_t i = 0; i < FOURS; i++)
        values[i] = vmulq_f32(vcvtq_f32_s32(sum[i]), filter->scale);
    return ar_neon_round_filtered(values);
}

AR_TILE void dwconv8_row(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                         const struct ar_dwconv8_filter *restrict from,
                         const struct ar_dwconv8_shape *restrict shape, size_t stride)
{
    const size_t plane = shape->src_stride;
    const size_t n_pixels = ar_tensor_whole(shape->width);

    for (size_t c = 0; c < shape->channels; c += FOURS) {
        const struct filter filter = load_filter(from, c);
        uint8_t *const out = dst + c / FOURS * shape->dst_stride;
        int8x16_t last[TAPS];

        AR_UNROLL
        for (size_t r = 0; r < TAPS; r++)
            last[r] = first_taps(rows[r] + c * plane, plane, stride);
        for (size_t x = 0; x < n_pixels; x += STEP) {
            int8x16_t taps[VECTORS][TAPS][TAPS];
            int8x16_t of_row[VECTORS][TAPS];

            AR_UNROLL
            for (size_t r = 0; r < TAPS; r++) {
                load_taps(of_row, &last[r], rows[r] + c * plane + x * stride, plane, stride);
                AR_UNROLL
                for (size_t i = 0; i < VECTORS * TAPS; i++)
                    taps[i / TAPS][r][i % TAPS] = of_row[i / TAPS][i % TAPS];
            }
            AR_UNROLL
            for (size_t v = 0; v < VECTORS; v++)
                vst1q_u8(out + (x + v * AR_NEON_LANES) * FOURS, filtered(taps[v][0], &filter));
        }
    }
}

void ar_dwconv8_row_s1_neon(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                            const struct ar_dwconv8_filter *restrict filter,
                            const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 1);
}

void ar_dwconv8_row_s2_neon(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                            const struct ar_dwconv8_filter *restrict filter,
                            const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 2);
}
