/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nn/arm/dot_lane.h"
#include "nn/arm/dotprod.h"
#include "nn/arm/filter8_neon.h"
#include "nn/tile.h"

/*
 * A lane is four bytes of a row, and a dot product is the three taps that a pixel has in it. As a pixel's taps may be the
 * first three bytes or the last three, by where the zero among the weights is, a load serves two pixels
 * of a lane, one and its neighbour: no byte is moved. A load from two bytes on serves the other two. Five taps are in two
 * fours, which leaves them four places: a load and the next one serve all pixels of a lane.
 */
#define LANES       AR_NEON_LANES
#define GROUP       AR_NEON_GROUP
#define FOURS       ((size_t)4)
#define MAX_KERNEL  5
#define MAX_PLACES  4
#define MAX_VECTORS 3

/* Places that a row's taps can have in their fours: pixels that a load serves. */
AR_TILE size_t n_places(size_t kernel)
{
    return 4 * ar_dwconv8_fours(kernel) - kernel + 1;
}

/* A channel's weights: their fours are lanes. */
struct channel {
    int8x16_t weights[MAX_PLACES][MAX_VECTORS];
};

/* What four channels are filtered with. */
struct filter {
    struct channel channels[FOURS];
    struct ar_neon_filter8 end;
};

/* Weights at another place of the fours of a row. */
AR_TILE int8x16_t moved(int8x16_t weights, size_t place, size_t kernel)
{
    const int64_t bits = 8 * (int64_t)place;

    if (ar_dwconv8_fours(kernel) == 1)
        return vreinterpretq_s8_s32(
            vshlq_s32(vreinterpretq_s32_s8(weights), vdupq_n_s32((int32_t)bits)));
    return vreinterpretq_s8_s64(vshlq_s64(vreinterpretq_s64_s8(weights), vdupq_n_s64(bits)));
}

AR_TILE void load_filter(struct filter *restrict filter,
                         const struct ar_dwconv8_filter *restrict from, size_t c, size_t kernel)
{
    const size_t size_b = kernel * ar_dwconv8_fours(kernel) * 4;

    ar_neon_filter8_load(&filter->end, from, c);
    AR_UNROLL
    for (size_t i = 0; i < FOURS; i++) {
        int8_t weights[16 * MAX_VECTORS] = { 0 };

        memcpy(weights, from->weights + (c + i) * size_b, size_b);
        AR_UNROLL
        for (size_t v = 0; v < (size_b + 15) / 16; v++) {
            const int8x16_t vector = vld1q_s8(weights + 16 * v);

            AR_UNROLL
            for (size_t place = 0; place < n_places(kernel); place++)
                filter->channels[i].weights[place][v] = moved(vector, place, kernel);
        }
    }
}

/* Adds to the pixels that a load of a row serves, from pixel `first` of each lane on; `four`: of the row's. */
AR_TILE void add_load(int32x4_t *restrict sum, const uint8_t *restrict in, size_t first,
                      size_t four, const struct channel *restrict channel, size_t kernel,
                      size_t stride)
{
    const int8x16_t bytes = ar_neon_filter8_in(in);

    AR_UNROLL
    for (size_t place = 0; place < n_places(kernel); place += stride) {
        int32x4_t *const one = sum + (first + place) / stride;

        *one = ar_dot_lane(*one, bytes, channel->weights[place][four / 4], four % 4);
        if (stride == 2)
            one[2] = ar_dot_lane(one[2], ar_neon_filter8_in(in + 16),
                                 channel->weights[place][four / 4], four % 4);
    }
}

/*
 * The sums of a group of pixels of channel i; `at` is the first one's left tap in each row. With a stride of 1 sum[v] has
 * every fourth pixel from v on; else sum[0] and sum[1] have the first eight, by turns, and the others the rest.
 */
AR_TILE void add_up(int32x4_t *restrict sum, const uint8_t *const *restrict in, size_t at,
                    const struct filter *restrict filter, size_t i, size_t kernel,
                    size_t stride)
{
    const size_t fours = ar_dwconv8_fours(kernel);

    AR_UNROLL
    for (size_t v = 0; v < GROUP; v++)
        sum[v] = ar_neon_filter8_start(&filter->end, i);
    AR_UNROLL
    for (size_t r = 0; r < kernel; r++) {
        AR_UNROLL
        for (size_t first = 0; first < 4; first += n_places(kernel)) {
            AR_UNROLL
            for (size_t f = 0; f < fours; f++)
                add_load(sum, in[r] + at + first + 4 * f, first, r * fours + f,
                         &filter->channels[i], kernel, stride);
        }
    }
}

