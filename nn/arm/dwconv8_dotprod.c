/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nn/arm/dot_lane.h"
#include "nn/arm/dotprod.h"
#include "nn/arm/lanes_neon.h"
#include "nn/arm/round8_neon.h"
#include "nn/tile.h"

/*
 * A lane is a pixel: its four bytes are the three taps of a row and one more, whose weight is zero, so that a dot
 * product is a row of the filter. The four overlapping fours of a vector are one look-up in the bytes of a load,
 * which with a stride of 1 has those of three vectors, else of one.
 */
#define LANES AR_NEON_LANES
#define GROUP AR_NEON_GROUP
#define FOURS ((size_t)4)
#define TAPS  3

/* What four channels are filtered with: a row of a channel's weights is a lane, as is what else it has. */
struct filter {
    int8x16_t weights[FOURS];
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
    for (size_t i = 0; i < FOURS; i++) {
        int8_t weights[16] = { 0 };

        memcpy(weights, from->weights + (c + i) * TAPS * 4, (size_t)TAPS * 4);
        filter.weights[i] = vld1q_s8(weights);
    }
    return filter;
}

AR_TILE int8x16_t load_signed(const uint8_t *bytes)
{
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(bytes), vdupq_n_u8(0x80)));
}

/* A row's fours of a group of pixels; `in` is the first one's left tap. */
AR_TILE void load_fours(int8x16_t *restrict fours, const uint8_t *in, size_t stride)
{
    static const uint8_t pattern[2][16] = {
        { 0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6 },
        { 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9 },
    };
    const uint8x16_t first = vld1q_u8(pattern[stride - 1]);

    if (stride == 1) {
        const int8x16_t bytes = load_signed(in);

        fours[0] = vqtbl1q_s8(bytes, first);
        fours[1] = vqtbl1q_s8(bytes, vaddq_u8(first, vdupq_n_u8(4)));
        fours[2] = vqtbl1q_s8(bytes, vaddq_u8(first, vdupq_n_u8(8)));
        fours[3] = vqtbl1q_s8(load_signed(in + 3 * LANES), first);
        return;
    }
    AR_UNROLL
    for (size_t v = 0; v < GROUP; v++)
        fours[v] = vqtbl1q_s8(load_signed(in + v * 2 * LANES), first);
}

/* A group of pixels of channel i, scaled; `at` is the first one's left tap in each row. */
AR_TILE void filtered(float32x4_t *restrict values, const uint8_t *const *restrict in,
                      size_t at, const struct filter *restrict filter, size_t i, size_t stride)
{
    int32x4_t sum[GROUP];

    AR_UNROLL
    for (size_t v = 0; v < GROUP; v++)
        sum[v] = vdupq_n_s32(filter->start[i]);
    AR_UNROLL
    for (size_t r = 0; r < TAPS; r++) {
        int8x16_t fours[GROUP];

        load_fours(fours, in[r] + at, stride);
        AR_UNROLL
        for (size_t v = 0; v < GROUP; v++)
            sum[v] = ar_dot_lane(sum[v], fours[v], filter->weights[i], r);
    }
    AR_UNROLL
    for (size_t v = 0; v < GROUP; v++)
        values[v * FOURS] = vmulq_n_f32(vcvtq_f32_s32(sum[v]), filter->scale[i]);
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
        const uint8_t *in[TAPS];

        AR_UNROLL
        for (size_t r = 0; r < TAPS; r++)
            in[r] = rows[r] + c * plane - 1;
        for (size_t x = 0; x < n_pixels; x += GROUP * LANES) {
            float32x4_t values[GROUP * FOURS];

            AR_UNROLL
            for (size_t i = 0; i < FOURS; i++)
                filtered(values + i, in, i * plane + x * stride, &filter, i, stride);
            AR_UNROLL
            for (size_t v = 0; v < GROUP; v++)
                vst1q_u8(out + (x + v * LANES) * FOURS,
                         ar_neon_by_pixel(ar_neon_round_filtered(values + v * FOURS)));
        }
    }
}

void ar_dwconv8_row_s1_dotprod(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                               const struct ar_dwconv8_filter *restrict filter,
                               const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 1);
}

void ar_dwconv8_row_s2_dotprod(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                               const struct ar_dwconv8_filter *restrict filter,
                               const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 2);
}
