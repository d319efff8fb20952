/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>

#include "nn/arm/lanes_neon.h"
#include "nn/arm/neon.h"
#include "nn/tile.h"

/*
 * A group of pixels of a channel at a time: four vectors, whose sums hide each other's latencies. Taps beside
 * a vector are unaligned loads, of which one in four crosses a cache line: with one load and one
 * multiply-add a cycle (Cortex-A72), or two of each (Cortex-A76), both kinds of pipe are full, and putting
 * taps together from neighbours would give the fuller one more to do. Weights are used by lane.
 */
#define LANES      AR_NEON_LANES
#define GROUP      AR_NEON_GROUP
#define MAX_KERNEL 5
#define MAX_TAPS   (MAX_KERNEL * MAX_KERNEL)

/* A filter's weights, four to a vector: 9 and 25 of them leave one over. */
AR_TILE void load_weights(float32x4_t *weights, const float *taps, size_t n_taps)
{
    AR_UNROLL
    for (size_t i = 0; i < n_taps / LANES; i++)
        weights[i] = vld1q_f32(taps + i * LANES);
    weights[n_taps / LANES] = vld1q_dup_f32(taps + n_taps - 1);
}

/*
 * Column `column` of a row's taps for a vector of pixels; `in` is the first column. With a stride of 2 a pair
 * of vectors has two columns.
 */
AR_TILE float32x4_t load_tap(const float *in, size_t column, size_t stride)
{
    const float *const pair = in + column / 2 * 2;

    if (stride == 1)
        return vld1q_f32(in + column);
    return column % 2 == 0 ? vuzp1q_f32(vld1q_f32(pair), vld1q_f32(pair + LANES))
                           : vuzp2q_f32(vld1q_f32(pair), vld1q_f32(pair + LANES));
}

AR_TILE void plane(float *restrict dst, const float *const *restrict rows, size_t at,
                   const float *restrict taps, size_t n_pixels, size_t kernel, size_t stride)
{
    float32x4_t weights[MAX_TAPS / LANES + 1];
    const float *in[MAX_KERNEL];

    load_weights(weights, taps, kernel * kernel);
    AR_UNROLL
    for (size_t r = 0; r < kernel; r++)
        in[r] = rows[r] + at - kernel / 2;
    for (size_t x = 0; x < n_pixels; x += GROUP * LANES) {
        float32x4_t sum[GROUP];

        AR_UNROLL
        for (size_t i = 0; i < kernel * kernel; i++) {
            const float weight = weights[i / LANES][i % LANES];

            AR_UNROLL
            for (size_t v = 0; v < GROUP; v++) {
                const float32x4_t tap =
                    load_tap(in[i / kernel] + v * LANES * stride, i % kernel, stride);

                sum[v] = i == 0 ? vmulq_n_f32(tap, weight) : vfmaq_n_f32(sum[v], tap, weight);
            }
        }
        AR_UNROLL
        for (size_t r = 0; r < kernel; r++)
            in[r] += GROUP * LANES * stride;
        AR_UNROLL
        for (size_t v = 0; v < GROUP; v++)
            vst1q_f32(dst + x + v * LANES, sum[v]);
    }
}

AR_TILE void dwconv_row(float *restrict dst, const float *const *restrict rows,
                        const float *restrict weights,
                        const struct ar_dwconv_shape *restrict shape, size_t kernel,
                        size_t stride)
{
    const size_t n_pixels = ar_tensor_whole(shape->width);

    for (size_t y = 0; y < shape->height; y++)
        for (size_t c = 0; c < shape->channels; c++)
            plane(dst + y * shape->dst_row_stride + c * shape->dst_stride, rows + y * stride,
                  c * shape->src_stride, weights + c * kernel * kernel, n_pixels, kernel,
                  stride);
}

void ar_dwconv3x3_row_s1_neon(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 3, 1);
}

void ar_dwconv3x3_row_s2_neon(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 3, 2);
}

void ar_dwconv5x5_row_s1_neon(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 5, 1);
}

void ar_dwconv5x5_row_s2_neon(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    dwconv_row(dst, rows, weights, shape, 5, 2);
}
