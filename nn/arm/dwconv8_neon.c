/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/filter8_neon.h"
#include "nn/arm/neon.h"
#include "nn/tile.h"

/*
 * A lane of 16 bits is two bytes of a row. The taps that a pixel has there are in that lane and in those of loads from two
 * bytes on, by twos and with one left. Its other byte is a tap of the pixel's neighbour: so the loads serve two
 * pixels a lane. What is left of two rows is put together, that of the last row has a weight of zero beside it. Two
 * products of bytes, of weights from -127 on, fit 16 bits; pairs of lanes are added to sums of 32. A Cortex-A72
 * multiplies in one of its two pipes and adds pairs in the other.
 */
#define LANES        AR_NEON_LANES
#define GROUP        AR_NEON_GROUP
#define FOURS        ((size_t)4)
#define MAX_KERNEL   5
#define MAX_LOADS    3
#define MAX_PRODUCTS 13

/* Products that a pixel takes: of pairs of taps in each row, of the taps that two rows leave, and of the last row's. */
AR_TILE size_t n_products(size_t kernel)
{
    return kernel * (kernel / 2) + kernel / 2 + 1;
}

/* A channel's weights for the left or the right pixel of a lane, as many times as there are lanes. */
struct taps {
    int8x16_t weights[MAX_PRODUCTS];
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

/* Of a channel whose rows have so many bytes of weights; `first`: of a pair's taps in a row, with a tap left at `single`. */
AR_TILE void load_taps(struct taps *restrict taps, const int8_t *restrict weights, size_t row_b,
                       size_t kernel, size_t first, size_t single)
{
    const int8_t *const last = weights + (kernel - 1) * row_b;
    int8x16_t *to = taps->weights;

    for (size_t r = 0; r < kernel; r++)
        for (size_t i = first; i + 1 < kernel + first; i += 2)
            *to++ = twice(weights[r * row_b + i], weights[r * row_b + i + 1]);
    for (size_t r = 0; r + 1 < kernel; r += 2)
        *to++ = twice(weights[r * row_b + single], weights[(r + 1) * row_b + single]);
    *to = single == 0 ? twice(0, last[single]) : twice(last[single], 0);
}

AR_TILE void load_filter(struct filter *restrict filter,
                         const struct ar_dwconv8_filter *restrict from, size_t c, size_t kernel)
{
    const size_t row_b = 4 * ar_dwconv8_fours(kernel);

    ar_neon_filter8_load(&filter->end, from, c);
    for (size_t i = 0; i < FOURS; i++) {
        const int8_t *const weights = from->weights + (c + i) * kernel * row_b;

        load_taps(&filter->left[i], weights, row_b, kernel, 0, kernel - 1);
        load_taps(&filter->right[i], weights, row_b, kernel, 1, 0);
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

/* Eight pixels. */
AR_TILE void add_taps(int32x4_t *restrict sum, const int8x16_t *restrict bytes,
                      const struct taps *restrict taps, size_t kernel)
{
    const size_t last = n_products(kernel) - 1;

    AR_UNROLL
    for (size_t i = 0; i < last; i += 2)
        add_two(sum, bytes[i], taps->weights[i], bytes[i + 1], taps->weights[i + 1]);
    sum[0] = vpadalq_s16(sum[0],
                         vmull_s8(vget_low_s8(bytes[last]), vget_low_s8(taps->weights[last])));
    sum[1] = vpadalq_s16(sum[1], vmull_high_s8(bytes[last], taps->weights[last]));
}

/* What the left pixels of all lanes, or the right ones, are multiplied with, in the order of their weights. */
AR_TILE void gather(int8x16_t *restrict bytes, int8x16_t (*restrict loads)[MAX_LOADS],
                    size_t kernel, bool is_right)
{
    const size_t single = is_right ? 0 : kernel / 2;
    const size_t n_pairs = kernel * (kernel / 2);

    AR_UNROLL
    for (size_t i = 0; i < n_pairs; i++)
        bytes[i] = loads[i / (kernel / 2)][i % (kernel / 2) + is_right];
    AR_UNROLL
    for (size_t i = 0; i < kernel / 2; i++) {
        const int8x16_t one = loads[2 * i][single];
        const int8x16_t other = loads[2 * i + 1][single];

        bytes[n_pairs + i] = is_right ? vtrn2q_s8(one, other) : vtrn1q_s8(one, other);
    }
    bytes[n_pairs + kernel / 2] = loads[kernel - 1][single];
}

/*
 * The sums of a group of pixels of channel i; `at` is the first one's left tap in each row. With a stride of 1 sum[0] and
 * sum[1] have the even pixels, the others the odd ones; else they are in order.
 */
AR_TILE void add_up(int32x4_t *restrict sum, const uint8_t *const *restrict in, size_t at,
                    const struct filter *restrict filter, size_t i, size_t kernel,
                    size_t stride)
{
    AR_UNROLL
    for (size_t v = 0; v < GROUP; v++)
        sum[v] = ar_neon_filter8_start(&filter->end, i);
    AR_UNROLL
    for (size_t part = 0; part < stride; part++) {
        int8x16_t loads[MAX_KERNEL][MAX_LOADS];
        int8x16_t bytes[MAX_PRODUCTS];

        AR_UNROLL
        for (size_t r = 0; r < kernel; r++) {
            AR_UNROLL
            for (size_t l = 0; l <= kernel / 2; l++)
                loads[r][l] = ar_neon_filter8_in(in[r] + at + 16 * part + 2 * l);
        }
        gather(bytes, loads, kernel, false);
        add_taps(sum + 2 * part, bytes, &filter->left[i], kernel);
        if (stride == 1) {
            gather(bytes, loads, kernel, true);
            add_taps(sum + 2, bytes, &filter->right[i], kernel);
        }
    }
}

/* A group of pixels of channel i. */
AR_TILE uint8x16_t filtered(const uint8_t *const *restrict in, size_t at,
                            const struct filter *restrict filter, size_t i, size_t kernel,
                            size_t stride, bool is_small)
{
    int32x4_t sum[GROUP];
    uint16x8_t whole[GROUP];

    add_up(sum, in, at, filter, i, kernel, stride);
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
                          const struct ar_dwconv8_shape *restrict shape, size_t kernel,
                          size_t stride, bool is_small)
{
    const size_t n_pixels = ar_tensor_whole(shape->width);

    for (size_t x = 0; x < n_pixels; x += GROUP * LANES) {
        uint8x16x4_t bytes;

        AR_UNROLL
        for (size_t i = 0; i < FOURS; i++)
            bytes.val[i] = filtered(in, i * shape->src_stride + x * stride, filter, i, kernel,
                                    stride, is_small);
        vst4q_u8(out + x * FOURS, bytes);
    }
}

AR_TILE void dwconv8_row(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                         const struct ar_dwconv8_filter *restrict from,
                         const struct ar_dwconv8_shape *restrict shape, size_t kernel,
                         size_t stride)
{
    struct filter filter;

    for (size_t c = 0; c < shape->channels; c += FOURS) {
        uint8_t *const out = dst + c / FOURS * shape->dst_stride;
        const uint8_t *in[MAX_KERNEL];

        load_filter(&filter, from, c, kernel);
        AR_UNROLL
        for (size_t r = 0; r < kernel; r++)
            in[r] = rows[r] + c * shape->src_stride - kernel / 2;
        if (ar_neon_filter8_is_small(&filter.end))
            filter_fours(out, in, &filter, shape, kernel, stride, true);
        else
            filter_fours(out, in, &filter, shape, kernel, stride, false);
    }
}

void ar_dwconv8_3x3_row_s1_neon(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                const struct ar_dwconv8_filter *restrict filter,
                                const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 1);
}

void ar_dwconv8_3x3_row_s2_neon(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                const struct ar_dwconv8_filter *restrict filter,
                                const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 2);
}

void ar_dwconv8_5x5_row_s1_neon(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                const struct ar_dwconv8_filter *restrict filter,
                                const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 1);
}

void ar_dwconv8_5x5_row_s2_neon(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                const struct ar_dwconv8_filter *restrict filter,
                                const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 2);
}
