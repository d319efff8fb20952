/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/frame.h"
#include "nn/kernels.h"
#include "nn/tensor.h"
#include "nn/tensor8.h"

/*
 * Picture bytes to network planes and back (doc/MODEL-FORMAT.md, "Planes"), any frame
 * format to any plane order, two picture rows at a time. No full-frame pass of its own:
 * encoder and decoder call these row by row from their workers.
 *
 * Ingest does not clamp: the network sees what the camera saw. Emit clamps to what the frame's
 * range allows and rounds to nearest; not-a-number becomes the darkest value. An XRGB frame has
 * no luma: its bytes are full range whatever its `range` says.
 */

enum ar_image_planes {
    AR_IMAGE_YUV420, /* 6 planes at half resolution */
    AR_IMAGE_RGB,    /* 3 planes at full resolution */
};

#define AR_IMAGE_MAX_PLANES 6

struct ar_image_layout {
    enum ar_image_planes planes;
    float offset[AR_IMAGE_MAX_PLANES];
    float gain;
};

/* Pointers to a pair of picture rows, as the format has them; unused ones are NULL. */
struct ar_image_rows {
    uint8_t *y[2]; /* luma rows; for packed formats the packed rows */
    uint8_t *u;    /* chroma row of the pair; for NV12 the UV row */
    uint8_t *v;
    uint32_t width_px; /* even */
};

/*
 * BT.601, full range: luma's shares, and what chroma (centred on 0) adds to each colour. Shares are whole parts, so that the luma of
 * bytes, and what a block's colours are off it, are whole numbers that every tier finds in its own way.
 */
#define AR_IMAGE_Y_BITS   15
#define AR_IMAGE_Y_WHOLE  (1 << AR_IMAGE_Y_BITS)
#define AR_IMAGE_Y_PART_R 9798
#define AR_IMAGE_Y_PART_G 19235
#define AR_IMAGE_Y_PART_B 3735

#define AR_IMAGE_Y_OF_R ((float)AR_IMAGE_Y_PART_R / AR_IMAGE_Y_WHOLE)
#define AR_IMAGE_Y_OF_G ((float)AR_IMAGE_Y_PART_G / AR_IMAGE_Y_WHOLE)
#define AR_IMAGE_Y_OF_B ((float)AR_IMAGE_Y_PART_B / AR_IMAGE_Y_WHOLE)
#define AR_IMAGE_R_OF_V 1.402F
#define AR_IMAGE_G_OF_U (-0.344136F)
#define AR_IMAGE_G_OF_V (-0.714136F)
#define AR_IMAGE_B_OF_U 1.772F

/* Chroma of a block's sum of blue, or red, less its luma, in those parts. */
#define AR_IMAGE_U_OF_SUM (0.25F / AR_IMAGE_Y_WHOLE / AR_IMAGE_B_OF_U)
#define AR_IMAGE_V_OF_SUM (0.25F / AR_IMAGE_Y_WHOLE / AR_IMAGE_R_OF_V)

/* A frame's luma or chroma byte to a full-range value and back; chroma values are centred on 0. */
struct ar_image_range {
    float widen_mul;
    float widen_add;
    float narrow_mul;
    float narrow_add; /* half included */
    float low;        /* of the byte */
    float high;
};

/* What the chroma planes add to each colour of an XRGB frame: r = v * r_of_v + r, g = u * g_of_u + v * g_of_v + g. */
struct ar_image_tints {
    float r_of_v;
    float g_of_u;
    float g_of_v;
    float b_of_u;
    float r;
    float g;
    float b;
};

/*
 * How values become planes and back, one entry per plane.
 *
 * A value is on the scale of bytes. For yuv420 planes it is the frame's own luma or chroma byte (of an
 * XRGB frame: the full-range one that its colours give); for rgb planes it is full-range R, G or B.
 *
 * Each product and each sum is rounded on its own, but in what is made of yuv420 planes a product and the sum that takes it are
 * one fused operation: every tier gives the same bits. A byte is its value within limits, cut off, which any vector unit can do
 * whatever the rounding mode; the half that makes it the nearest is in what is added. Not-a-number becomes `low`.
 */
struct ar_image_scale {
    float ingest_mul[AR_IMAGE_MAX_PLANES]; /* plane = value * mul + add */
    float ingest_add[AR_IMAGE_MAX_PLANES];
    float emit_mul[AR_IMAGE_MAX_PLANES]; /* value = plane * mul + add */
    float emit_add[AR_IMAGE_MAX_PLANES]; /* yuv420: half included */
    float low[AR_IMAGE_MAX_PLANES];      /* of the value */
    float high[AR_IMAGE_MAX_PLANES];
    struct ar_image_tints tints; /* yuv420 planes only */
    struct ar_image_range luma;  /* rgb planes only */
    struct ar_image_range chroma;
    size_t plane_stride; /* floats from one plane of a row to the next */
    size_t
        plane_row_stride; /* rgb: floats from the first plane row of the pair to the second */
};

void ar_image_scale_init(struct ar_image_scale *scale, const struct ar_image_layout *layout,
                         enum ar_frame_range range, const struct ar_tensor *planes);

/* Of a frame's bytes. Colours have none of their own: XRGB is always full. */
enum ar_frame_range ar_image_range_of(const struct ar_frame_shape *shape);

/* Where pair `pair` of a frame's rows is. */
struct ar_image_rows ar_image_rows_of_pair(const struct ar_frame *frame, uint32_t pair);

/* Plane rows of a picture: height / 2 pairs. Works on the pairs [first, end). Does not fill the halo. */
void ar_image_ingest(const struct ar_kernels *kernels, const struct ar_image_layout *layout,
                     const struct ar_tensor *planes, const struct ar_frame *frame,
                     uint32_t first, uint32_t end);
/* The same to int8's planes, in full-range bytes. */
void ar_image_ingest8(const struct ar_kernels *kernels, const struct ar_image_layout *layout,
                      const struct ar_tensor8 *planes, const struct ar_frame *frame,
                      uint32_t first, uint32_t end);
void ar_image_emit(const struct ar_kernels *kernels, const struct ar_image_layout *layout,
                   const struct ar_tensor *planes, struct ar_frame *frame, uint32_t first,
                   uint32_t end);
