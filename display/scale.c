/* SPDX-License-Identifier: MIT */
#include "display/scale.h"

#include <assert.h>
#include <errno.h>
#include <libyuv.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define NO_ROW UINT32_MAX

/* Columns that are made at once: the last of them may lie beyond the row's end, for nothing. */
#define GROUP_PX 4u

struct ar_scale_group {
    uint32_t first[GROUP_PX];
    uint16_t weight_q8[GROUP_PX][4]; /* the same for each byte of a pixel */
};

struct ar_scale_rect ar_scale_fit(uint32_t source_width_px, uint32_t source_height_px,
                                  uint32_t width_px, uint32_t height_px)
{
    uint64_t by_width = (uint64_t)width_px * source_height_px;
    uint64_t by_height = (uint64_t)height_px * source_width_px;
    struct ar_scale_rect rect = { .width_px = width_px, .height_px = height_px };

    if (by_width <= by_height)
        rect.height_px = (uint32_t)((by_width + source_width_px / 2) / source_width_px);
    else
        rect.width_px = (uint32_t)((by_height + source_height_px / 2) / source_height_px);
    rect.width_px = ar_max_u32(rect.width_px, 1);
    rect.height_px = ar_max_u32(rect.height_px, 1);
    rect.x_px = (width_px - rect.width_px) / 2;
    rect.y_px = (height_px - rect.height_px) / 2;
    return rect;
}

/* By pixel centres: pixel i of n lies at (i + 1/2) * n_source / n - 1/2, kept inside the source. */
static struct ar_scale_tap *make_taps(uint32_t n_source, uint32_t n)
{
    struct ar_scale_tap *taps = calloc(n, sizeof(*taps));

    for (uint32_t i = 0; taps && i < n; i++) {
        uint64_t centre_q8 = ((2 * (uint64_t)i + 1) * n_source * 256 + n) / (2 * (uint64_t)n);
        uint32_t at_q8 = centre_q8 < 128 ? 0 : (uint32_t)(centre_q8 - 128);

        at_q8 = ar_min_u32(at_q8, (n_source - 1) * 256);
        taps[i].first = ar_min_u32(at_q8 / 256, n_source - 2);
        taps[i].weight_q8 = at_q8 - taps[i].first * 256;
    }
    return taps;
}

static uint32_t n_groups_of(uint32_t width_px)
{
    return (width_px + GROUP_PX - 1) / GROUP_PX;
}

static struct ar_scale_group *make_groups(uint32_t n_source, uint32_t n)
{
    struct ar_scale_tap *taps = make_taps(n_source, n);
    struct ar_scale_group *groups = calloc(n_groups_of(n), sizeof(*groups));

    for (uint32_t i = 0; taps && groups && i < n; i++) {
        struct ar_scale_group *group = &groups[i / GROUP_PX];

        group->first[i % GROUP_PX] = taps[i].first;
        for (uint32_t byte = 0; byte < 4; byte++)
            group->weight_q8[i % GROUP_PX][byte] = (uint16_t)taps[i].weight_q8;
    }
    if (!taps) {
        free(groups);
        groups = NULL;
    }
    free(taps);
    return groups;
}

int ar_scaler_init(struct ar_scaler *scaler, uint32_t source_width_px,
                   uint32_t source_height_px, uint32_t width_px, uint32_t height_px)
{
    const size_t row_px = (size_t)n_groups_of(width_px) * GROUP_PX;

    assert(source_width_px >= 2 && source_height_px >= 2);
    *scaler = (struct ar_scaler){
        .source_width_px = source_width_px,
        .width_px = width_px,
        .across = make_groups(source_width_px, width_px),
        .down = make_taps(source_height_px, height_px),
        .wide = { calloc(row_px, sizeof(uint32_t)), calloc(row_px, sizeof(uint32_t)) },
    };
    if (scaler->across && scaler->down && scaler->wide[0] && scaler->wide[1])
        return 0;
    ar_scaler_finish(scaler);
    return -ENOMEM;
}

void ar_scaler_finish(struct ar_scaler *scaler)
{
    free(scaler->across);
    free(scaler->down);
    free(scaler->wide[0]);
    free(scaler->wide[1]);
    *scaler = (struct ar_scaler){ 0 };
}