/* A group of pixels of channel i: with a stride of 1 pixel 4 * a + b is byte 4 * b + a, else all are in order. */
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
        return ar_neon_filter8_bytes(vuzp1q_u16(whole[0], whole[1]),
                                     vuzp1q_u16(whole[2], whole[3]));
    return ar_neon_filter8_bytes(vtrn1q_u16(whole[0], whole[1]),
                                 vtrn1q_u16(whole[2], whole[3]));
}

/* Four channels of a group of pixels, each pixel's together. */
AR_TILE void store_fours(uint8_t *restrict out, const uint8x16_t *restrict bytes, size_t stride)
{
    uint8x16_t fours[FOURS];

    if (stride == 1) {
        const uint16x8_t one = vreinterpretq_u16_u8(vtrn1q_u8(bytes[0], bytes[1]));
        const uint16x8_t two = vreinterpretq_u16_u8(vtrn1q_u8(bytes[2], bytes[3]));
        const uint16x8_t three = vreinterpretq_u16_u8(vtrn2q_u8(bytes[0], bytes[1]));
        const uint16x8_t four = vreinterpretq_u16_u8(vtrn2q_u8(bytes[2], bytes[3]));

        fours[0] = vreinterpretq_u8_u16(vtrn1q_u16(one, two));
        fours[1] = vreinterpretq_u8_u16(vtrn1q_u16(three, four));
        fours[2] = vreinterpretq_u8_u16(vtrn2q_u16(one, two));
        fours[3] = vreinterpretq_u8_u16(vtrn2q_u16(three, four));
    } else {
        const uint8x16_t one = vzip1q_u8(bytes[0], bytes[2]);
        const uint8x16_t two = vzip1q_u8(bytes[1], bytes[3]);
        const uint8x16_t three = vzip2q_u8(bytes[0], bytes[2]);
        const uint8x16_t four = vzip2q_u8(bytes[1], bytes[3]);

        fours[0] = vzip1q_u8(one, two);
        fours[1] = vzip2q_u8(one, two);
        fours[2] = vzip1q_u8(three, four);
        fours[3] = vzip2q_u8(three, four);
    }
    AR_UNROLL
    for (size_t v = 0; v < GROUP; v++)
        vst1q_u8(out + v * LANES * FOURS, fours[v]);
}

AR_TILE void filter_fours(uint8_t *restrict out, const uint8_t *const *restrict in,
                          const struct filter *restrict filter,
                          const struct ar_dwconv8_shape *restrict shape, size_t kernel,
                          size_t stride, bool is_small)
{
    const size_t n_pixels = ar_tensor_whole(shape->width);

    for (size_t x = 0; x < n_pixels; x += GROUP * LANES) {
        uint8x16_t bytes[FOURS];

        AR_UNROLL
        for (size_t i = 0; i < FOURS; i++)
            bytes[i] = filtered(in, i * shape->src_stride + x * stride, filter, i, kernel,
                                stride, is_small);
        store_fours(out + x * FOURS, bytes, stride);
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

void ar_dwconv8_3x3_row_s1_dotprod(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                   const struct ar_dwconv8_filter *restrict filter,
                                   const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 1);
}

void ar_dwconv8_3x3_row_s2_dotprod(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                   const struct ar_dwconv8_filter *restrict filter,
                                   const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 3, 2);
}

void ar_dwconv8_5x5_row_s1_dotprod(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                   const struct ar_dwconv8_filter *restrict filter,
                                   const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 1);
}

void ar_dwconv8_5x5_row_s2_dotprod(uint8_t *restrict dst, const uint8_t *const *restrict rows,
                                   const struct ar_dwconv8_filter *restrict filter,
                                   const struct ar_dwconv8_shape *restrict shape)
{
    dwconv8_row(dst, rows, filter, shape, 5, 2);
}
