/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/lanes_neon.h"
#include "nn/arm/neon.h"
#include "nn/tile.h"

/*
 * A tile of 8 pixels x 8 outputs is 16 sums in registers; with 4 inputs of each pixel in 8 more and
 * two weights, 26 of 32 are in use, and 16 loads feed 64 multiply-adds. 16 sums cover a latency
 * of 8 at two multiply-adds a cycle, or 16 at one.
 */
#define TILE_PIXELS 8
#define N_VECTORS   2 /* of 4 lanes: half a block of the packed weights */
#define TILE_LANES  (N_VECTORS * AR_NEON_LANES)

/* One row's call, and what all pixels of its current 8 outputs share. */
struct group {
    const struct ar_pwconv_shape *shape;
    const float *weights;
    const float *add; /* NULL when no output of the group gets any */
    uint32_t add_stride;
    size_t n_added;
    size_t n_valid;
    bool relu;
    bool counts; /* sums are wanted */
    uint32x4_t valid[N_VECTORS];
    float32x4_t scale[N_VECTORS];
    float32x4_t bias[N_VECTORS];
    float32x4_t sum[N_VECTORS];
    float32x4_t square[N_VECTORS];
};

static size_t above(size_t count, size_t first)
{
    return count > first ? count - first : 0;
}

static void begin_group(struct group *restrict group, size_t first,
                        const struct ar_epilogue *restrict epilogue)
{
    group->n_valid = group->shape->outputs - first;
    group->n_added = epilogue->add ? above(epilogue->add_channels, first) : 0;
    group->add = group->n_added > 0 ? epilogue->add + first : NULL;
    group->add_stride = epilogue->add_stride;
    group->relu = epilogue->relu;
    group->counts = epilogue->sums != NULL;
    for (size_t v = 0; v < N_VECTORS; v++) {
        const size_t lane = v * AR_NEON_LANES;
        const size_t n_valid = above(group->n_valid, lane);
        const size_t o = n_valid > 0 ? first + lane : first;

        group->valid[v] = ar_neon_first_lanes(n_valid);
        group->scale[v] = ar_neon_load_first(epilogue->scale + o, n_valid);
        group->bias[v] = ar_neon_load_first(epilogue->bias + o, n_valid);
        group->sum[v] = vdupq_n_f32(0.0F);
        group->square[v] = vdupq_n_f32(0.0F);
    }
}

/* Hands the row's statistics out. */
static void end_group(const struct group *restrict group, float *restrict sums)
{
    float lanes[2][TILE_LANES];

    for (size_t v = 0; v < N_VECTORS; v++) {
        vst1q_f32(&lanes[0][v * AR_NEON_LANES], group->sum[v]);
        vst1q_f32(&lanes[1][v * AR_NEON_LANES], group->square[v]);
    }
    for (size_t i = 0; i < TILE_LANES && i < group->n_valid; i++) {
        sums[i] += lanes[0][i];
        sums[group->shape->outputs + i] += lanes[1][i];
    }
}

/* Stores vector v of pixel x. The number-preferring maximum turns not-a-number into zero. */
AR_TILE void finish(float *restrict dst, struct group *restrict group, size_t x, size_t v,
                    float32x4_t sum)
{
    const size_t lane = v * AR_NEON_LANES;
    float32x4_t value = vfmaq_f32(group->bias[v], sum, group->scale[v]);

    if (group->counts) {
        group->sum[v] = vaddq_f32(group->sum[v], sum);
        group->square[v] = vfmaq_f32(group->square[v], sum, sum);
    }
    if (group->relu)
        value = vmaxnmq_f32(value, vdupq_n_f32(0.0F));
    if (group->n_added > lane) {
        const float *const add = group->add + x * group->add_stride + lane;

        value = vaddq_f32(value, ar_neon_load_first(add, group->n_added - lane));
    }
    /* The lanes past the outputs computed with a wider network's weights. */
    value = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(value), group->valid[v]));
    vst1q_f32(dst + x * group->shape->dst_stride + lane, value);
}

