/* SPDX-License-Identifier: MIT */
#include "decoder/blend.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/workers.h"
#include "nn/image.h"

#define MEMORY_ALIGN 64

/* A worker's own: one pair of rows on its way from the camera's format to the one that is shown. */
struct strip {
    struct ar_tensor planes;
    struct ar_frame rows;
    void *memory;
};

struct ar_decoder_blend {
    const struct ar_kernels *kernels;
    struct ar_frame_shape shape; /* of what is shown */
    uint32_t n_workers;
    struct strip strips[AR_WORKERS_MAX];

    uint32_t camera_share; /* of AR_MIX_WHOLE */
    uint64_t fade_us;
    struct ar_frame *before; /* a fade's first picture; NULL: no fade */

    /* The frame under way. */
    const struct ar_frame *in;
    bool is_same_shape; /* the camera's rows can be mixed as they are */
    uint32_t before_share;
    struct ar_image_scale ingest;
    struct ar_image_scale emit;
};

/* By way of planes as a network has them, at no gain: bytes of any format survive that. */
static const struct ar_image_layout layout = { .planes = AR_IMAGE_YUV420, .gain = 1.0F };

static int strip_init(struct strip *strip, const struct ar_frame_shape *shape)
{
    const struct ar_frame_shape pair = { shape->width_px, 2, shape->format, shape->range };
    size_t planes_b;

    strip->planes = (struct ar_tensor){ .height = 1, .width = shape->width_px / 2 };
    planes_b = ar_tensor_floats(1, strip->planes.width, AR_IMAGE_MAX_PLANES) * sizeof(float);
    planes_b = ar_align_up(planes_b, MEMORY_ALIGN);
    strip->memory = aligned_alloc(MEMORY_ALIGN, planes_b + ar_frame_size_b(&pair));
    if (!strip->memory)
        return -ENOMEM;
    ar_tensor_place(&strip->planes, strip->memory, AR_IMAGE_MAX_PLANES);
    ar_frame_map(&strip->rows, &pair, (uint8_t *)strip->memory + planes_b);
    return 0;
}

int ar_decoder_blend_create(struct ar_decoder_blend **out, const struct ar_frame_shape *shape,
                            const struct ar_kernels *kernels, uint32_t n_workers)
{
    struct ar_decoder_blend *blend = calloc(1, sizeof(*blend));
    int ret = 0;

    assert(n_workers <= AR_WORKERS_MAX);
    *out = NULL;
    if (!blend)
        return -ENOMEM;
    blend->kernels = kernels;
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
        free(blend->strips[i].memory);
    free(blend);
}

void ar_decoder_blend_set_params(struct ar_decoder_blend *blend,
                                 const struct ar_decoder_blend_params *params)
{
    blend->camera_share =
        AR_MIX_WHOLE - (uint32_t)lround(fmin(fmax(params->strength, 0.0), 1.0) * AR_MIX_WHOLE);
    blend->fade_us = params->fade_us;
}

void ar_decoder_blend_fade_from(struct ar_decoder_blend *blend, struct ar_frame *shown)
{
    ar_decoder_blend_forget(blend);
    /* Where nothing of a painting is seen, a change of style is not either. */
    if (blend->fade_us > 0 && blend->camera_share < AR_MIX_WHOLE)
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
    return AR_MIX_WHOLE - (uint32_t)lround(x * x * (3.0 - 2.0 * x) * AR_MIX_WHOLE);
}

/* The fade begins with its first picture, so that the second one has already moved on. */
static void begin_fade(struct ar_decoder_blend *blend, uint64_t now_us)
{
    const uint64_t then_us = blend->before->arrival_us;

    blend->before_share = share_after(now_us > then_us ? now_us - then_us : 0, blend->fade_us);
    if (blend->before_share == 0)
        ar_decoder_blend_forget(blend);
}

static bool is_same_shape(const struct ar_frame_shape *a, const struct ar_frame_shape *b)
{
    return a->format == b->format && (a->range == b->range || a->format == AR_FRAME_XRGB);
}

static void begin_camera(struct ar_decoder_blend *blend, const struct ar_frame *in)
{
    const struct ar_tensor *planes = &blend->strips[0].planes;

    assert(in->shape.width_px == blend->shape.width_px &&
           in->shape.height_px == blend->shape.height_px);
    blend->in = in;
    blend->is_same_shape = is_same_shape(&in->shape, &blend->shape);
    ar_image_scale_init(&blend->ingest, &layout, ar_image_range_of(&in->shape), planes);
    ar_image_scale_init(&blend->emit, &layout, ar_image_range_of(&blend->shape), planes);
}

bool ar_decoder_blend_begin(struct ar_decoder_blend *blend, const struct ar_frame *in)
{
    if (blend->before)
        begin_fade(blend, in->arrival_us);
    if (blend->camera_share > 0)
        begin_camera(blend, in);
    return blend->before || blend->camera_share > 0;
}

/* Row pair `pair` of a painted frame, and pair `over_pair` of a frame of the same format. */
static void mix_pair(const struct ar_decoder_blend *blend, struct ar_frame *painted,
                     uint32_t pair, const struct ar_frame *over, uint32_t over_pair,
                     uint32_t share)
{
    const struct ar_frame_shape *shape = &painted->shape;

    for (uint32_t p = 0; p < ar_frame_n_planes(shape->format); p++) {
        const uint32_t n_rows = ar_frame_plane_rows(shape, p) / (shape->height_px / 2);
        const struct ar_frame_plane *to = &painted->planes[p];
        const struct ar_frame_plane *from = &over->planes[p];

        for (size_t i = 0; i < n_rows; i++)
            blend->kernels->mix_row(to->data + ((size_t)pair * n_rows + i) * to->stride_b,
                                    from->data +
                                        ((size_t)over_pair * n_rows + i) * from->stride_b,
                                    share, ar_frame_plane_width_b(shape, p));
    }
}

static void mix_camera(const struct ar_decoder_blend *blend, struct ar_frame *painted,
                       uint32_t pair, const struct strip *strip)
{
    const struct ar_image_rows camera = ar_image_rows_of_pair(blend->in, pair);
    const struct ar_image_rows shown = ar_image_rows_of_pair(&strip->rows, 0);
    const struct ar_kernels *kernels = blend->kernels;

    if (blend->is_same_shape) {
        mix_pair(blend, painted, pair, blend->in, pair, blend->camera_share);
        return;
    }
    kernels->ingest_row[AR_IMAGE_YUV420][blend->in->shape.format](strip->planes.data, &camera,
                                                                  &blend->ingest);
    kernels->emit_row[AR_IMAGE_YUV420][blend->shape.format](&shown, strip->planes.data,
                                                            &blend->emit);
    mix_pair(blend, painted, pair, &strip->rows, 0, blend->camera_share);
}

void ar_decoder_blend_rows(const struct ar_decoder_blend *blend, struct ar_frame *painted,
                           uint32_t first, uint32_t end, uint32_t worker)
{
    for (uint32_t pair = first; pair < end; pair++) {
        if (blend->camera_share > 0)
            mix_camera(blend, painted, pair, &blend->strips[worker]);
        if (blend->before)
            mix_pair(blend, painted, pair, blend->before, pair, blend->before_share);
    }
}
