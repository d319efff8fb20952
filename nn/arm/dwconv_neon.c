/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/lanes_neon.h"
#include "nn/arm/neon.h"
#include "nn/tile.h"

/*
 * A tile is some neighbouring output pixels of 4 channels: 8 sums, a tap row's 3 or 5 weights
 * and a source pixel fill half of the registers. Channels are the inner loop, so that a source
 * row passes through L1 once.
 */
#define TILE_PIXELS 8
#define MAX_KERNEL  5

/* What one call works on. */
struct job {
    float *dst;
    const float *const *rows;
    const float *weights;
    const struct ar_dwconv_shape *shape;
};

/* Floats from pixel 0's centre to the first tap of output pixel x. */
AR_TILE ptrdiff_t first_tap(const struct job *restrict job, size_t x, size_t kernel,
                            size_t stride)
{
    const ptrdiff_t px = (ptrdiff_t)(x * stride) - (ptrdiff_t)(kernel / 2);

    return px * (ptrdiff_t)job->shape->src_stride;
}

/* Output pixels [x, x + n_pixels) of the 4 channels from c on. */
AR_TILE void tile(const struct job *restrict job, size_t x, size_t c, size_t kernel,
                  size_t stride, size_t n_pixels)
{
    const ptrdiff_t src_stride = (ptrdiff_t)job->shape->src_stride;
    const ptrdiff_t first = first_tap(job, x, kernel, stride) + (ptrdiff_t)c;
    const float *weights = job->weights + c;
    float32x4_t sum[TILE_PIXELS];

    AR_UNROLL
    for (size_t p = 0; p < n_pixels; p++)
        sum[p] = vdupq_n_f32(0.0F);
    for (size_t row = 0; row < kernel; row++) {
        const float *const in = job->rows[row] + first;
        float32x4_t weight[MAX_KERNEL];

        AR_UNROLL
        for (size_t k = 0; k < kernel; k++) {
            weight[k] = vld1q_f32(weights);
            weights += job->shape->weight_stride;
        }
        AR_UNROLL
        for (size_t p = 0; p < n_pixels; p++) {
            AR_UNROLL
            for (size_t k = 0; k < kernel; k++) {
                const float *const px = in + (ptrdiff_t)(p * stride + k) * src_stride;

                sum[p] = vfmaq_f32(sum[p], vld1q_f32(px), weight[k]);
            }
        }
    }
    AR_UNROLL
    for (size_t p = 0; p < n_pixels; p++)
        vst1q_f32(job->dst + (x + p) * job->shape->dst_stride + c, sum[p]);
}

/* One output of one channel: what is left of a pixel when its channels are no whole vectors. */
AR_TILE void single(const struct job *restrict job, size_t x, size_t c, size_t kernel,
                    size_t stride)
{
    const ptrdiff_t first = first_tap(job, x, kernel, stride) + (ptrdiff_t)c;
    const float *weight = job->weights + c;
    float sum = 0.0F;

    for (size_t row = 0; row < kernel; row++) {
        const float *tap = job->rows[row] + first;

        for (size_t k = 0; k < kernel; k++) {
            sum += *tap * *weight;
            tap += job->shape->src_stride;
            weight += job->shape->weight_stride;
        }
    }
    job->dst[x * job->shape->dst_stride + c] = sum;
}

AR_TILE void tile_of_all_channels(const struct job *restrict job, size_t x, size_t kernel,
                                  size_t stride, size_t n_pixels)
{
    const size_t channels = job->shape->channels;
    size_t c = 0;

    for (; channels - c >= AR_NEON_LANES; c += AR_NEON_LANES)
        tile(job, x, c, kernel, stride, n_pixels);
    for (; c < channels; c++)
        for (size_t p = 0; p < n_pixels; p++)
            single(job, x + p, c, kernel, stride);
}

AR_TILE void dwconv_row(const struct job *restrict job, size_t kernel, size_t stride)
{
    const size_t width = job->shape->width;
    size_t x = 0;

    for (; width - x >= TILE_PIXELS; x += TILE_PIXELS)
        tile_of_all_channels(job, x, kernel, stride, TILE_PIXELS);
    for (; x < width; x++)
        tile_of_all_channels(job, x, kernel, stride, 1);
}

void ar_dwconv3x3_row_s1_neon(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    const struct job job = { dst, rows, weights, shape };

    dwconv_row(&job, 3, 1);
}

void ar_dwconv3x3_row_s2_neon(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    const struct job job = { dst, rows, weights, shape };

    dwconv_row(&job, 3, 2);
}

void ar_dwconv5x5_row_s1_neon(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    const struct job job = { dst, rows, weights, shape };

    dwconv_row(&job, 5, 1);
}

void ar_dwconv5x5_row_s2_neon(float *restrict dst, const float *const *restrict rows,
                              const float *restrict weights,
                              const struct ar_dwconv_shape *restrict shape)
{
    const struct job job = { dst, rows, weights, shape };

    dwconv_row(&job, 5, 2);
}
