/* SPDX-License-Identifier: MIT */
#include "nn/orient.h"

#include <assert.h>
#include <libyuv.h>
#include <string.h>

#include "base/macros.h"
#include "nn/transpose.h"

/* Rows of YUYV that are unpacked at once, to stay in the nearest caches until they are columns: chroma's are whole tiles. */
#define STRIP_ROWS (2 * AR_TRANSPOSE_TILE_B)

/* Slots of the kernels: log2 of the bytes of an element of each plane, and how rows are mirrored. */
static const struct {
    uint8_t element[3];
    uint8_t mirror[3];
} slots[AR_FRAME_N_FORMATS] = {
    [AR_FRAME_I420] = { { 0, 0, 0 }, { 0, 0, 0 } },
    [AR_FRAME_NV12] = { { 0, 1 }, { 0, 1 } },
    [AR_FRAME_YUYV] = { { 2 }, { AR_KERNELS_YUYV_PAIR } },
    [AR_FRAME_XRGB] = { { 2 }, { 2 } },
};

struct ar_orient ar_orient_of(uint32_t n_quarters, bool mirrors, bool flips)
{
    /* A quarter turns rows into columns; the picture's top comes to lie on the right, or with three on the left. */
    return (struct ar_orient){ .transposes = n_quarters % 2 == 1,
                               .mirrors = (n_quarters == 1 || n_quarters == 2) != mirrors,
                               .flips = (n_quarters == 2 || n_quarters == 3) != flips };
}

bool ar_orient_is_plain(struct ar_orient orient)
{
    return !orient.transposes && !orient.mirrors && !orient.flips;
}

struct ar_frame_shape ar_orient_shape(struct ar_orient orient,
                                      const struct ar_frame_shape *shape)
{
    struct ar_frame_shape turned = *shape;

    if (!orient.transposes)
        return turned;
    turned.width_px = shape->height_px;
    turned.height_px = shape->width_px;
    if (shape->format == AR_FRAME_YUYV)
        turned.format = AR_FRAME_I420;
    return turned;
}

static const uint8_t *row_of(const struct ar_frame *frame, uint32_t plane, uint32_t y)
{
    return frame->planes[plane].data + (size_t)y * frame->planes[plane].stride_b;
}

static void reorder_plane(const struct ar_kernels *kernels, struct ar_orient orient,
                          const struct ar_frame *in, struct ar_frame *out, uint32_t plane)
{
    const uint32_t width_b = ar_frame_plane_width_b(&in->shape, plane);
    const uint32_t n_rows = ar_frame_plane_rows(&in->shape, plane);
    const uint32_t n = width_b >> slots[in->shape.format].element[plane];
    ar_mirror_row_fn *const mirror = kernels->mirror_row[slots[in->shape.format].mirror[plane]];

    for (uint32_t y = 0; y < n_rows; y++) {
        uint8_t *const dst = out->planes[plane].data + (size_t)y * out->planes[plane].stride_b;
        const uint8_t *const src = row_of(in, plane, orient.flips ? n_rows - 1 - y : y);

        if (orient.mirrors)
            mirror(dst, src, n);
        else
            memcpy(dst, src, width_b);
    }
}

/* Rows of a plane, from row `first` of `n_all` on, as columns into a plane of the turned picture. */
static void turn_rows(ar_transpose_fn *transpose, struct ar_orient orient,
                      struct ar_transpose rows, const struct ar_frame_plane *out,
                      uint32_t size_b, uint32_t first, uint32_t n_all)
{
    const uint32_t column = orient.mirrors ? n_all - first - rows.height : first;

    rows.dst = out->data + (size_t)column * size_b;
    rows.dst_stride_b = out->stride_b;
    if (orient.mirrors) {
        rows.src += ((ptrdiff_t)rows.height - 1) * rows.src_stride_b;
        rows.src_stride_b = -rows.src_stride_b;
    }
    if (orient.flips) {
        rows.dst += ((ptrdiff_t)rows.width - 1) * rows.dst_stride_b;
        rows.dst_stride_b = -rows.dst_stride_b;
    }
    transpose(&rows);
}

static void turn_plane(const struct ar_kernels *kernels, struct ar_orient orient,
                       const struct ar_frame *in, struct ar_frame *out, uint32_t plane)
{
    const uint8_t slot = slots[in->shape.format].element[plane];
    const uint32_t n_rows = ar_frame_plane_rows(&in->shape, plane);
    const struct ar_transpose rows = {
        .src = in->planes[plane].data,
        .src_stride_b = in->planes[plane].stride_b,
        .width = ar_frame_plane_width_b(&in->shape, plane) >> slot,
        .height = n_rows,
    };

    turn_rows(kernels->transpose[slot], orient, rows, &out->planes[plane], 1u << slot, 0,
              n_rows);
}

/* A strip of YUYV rows as planes of their own. */
struct strip {
    uint8_t luma[STRIP_ROWS][AR_FRAME_MAX_W_PX];
    uint8_t chroma[2][STRIP_ROWS / 2][AR_FRAME_MAX_W_PX / 2];
};

static void turn_yuyv(const struct ar_kernels *kernels, struct ar_orient orient,
                      const struct ar_frame *in, struct ar_frame *out)
{
    const uint32_t height = in->shape.height_px;
    struct strip strip;

    for (uint32_t y = 0; y < height; y += STRIP_ROWS) {
        const uint32_t n_rows = ar_min_u32(STRIP_ROWS, height - y);
        const struct ar_transpose luma = { .src = strip.luma[0],
                                           .src_stride_b = sizeof(strip.luma[0]),
                                           .width = in->shape.width_px,
                                           .height = n_rows };

        YUY2ToI420(row_of(in, 0, y), in->planes[0].stride_b, strip.luma[0],
                   sizeof(strip.luma[0]), strip.chroma[0][0], sizeof(strip.chroma[0][0]),
                   strip.chroma[1][0], sizeof(strip.chroma[1][0]), in->shape.width_px, n_rows);
        turn_rows(kernels->transpose[0], orient, luma, &out->planes[0], 1, y, height);
        for (uint32_t p = 0; p < 2; p++) {
            const struct ar_transpose chroma = { .src = strip.chroma[p][0],
                                                 .src_stride_b = sizeof(strip.chroma[p][0]),
                                                 .width = in->shape.width_px / 2,
                                                 .height = n_rows / 2 };

            turn_rows(kernels->transpose[0], orient, chroma, &out->planes[p + 1], 1, y / 2,
                      height / 2);
        }
    }
}

void ar_orient_frame(const struct ar_kernels *kernels, struct ar_orient orient,
                     const struct ar_frame *in, struct ar_frame *out)
{
    const struct ar_frame_shape shape = ar_orient_shape(orient, &in->shape);

    assert(out->shape.width_px == shape.width_px && out->shape.height_px == shape.height_px &&
           out->shape.format == shape.format);
    if (orient.transposes && in->shape.format == AR_FRAME_YUYV) {
        turn_yuyv(kernels, orient, in, out);
        return;
    }
    for (uint32_t p = 0; p < ar_frame_n_planes(in->shape.format); p++) {
        if (orient.transposes)
            turn_plane(kernels, orient, in, out, p);
        else
            reorder_plane(kernels, orient, in, out, p);
    }
}