AR_TILE void multiply(float32x4_t *restrict sum, const float *restrict src, size_t stride,
                      const float *restrict weights, size_t inputs, size_t n_pixels)
{
    size_t i = 0;

    for (; inputs - i >= AR_NEON_LANES; i += AR_NEON_LANES) {
        float32x4_t in[TILE_PIXELS];

        AR_UNROLL
        for (size_t p = 0; p < n_pixels; p++)
            in[p] = vld1q_f32(src + p * stride + i);
/* A lane's number must be a constant, which no function can demand of its argument. */
#define MULTIPLY_LANE(lane)                                                      \
    do {                                                                         \
        const float32x4_t low = vld1q_f32(weights);                              \
        const float32x4_t high = vld1q_f32(weights + AR_NEON_LANES);             \
                                                                                 \
        weights += AR_PWCONV_LANES;                                              \
        AR_UNROLL                                                                \
        for (size_t p = 0; p < n_pixels; p++) {                                  \
            sum[2 * p] = vfmaq_laneq_f32(sum[2 * p], low, in[p], lane);          \
            sum[2 * p + 1] = vfmaq_laneq_f32(sum[2 * p + 1], high, in[p], lane); \
        }                                                                        \
    } while (0)
        MULTIPLY_LANE(0);
        MULTIPLY_LANE(1);
        MULTIPLY_LANE(2);
        MULTIPLY_LANE(3);
#undef MULTIPLY_LANE
    }
    for (; i < inputs; i++) {
        const float32x4_t low = vld1q_f32(weights);
        const float32x4_t high = vld1q_f32(weights + AR_NEON_LANES);

        weights += AR_PWCONV_LANES;
        AR_UNROLL
        for (size_t p = 0; p < n_pixels; p++) {
            const float32x4_t value = vld1q_dup_f32(src + p * stride + i);

            sum[2 * p] = vfmaq_f32(sum[2 * p], low, value);
            sum[2 * p + 1] = vfmaq_f32(sum[2 * p + 1], high, value);
        }
    }
}

AR_TILE void tile(float *restrict dst, const float *restrict src, struct group *restrict group,
                  size_t x, size_t n_pixels)
{
    const size_t stride = group->shape->src_stride;
    float32x4_t sum[TILE_PIXELS * N_VECTORS];

    AR_UNROLL
    for (size_t s = 0; s < n_pixels * N_VECTORS; s++)
        sum[s] = vdupq_n_f32(0.0F);
    multiply(sum, src + x * stride, stride, group->weights, group->shape->inputs, n_pixels);
    AR_UNROLL
    for (size_t s = 0; s < n_pixels * N_VECTORS; s++)
        finish(dst, group, x + s / N_VECTORS, s % N_VECTORS, sum[s]);
}

/* A whole row for 8 outputs: full tiles, then what is left. */
static void group_row(float *restrict dst, const float *restrict src,
                      struct group *restrict group)
{
    const size_t width = group->shape->width;
    size_t x = 0;

    for (; width - x >= TILE_PIXELS; x += TILE_PIXELS)
        tile(dst, src, group, x, TILE_PIXELS);
    for (; width - x >= TILE_PIXELS / 2; x += TILE_PIXELS / 2)
        tile(dst, src, group, x, TILE_PIXELS / 2);
    for (; x < width; x++)
        tile(dst, src, group, x, 1);
}

void ar_pwconv_row_neon(float *restrict dst, const float *restrict src,
                        const float *restrict weights,
                        const struct ar_pwconv_shape *restrict shape,
                        const struct ar_epilogue *restrict epilogue)
{
    const size_t block_floats = (size_t)shape->block_inputs * AR_PWCONV_LANES;
    struct group group = { .shape = shape };

    for (size_t first = 0; first < shape->outputs; first += TILE_LANES) {
        group.weights =
            weights + first / AR_PWCONV_LANES * block_floats + first % AR_PWCONV_LANES;
        begin_group(&group, first, epilogue);
        group_row(dst + first, src, &group);
        if (group.counts)
            end_group(&group, epilogue->sums + first);
    }
}
