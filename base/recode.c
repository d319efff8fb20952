/* SPDX-License-Identifier: MIT */
#include "base/recode.h"

#include <assert.h>
#include <errno.h>
#include <libyuv.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define ALIGN_B     64
#define STRIP_PAIRS 4

int ar_recode_init(struct ar_recode *recode, uint32_t width_px)
{
    const struct ar_frame_shape shape = { width_px, 2 * STRIP_PAIRS, AR_FRAME_I420,
                                          AR_FRAME_FULL };
    uint8_t *memory = aligned_alloc(ALIGN_B, ar_frame_size_b(&shape));

    *recode = (struct ar_recode){ 0 };
    if (!memory)
        return -ENOMEM;
    ar_frame_map(&recode->strip, &shape, memory);
    return 0;
}

void ar_recode_finish(struct ar_recode *recode)
{
    free(recode->strip.planes[0].data);
    *recode = (struct ar_recode){ 0 };
}

bool ar_recode_is_same(const struct ar_frame_shape *a, const struct ar_frame_shape *b)
{
    return a->width_px == b->width_px && a->height_px == b->height_px &&
           a->format == b->format && (a->range == b->range || a->format == AR_FRAME_XRGB);
}

/* ---- to and from planes of the same range; XRGB has none, and takes that of the planes */

typedef void way_fn(const struct ar_frame *in, const struct ar_frame *out);

static void planes_of_nv12(const struct ar_frame *in, const struct ar_frame *out)
{
    const struct ar_frame_plane *a = in->planes;
    const struct ar_frame_plane *b = out->planes;

    NV12ToI420(a[0].data, a[0].stride_b, a[1].data, a[1].stride_b, b[0].data, b[0].stride_b,
               b[1].data, b[1].stride_b, b[2].data, b[2].stride_b, in->shape.width_px,
               in->shape.height_px);
}

static void planes_of_yuyv(const struct ar_frame *in, const struct ar_frame *out)
{
    const struct ar_frame_plane *b = out->planes;

    YUY2ToI420(in->planes[0].data, in->planes[0].stride_b, b[0].data, b[0].stride_b, b[1].data,
               b[1].stride_b, b[2].data, b[2].stride_b, in->shape.width_px,
               in->shape.height_px);
}

/* J: full range. */
static void planes_of_xrgb(const struct ar_frame *in, const struct ar_frame *out)
{
    const struct ar_frame_plane *b = out->planes;

    (out->shape.range == AR_FRAME_FULL ? ARGBToJ420
                                       : ARGBToI420)(in->planes[0].data, in->planes[0].stride_b,
                                                     b[0].data, b[0].stride_b, b[1].data,
                                                     b[1].stride_b, b[2].data, b[2].stride_b,
                                                     in->shape.width_px, in->shape.height_px);
}

static void nv12_of_planes(const struct ar_frame *in, const struct ar_frame *out)
{
    const struct ar_frame_plane *a = in->planes;
    const struct ar_frame_plane *b = out->planes;

    I420ToNV12(a[0].data, a[0].stride_b, a[1].data, a[1].stride_b, a[2].data, a[2].stride_b,
               b[0].data, b[0].stride_b, b[1].data, b[1].stride_b, in->shape.width_px,
               in->shape.height_px);
}

static void yuyv_of_planes(const struct ar_frame *in, const struct ar_frame *out)
{
    const struct ar_frame_plane *a = in->planes;

    I420ToYUY2(a[0].data, a[0].stride_b, a[1].data, a[1].stride_b, a[2].data, a[2].stride_b,
               out->planes[0].data, out->planes[0].stride_b, in->shape.width_px,
               in->shape.height_px);
}

static void xrgb_of_planes(const struct ar_frame *in, const struct ar_frame *out)
{
    const struct ar_frame_plane *a = in->planes;

    I420ToARGBMatrix(a[0].data, a[0].stride_b, a[1].data, a[1].stride_b, a[2].data,
                     a[2].stride_b, out->planes[0].data, out->planes[0].stride_b,
                     in->shape.range == AR_FRAME_FULL ? &kYuvJPEGConstants : &kYuvI601Constants,
                     in->shape.width_px, in->shape.height_px);
}

/* Of one format. */
static void copy(const struct ar_frame *in, const struct ar_frame *out)
{
    for (uint32_t p = 0; p < ar_frame_n_planes(in->shape.format); p++)
        CopyPlane(in->planes[p].data, in->planes[p].stride_b, out->planes[p].data,
                  out->planes[p].stride_b, ar_frame_plane_width_b(&in->shape, p),
                  ar_frame_plane_rows(&in->shape, p));
}

static const struct {
    way_fn *to_planes;
    way_fn *from_planes;
} ways[AR_FRAME_N_FORMATS] = {
    [AR_FRAME_I420] = { copy, copy },
    [AR_FRAME_NV12] = { planes_of_nv12, nv12_of_planes },
    [AR_FRAME_YUYV] = { planes_of_yuyv, yuyv_of_planes },
    [AR_FRAME_XRGB] = { planes_of_xrgb, xrgb_of_planes },
};

