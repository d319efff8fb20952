/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/videodev2.h>

#include "base/frame.h"
#include "capture/v4l2_convert.h"

/*
 * What a camera's formats mean to us: which we read, what they become, how well one answers what was asked,
 * where its planes lie. Pure; any thread.
 */

/* How a plane follows from the picture's size: (width >> shift_x) * step_b bytes, height >> shift_y rows. */
struct ar_v4l2_plane_shape {
    uint8_t shift_x;
    uint8_t shift_y;
    uint8_t step_b; /* 0: no such plane */
};

struct ar_v4l2_format {
    uint32_t fourcc;
    const char *name;
    enum ar_frame_format frame;  /* what the frames are */
    uint32_t cost;               /* of reading it, in the score's unit */
    ar_v4l2_convert_fn *convert; /* NULL: JPEG, decoded on the way */
    bool rgb;                    /* as the kernel's rules for colour understand it */
    bool split;                  /* each plane in memory of its own */
    struct ar_v4l2_plane_shape planes[AR_V4L2_MAX_PLANES];
};

/* NULL for a format that we do not read. */
const struct ar_v4l2_format *ar_v4l2_format_find(uint32_t fourcc);

/* "YUYV": four letters and a terminator, dots for what is not printable. */
void ar_v4l2_fourcc_text(char text[5], uint32_t fourcc);

/* What comes from a sensor before anything has made a picture of it. */
bool ar_v4l2_is_raw(const struct v4l2_fmtdesc *description);

/* A driver's answer about its format, from either interface. Nothing in it has been checked. */
struct ar_v4l2_pix {
    uint32_t fourcc;
    uint32_t width_px;
    uint32_t height_px;
    uint32_t n_memory; /* memory planes; 1 on the single-planar interface */
    uint32_t stride_b[AR_V4L2_MAX_PLANES];
    uint32_t colorspace;
    uint32_t ycbcr_enc;
    uint32_t quantization;
};

struct ar_v4l2_pix ar_v4l2_pix_from(const struct v4l2_format *format);

struct ar_v4l2_mode {
    const struct ar_v4l2_format *format;
    uint32_t width_px;
    uint32_t height_px;
    struct v4l2_fract interval; /* seconds per frame; 0/0: not known */
    uint32_t shrink_log2; /* JPEG is decoded to a half or a quarter each way: 1, 2; else 0 */
};

struct ar_v4l2_wish {
    uint32_t width_px;
    uint32_t height_px;
    uint32_t rate_millihz;
};

/* 0: the interval says nothing. */
uint32_t ar_v4l2_rate_millihz(struct v4l2_fract interval);

/* Of a JPEG as it is decoded, rounded up as the decoder does. */
static inline uint32_t ar_v4l2_shrink(uint32_t side_px, uint32_t shrink_log2)
{
    return (side_px + (1u << shrink_log2) - 1) >> shrink_log2;
}

/* Near enough to the wish: 29.97 is what a wish for 30 means to many cameras, and more is enough as well. */
bool ar_v4l2_is_rate(uint32_t rate_millihz, uint32_t wish_millihz);

/* How far a mode is from the wish: 0 is what was asked, at no cost. Size weighs most, then rate, then cost. */
uint32_t ar_v4l2_score(const struct ar_v4l2_mode *mode, const struct ar_v4l2_wish *wish);

/* The size nearest to the wish in a range. */
void ar_v4l2_nearest_size(const struct v4l2_frmsize_stepwise *range,
                          const struct ar_v4l2_wish *wish, uint32_t *width_px,
                          uint32_t *height_px);

struct ar_v4l2_plane {
    uint32_t memory; /* which of the buffer's memory planes it lies in */
    size_t offset_b;
    uint32_t stride_b;
};

struct ar_v4l2_layout {
    struct ar_v4l2_plane planes[AR_V4L2_MAX_PLANES];
    uint32_t n_memory;
    size_t size_b[AR_V4L2_MAX_PLANES]; /* that a whole picture has, per memory plane */
};

/* Where the planes of a raw picture lie in a buffer. False when no such picture can be. */
bool ar_v4l2_layout(struct ar_v4l2_layout *layout, const struct ar_v4l2_format *format,
                    const struct ar_v4l2_pix *pix);

/*
 * The weights of red and blue in the luma that the driver declares, or that the kernel's rules imply. False for
 * BT.601, as frames are, and where there is no luma.
 */
bool ar_v4l2_luma_weights(const struct ar_v4l2_format *format, const struct ar_v4l2_pix *pix,
                          double *kr, double *kb);

/* The range that the driver declares, or that the kernel's rules imply. */
enum ar_frame_range ar_v4l2_range(const struct ar_v4l2_format *format,
                                  const struct ar_v4l2_pix *pix);
