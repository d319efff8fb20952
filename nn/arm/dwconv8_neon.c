/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/filter8_neon.h"
#include "nn/arm/neon.h"
#include "nn/tile.h"

/*
 * A lane of 16 bits is two bytes of a row. Of the three taps that a pixel has there two are in one lane, and the third is
 * in that of a load from two bytes on. Its other byte is a tap of the pixel's neighbour: so a pair of loads serves two
 * pixels a lane. Third taps of two rows are put together, that of the last row has a weight of zero beside it. Two
 * products of bytes, of weights from -127 on, fit 16 bits; pairs of lanes are added to sums of 32. A Cortex-A72
 * multiplies in one of its two pipes and adds pairs in the other.
 */
#define LANES AR_NEON_LANES
#define GROUP AR_NEON_GROUP
#define FOURS ((size_t)4)
#define TAPS  3

/* A channel's weights for the left or the right pixel of a lane, as many times as there are lanes. */
struct taps {
    int8x16_t pairs[TAPS];
    int8x16_t thirds; /* of the first two rows */
    int8x16_t last_third;
};

/* What four channels are filtered with. */
struct filter {
    struct taps left[FOURS];
    struct taps right[FOURS];
    struct ar_neon_filter8 end;
};

AR_TILE int8x16_t twice(int8_t first, int8_t second)
{
    return vreinterpretq_s8_u16(vdupq_n_u16((uint16_t)((uint8_t)first | (uint8_t)second << 8)));
}

AR_TILE void load_filter(struct filter *restrict filter,
                         const struct ar_dwconv8_filter *restrict from, size_t c)
{
    ar_neon_filter8_load(&filter->end, from, c);
    for (size_t i = 0; i < FOURS; i++) {
        const int8_t *const w = from->weights + (c + i) * TAPS * 4;

        filter->left[i] = (struct taps){
            .pairs = { twice(w[0], w[1]), twice(w[4], w[5]), twice(w[8], w[9]) },
            .thirds = twice(w[2], w[6]),
            .last_third = twice(w[10], 0),
        };
        filter->right[i] = (struct taps){
            .pairs = { twice(w[1], w[2]), twice(w[5], w[6]), twice(w[9], w[10]) },
            .thirds = twice(w[0], w[4]),
            .last_third = twice(0, w[8]),
        };
    }
}

AR_TILE void add_two(int32x4_t *restrict sum, int8x16_t one, int8x16_t one_weights,
                     int8x16_t other, int8x16_t other_weights)
{
    const int16x8_t low = vmull_s8(vget_low_s8(one), vget_low_s8(one_weights));
    const int16x8_t high = vmull_high_s8(one, one_weights);

    sum[0] = vpadalq_s16(sum[0], vmlal_s8(low, vget_low_s8(other), vget_low_s8(other_weights)));
    sum[1] = vpadalq_s16(sum[1], vmlal_high_s8(high, other, other_weights));
}

/* Eight pixels, from their pairs of taps in three rows, and the vectors that the third ones are in. */
AR_TILE void add_taps(int32x4_t *restrict sum, const int8x16_t *restrict pairs,
                      int8x16_t thirds, int8x16_t last_third, const struct taps *restrict taps)
{
    add_two(sum, pairs[0], taps->pairs[0], pairs[1], taps->pairs[1]);
    add_two(sum, pairs[2], taps->pairs[2], thirds, taps->thirds);
    sum[0] =
        vpadalq_s16(sum[0], vmull_s8(vget_low_s8(last_third), vget_low_s8(taps->last_third)));
    sum[1] = vpadalq_s16(sum[1], vmull_high_s8(last_third, taps->last_third));
}

/*
 * The sums of a group of pixels of channel i; `at` is the first one's left tap in each row. With a stride of 1 sum[0] and
 * sum[1] have the even pixels, the others the odd ones; else they are in order.
 */
AR_TILE void add_up(int32x4_t *restrict sum, const uint8_t *const *restrict in, size_t at,
                    const struct filter *restrict filter, size_t i, size_t stride)
{
    AR_UNROLL
    for (size_t v = 0; v < GROUP; v++)
        sum[v] = ar_neon_filter8_start(&filter->end, i);
    AR_UNROLL
    for (size_t load = 0; load < stride; load++) {
        int8x16_t bytes[TAPS];
        int8x16_t next[TAPS];

        AR_UNROLL
        for (size_t r = 0; r < TAPS; r++) {
            bytes[r] = ar_neon_filter8_in(in[r] + at + 16 * load);
            next[r] = ar_neon_filter8_in(in[r] + at + 16 * load + 2);
        }
        add_taps(sum + 2 * load, bytes, vtrn1q_s8(next[0], next[1]), next[2], &filter->left[i]);
        if (stride == 1)
            add_taps(sum + 2, next, vtrn2q_s8(bytes[0], bytes[1]), bytes[2], &filter->right[i]);
    }
}

/* A group of pixels of channel i. */
AR_TILE uint8x16_t filtered(const uint8_t *const *restrict in, size_t at,
                            const struct filter *restrict filter, size_t i, size_t stride,
                            bool is_small)
{
    int32x4_t sum[GROUP];
    uint16x8_t whole[GROUP];

    add_up(sum, in, at, filter, i, stride);
    AR_UNROLL
    for (size_t v = 0; v < GROUP; v++)
        whole[v] = ar_neon_filter8_end(&filter->end, i, sum[v], is_small);
    if (stride == 1)
        return ar_neon_filter8_bytes(vtrn1q_u16(whole[0], whole[2]),
                                     vtrn1q_u16(whole[1], whole[3]));
    return ar_neon_filter8_bytes(vuzp1q_u16(whole[0], whole[1]),
                                 vuzp1q_u16(whole[2], whole[3]));
}

AR_TILE void filter_fours(uint8_t *restrict out, const uint8_t *const *restrict in,
                          const struct filter *restrict filter,
                          const struct ar_dwconv8_shape *restrict shape, size_t stride,
                          bool is_small)
{
    const size_t n_pixels = ar_tensor_whole(shape->width);

    for (size_t x = 0; x < n_pixels; x += GROUP * LANES) {
        uint8x16x4_t bytes;

        AR_UNROLL
        for (size_t i = 0; i < FOURS; i++)
            bytes.val[i] =
                filtered(in, i * shape->src_stride + x * stride, filter, i, stride, is_small);
        vst4q_u8(out + x * FOURS, bytes);
    }
}

AR_TILE void dwconv8_row(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                         const struct ar_dwconv8_filter *restrict from,
                         const struct ar_dwconv8_shape *restrict shape, size_t stride)
{
    struct filter filter;

    for (size_t c = 0; c < shape->channels; c += FOURS) {
        uint8_t *const out = dst + c / FOURS * shape->dst_stride;
        const uint8_t *in[TAPS];

        load_filter(&filter, from, c);
        AR_UNROLL
        for (size_t r = 0; r < TAPS; r++)
            in[r] = rows[r] + c * shape->src_stride - 1;
        if (ar_neon_filter8_is_small(&filter.end))
            filter_fours(out, in, &filter, shape, stride, true);
        else
            filter_fours(out, in, &filter, shape, stride, false);
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
