/* SPDX-License-Identifier: MIT */
#include "decoder/blend.h"

#include <assert.h>
#include <errno.h>
#include <libyuv.h>
#include <math.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/recode.h"
#include "base/workers.h"

#define MEMORY_ALIGN 64

/* Of a share. */
#define WHOLE 256

/* A worker's own: one pair of rows on its way from the camera's format to the one that is shown. */
struct strip {
    struct ar_recode recode;
    struct ar_frame rows;
};

struct ar_decoder_blend {
    struct ar_frame_shape shape; /* of what is shown */
    uint32_t n_workers;
    struct strip strips[AR_WORKERS_MAX];

    uint32_t camera_share; /* of WHOLE */
    uint64_t fade_us;
    struct ar_frame *before; /* a fade's first picture; NULL: no fade */

    /* The frame under way. */
    const struct ar_frame *in;
    bool is_same_shape; /* the camera's rows can be mixed as they are */
    uint32_t before_share;
};

static int strip_init(struct strip *strip, const struct ar_frame_shape *shape)
{
    const struct ar_frame_shape pair = { shape->width_px, 2, shape->format, shape->range };
    uint8_t *memory = aligned_alloc(MEMORY_ALIGN, ar_frame_size_b(&pair));

    if (!memory)
        return -ENOMEM;
    ar_frame_map(&strip->rows, &pair, memory);
    return ar_recode_init(&strip->recode, shape->width_px);
}

static void strip_finish(struct strip *strip)
{
    free(strip->rows.planes[0].data);
    ar_recode_finish(&strip->recode);
}

int ar_decoder_blend_create(struct ar_decoder_blend **out, const struct ar_frame_shape *shape,
                            uint32_t n_workers)
{
    struct ar_decoder_blend *blend = calloc(1, sizeof(*blend));
    int ret = 0;

    assert(n_workers <= AR_WORKERS_MAX);
    *out = NULL;
    if (!blend)
        return -ENOMEM;
    blend->shape = *shape;
    blend->n_workers = n_workers;
    for (uint32_t i = 0; i < n_workers && ret == 0; i++)
        ret = strip_init(&blend->strips[i], shape);
    if (ret < 0) {
        ar_decoder_blend_destroy(blend);
        return ret;
    }
    *out = blend;
    return 0;
}

void ar_decoder_blend_destroy(struct ar_decoder_blend *blend)
{
    if (!blend)
        return;
    ar_decoder_blend_forget(blend);
    for (uint32_t i = 0; i < blend->n_workers; i++)
        strip_finish(&blend->strips[i]);
    free(blend);
}

void ar_decoder_blend_set_params(struct ar_decoder_blend *blend,
                                 const struct ar_decoder_blend_params *params)
{
    blend->camera_share =
        WHOLE - (uint32_t)lround(fmin(fmax(params->strength, 0.0), 1.0) * WHOLE);
    blend->fade_us = params->fade_us;
}

void ar_decoder_blend_fade_from(struct ar_decoder_blend *blend, struct ar_frame *shown)
{
    ar_decoder_blend_forget(blend);
    /* Where nothing of a painting is seen, a change of style is not either. */
    if (blend->fade_us > 0 && blend->camera_share < WHOLE)
        blend->before = ar_frame_ref(shown);
}

void ar_decoder_blend_forget(struct ar_decoder_blend *blend)
{
    ar_frame_unref(&blend->before);
}

bool ar_decoder_blend_has_camera(const struct ar_decoder_blend *blend)
{
    return blend->camera_share > 0;
}

bool ar_decoder_blend_has_fade(const struct ar_decoder_blend *blend)
{
    return blend->before != NULL;
}

/* What is left of the picture before: gently away, gently to nothing. 0 once the fade is over. */
static uint32_t share_after(uint64_t elapsed_us, uint64_t fade_us)
{
    double x;

    if (elapsed_us >= fade_us)
        return 0;
    x = (double)elapsed_us / (double)fade_us;
    return WHOLE - (uint32_t)lround(x * x * (3.0 - 2.0 * x) * WHOLE);
}

/* The fade begins with its first picture, so that the second one has already moved on. */
static void begin_fade(struct ar_decoder_blend *blend, uint64_t now_us)
{
    const uint64_t then_us = blend->before->arrival_us;

    blend->before_share = share_after(now_us > then_us ? now_us - then_us : 0, blend->fade_us);
    if (blend->before_share == 0)
        ar_decoder_blend_forget(blend);
}

static void begin_camera(struct ar_decoder_blend *blend, const struct ar_frame *in)
{
    assert(in->shape.width_px == blend->shape.width_px &&
           in->shape.height_px == blend->shape.height_px);
    blend->in = in;
    blend->is_same_shape = ar_recode_is_same(&in->shape, &blend->shape);
}

bool ar_decoder_blend_begin(struct ar_decoder_blend *blend, const struct ar_frame *in)
{
    if (blend->before)
        begin_fade(blend, in->arrival_us);
    if (blend->camera_share > 0)
        begin_camera(blend, in);
    return blend->before || blend->camera_share > 0;
}

/*
 * Moves rows towards those of another picture, in place, by a share of WHOLE and rounded to nearest. libyuv knows no
 * whole: that is a copy.
 */
static void mix_rows(uint8_t *to, uint32_t to_stride_b, const uint8_t *from,
                     uint32_t from_stride_b, uint32_t width_b, uint32_t n_rows, uint32_t share)
{
    if (share == WHOLE)
        CopyPlane(from, from_stride_b, to, to_stride_b, width_b, n_rows);
    else
        InterpolatePlane(to, to_stride_b, from, from_stride_b, to, to_stride_b, width_b, n_rows,
                         share);
}

/* Row pair `pair` of a painted frame, and pair `over_pair` of a frame of the same format. */
static void mix_pair(struct ar_frame *painted, uint32_t pair, const struct ar_frame *over,
                     uint32_t over_pair, uint32_t share)
{
    const struct ar_frame_shape *shape = &painted->shape;

    for (uint32_t p = 0; p < ar_frame_n_planes(shape->format); p++) {
        const uint32_t n_rows = ar_frame_plane_rows(shape, p) / (shape->height_px / 2);
        const struct ar_frame_plane *to = &painted->planes[p];
        const struct ar_frame_plane *from = &over->planes[p];

        mix_rows(to->data + (size_t)pair * n_rows * to->stride_b, to->stride_b,
                 from->data + (size_t)over_pair * n_rows * from->stride_b, from->stride_b,
                 ar_frame_plane_width_b(shape, p), n_rows, share);
    }
}

static void mix_camera(const struct ar_decoder_blend *blend, struct ar_frame *painted,
                       uint32_t pair, struct strip *strip)
{
    if (blend->is_same_shape) {
        mix_pair(painted, pair, blend->in, pair, blend->camera_share);
        return;
    }
    ar_recode_pairs(&strip->recode, &strip->rows, 0, blend->in, pair, 1);
    mix_pair(painted, pair, &strip->rows, 0, blend->camera_share);
}

void ar_decoder_blend_rows(struct ar_decoder_blend *blend, struct ar_frame *painted,
                           uint32_t first, uint32_t end, uint32_t worker)
{
    for (uint32_t pair = first; pair < end; pair++) {
        if (blend->camera_share > 0)
            mix_camera(blend, painted, pair, &blend->strips[worker]);
        if (blend->before)
            mix_pair(painted, pair, blend->before, pair, blend->before_share);
    }
}
