/* SPDX-License-Identifier: MIT */
#include "display/scale.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "display/scale_across.h"

#define NO_ROW UINT32_MAX

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

int ar_scaler_init(struct ar_scaler *scaler, uint32_t source_width_px,
                   uint32_t source_height_px, uint32_t width_px, uint32_t height_px)
{
    assert(source_width_px >= 2 && source_height_px >= 2);
    *scaler = (struct ar_scaler){
        .source_width_px = source_width_px,
        .width_px = width_px,
        .across = make_taps(source_width_px, width_px),
        .down = make_taps(source_height_px, height_px),
        .wide = { calloc(width_px, sizeof(uint32_t)), calloc(width_px, sizeof(uint32_t)) },
        .row = calloc(width_px, sizeof(uint32_t)),
    };
    if (scaler->across && scaler->down && scaler->wide[0] && scaler->wide[1] && scaler->row)
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
    free(scaler->row);
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
    ar_scale_across(wide, source, scaler->across, scaler->width_px);
    scaler->wide_row[y % 2] = y;
    return wide;
}

/*
 * Rounded as across. Nothing here is wider than 16 bits (255 * 256 + 128 fits), and compilers see
 * it: a vector of any machine takes as many bytes at once as it holds 16-bit lanes.
 */
static void blend_rows(uint8_t *restrict out, const uint8_t *restrict above,
                       const uint8_t *restrict below, size_t n_b, uint32_t weight_q8)
{
    const uint16_t of_below = (uint16_t)weight_q8;
    const uint16_t of_above = (uint16_t)(256 - weight_q8);

    for (size_t i = 0; i < n_b; i++) {
        const uint16_t a = (uint16_t)(above[i] * of_above);
        const uint16_t b = (uint16_t)(below[i] * of_below);

        out[i] = (uint8_t)((uint16_t)(a + b + 128) >> 8);
    }
}

const uint32_t *ar_scaler_row(struct ar_scaler *scaler, uint32_t y)
{
    const struct ar_scale_tap *tap = &scaler->down[y];
    const uint32_t *above;
    const uint32_t *below;

    if (tap->weight_q8 == 0)
        return wide_row(scaler, tap->first);
    if (tap->weight_q8 == 256)
        return wide_row(scaler, tap->first + 1);
    above = wide_row(scaler, tap->first);
    below = wide_row(scaler, tap->first + 1);
    blend_rows((uint8_t *)scaler->row, (const uint8_t *)above, (const uint8_t *)below,
               (size_t)scaler->width_px * sizeof(uint32_t), tap->weight_q8);
    return scaler->row;
}