/* ---- from one range to the other, which libyuv does not do */

/*
 * byte = ((byte - low, within 0 and span) * mul + add) / 256. All of it fits 16 bits unsigned, and no table is looked up:
 * compilers make vectors of it. The ends of a range and no colour come out exactly, the rest within 0.7 of a level.
 */
struct stretch {
    uint8_t low;
    uint8_t span;
    uint16_t mul;
    uint16_t add;
};

/* By the range that comes out, for luma, then for chroma. */
static const struct stretch stretches[][2] = {
    [AR_FRAME_FULL] = { { 16, 219, 298, 136 }, { 16, 224, 291, 304 } },
    [AR_FRAME_LIMITED] = { { 0, 255, 220, 16 * 256 + 108 }, { 0, 255, 225, 16 * 256 } },
};

static void stretch_row(uint8_t *row, size_t n_b, const struct stretch *stretch)
{
    const struct stretch s = *stretch;

    for (size_t i = 0; i < n_b; i++) {
        const uint8_t above = row[i] > s.low ? (uint8_t)(row[i] - s.low) : 0;
        const uint8_t within = above < s.span ? above : s.span;

        row[i] = (uint8_t)((uint16_t)(within * s.mul + s.add) >> 8);
    }
}

static void stretch_planes(const struct ar_frame *planes, enum ar_frame_range range)
{
    for (uint32_t p = 0; p < 3; p++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&planes->shape, p); y++)
            stretch_row(planes->planes[p].data + (size_t)y * planes->planes[p].stride_b,
                        ar_frame_plane_width_b(&planes->shape, p),
                        &stretches[range][p > 0 ? 1 : 0]);
}

/* ---- both */

/* Some pairs of rows as a picture of their own. */
static struct ar_frame rows_of(const struct ar_frame *frame, uint32_t pair, uint32_t n_pairs)
{
    struct ar_frame rows = { .shape = frame->shape };

    rows.shape.height_px = 2 * n_pairs;
    for (uint32_t p = 0; p < ar_frame_n_planes(frame->shape.format); p++) {
        const uint32_t n_rows = ar_frame_plane_rows(&rows.shape, p) / n_pairs;
        const struct ar_frame_plane *plane = &frame->planes[p];

        rows.planes[p].stride_b = plane->stride_b;
        rows.planes[p].data = plane->data + (size_t)pair * n_rows * plane->stride_b;
    }
    return rows;
}

static bool is_stretched(const struct ar_frame_shape *from, const struct ar_frame_shape *to)
{
    return from->format != AR_FRAME_XRGB && to->format != AR_FRAME_XRGB &&
           from->range != to->range;
}

static void recode_rows(const struct ar_frame *strip, struct ar_frame *out,
                        const struct ar_frame *in)
{
    const bool to_planes = out->shape.format == AR_FRAME_I420;
    struct ar_frame planes = { .shape = to_planes ? out->shape : strip->shape };

    if (in->shape.format == AR_FRAME_I420 && !is_stretched(&in->shape, &out->shape)) {
        ways[out->shape.format].from_planes(in, out);
        return;
    }
    memcpy(planes.planes, to_planes ? out->planes : strip->planes, sizeof(planes.planes));
    planes.shape.height_px = in->shape.height_px;
    planes.shape.range = in->shape.format == AR_FRAME_XRGB ? out->shape.range : in->shape.range;
    ways[in->shape.format].to_planes(in, &planes);
    if (is_stretched(&in->shape, &out->shape))
        stretch_planes(&planes, out->shape.range);
    if (!to_planes)
        ways[out->shape.format].from_planes(&planes, out);
}

/* By strips, so that what the first step has made is still at hand for the next. */
static uint32_t pairs_at_once(const struct ar_frame_shape *from,
                              const struct ar_frame_shape *to, uint32_t n_pairs)
{
    const bool has_planes = from->format == AR_FRAME_I420 || to->format == AR_FRAME_I420;

    return has_planes && !is_stretched(from, to) ? n_pairs : STRIP_PAIRS;
}

void ar_recode_pairs(struct ar_recode *recode, struct ar_frame *out, uint32_t out_pair,
                     const struct ar_frame *in, uint32_t in_pair, uint32_t n_pairs)
{
    const bool is_same = ar_recode_is_same(&in->shape, &out->shape);
    const uint32_t at_once = pairs_at_once(&in->shape, &out->shape, n_pairs);

    assert(in->shape.width_px == out->shape.width_px &&
           in->shape.width_px == recode->strip.shape.width_px);
    assert(in_pair + n_pairs <= in->shape.height_px / 2);
    assert(out_pair + n_pairs <= out->shape.height_px / 2);
    for (uint32_t done = 0; done < n_pairs; done += at_once) {
        const uint32_t n = ar_min_u32(n_pairs - done, at_once);
        const struct ar_frame from = rows_of(in, in_pair + done, n);
        struct ar_frame to = rows_of(out, out_pair + done, n);

        if (is_same)
            copy(&from, &to);
        else
            recode_rows(&recode->strip, &to, &from);
    }
}