void ar_scaler_begin(struct ar_scaler *scaler, const struct ar_frame *frame)
{
    assert(frame->shape.format == AR_FRAME_XRGB);
    assert(frame->shape.width_px == scaler->source_width_px);
    scaler->frame = frame;
    scaler->wide_row[0] = NO_ROW;
    scaler->wide_row[1] = NO_ROW;
}

/* ---- across: libyuv's scaler allocates for each picture, and puts a larger one's edges on the source's outermost pixels */

/* What SSE2 and NEON have, as GCC and Clang write it. */
typedef uint8_t bytes_vector __attribute__((vector_size(16)));
typedef uint16_t words_vector __attribute__((vector_size(16)));
typedef uint32_t pixels_vector __attribute__((vector_size(16)));
typedef uint64_t pairs_vector __attribute__((vector_size(16)));

/* A pixel and its neighbour, as one element: a vector that is filled by memcpy goes through memory. */
static inline pixels_vector load_two(const uint32_t *from)
{
    pairs_vector two = { 0 };
    uint64_t pair;

    memcpy(&pair, from, sizeof(pair));
    two[0] = pair;
    return (pixels_vector)two;
}

/*
 * Two pixels of a group, a word for each byte, above its upper byte. left * 256 + (right - left) * weight + 128 wraps
 * around on the way, and fits 16 bits in the end: 255 * 256 + 128.
 */
static inline words_vector blend_two(const uint32_t *source, const struct ar_scale_group *group,
                                     uint32_t i)
{
    const bytes_vector zero = { 0 };
    const bytes_vector pixels =
        (bytes_vector)__builtin_shufflevector(load_two(source + group->first[i]),
                                              load_two(source + group->first[i + 1]), 0, 4, 1,
                                              5);
    const words_vector left =
        (words_vector)__builtin_shufflevector(pixels, zero, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20,
                                              5, 21, 6, 22, 7, 23);
    const words_vector right =
        (words_vector)__builtin_shufflevector(pixels, zero, 8, 24, 9, 25, 10, 26, 11, 27, 12,
                                              28, 13, 29, 14, 30, 15, 31);
    words_vector weight_q8;

    memcpy(&weight_q8, group->weight_q8[i], sizeof(weight_q8));
    return ((left << 8) + (right - left) * weight_q8 + 128) >> 8;
}

static void blend_across(uint32_t *restrict out, const uint32_t *restrict source,
                         const struct ar_scale_group *restrict groups, uint32_t n_groups)
{
    for (uint32_t i = 0; i < n_groups; i++, out += GROUP_PX) {
        const bytes_vector low = (bytes_vector)blend_two(source, &groups[i], 0);
        const bytes_vector high = (bytes_vector)blend_two(source, &groups[i], 2);
        const bytes_vector even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14,
                                                          16, 18, 20, 22, 24, 26, 28, 30);

        memcpy(out, &even, sizeof(even));
    }
}

/* Source row y at the full width: made once, used for each row of the screen that lies beside it. */
static const uint32_t *wide_row(struct ar_scaler *scaler, uint32_t y)
{
    const struct ar_frame_plane *plane = &scaler->frame->planes[0];
    const uint32_t *source = (const void *)(plane->data + (size_t)y * plane->stride_b);
    uint32_t *wide = scaler->wide[y % 2];

    if (scaler->width_px == scaler->source_width_px)
        return source;
    if (scaler->wide_row[y % 2] == y)
        return wide;
    blend_across(wide, source, scaler->across, n_groups_of(scaler->width_px));
    scaler->wide_row[y % 2] = y;
    return wide;
}

/* ---- down: rounded as across */

void ar_scaler_row(struct ar_scaler *scaler, uint32_t y, uint8_t *out)
{
    const struct ar_scale_tap *tap = &scaler->down[y];
    const size_t width_b = (size_t)scaler->width_px * 4;
    const uint32_t *above;
    const uint32_t *below;

    if (tap->weight_q8 % 256 == 0) {
        memcpy(out, wide_row(scaler, tap->first + tap->weight_q8 / 256), width_b);
        return;
    }
    above = wide_row(scaler, tap->first);
    below = wide_row(scaler, tap->first + 1);
    InterpolatePlane((const uint8_t *)above, 0, (const uint8_t *)below, 0, out, 0, (int)width_b,
                     1, (int)tap->weight_q8);
}
