/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/videodev2.h>

#include "base/frame.h"

/*
 * What a camera's formats mean to us: which we read, how well one answers what was asked, where its planes lie.
 * Pure; any thread.
 */

struct ar_v4l2_format {
    uint32_t fourcc;
    const char *name;
    enum ar_frame_format frame; /* what the frames are */
    bool jpeg;                  /* decoded on the way */
    uint32_t cost;              /* of reading it, in the score's unit */
};

/* NULL for a format that we do not read. */
const struct ar_v4l2_format *ar_v4l2_format_find(uint32_t fourcc);

/* "YUYV": four letters and a terminator, dots for what is not printable. */
void ar_v4l2_fourcc_text(char text[5], uint32_t fourcc);

struct ar_v4l2_mode {
    const struct ar_v4l2_format *format;
    uint32_t width_px;
    uint32_t height_px;
    struct v4l2_fract interval; /* seconds per frame; 0/0: not known */
};

struct ar_v4l2_wish {
    uint32_t width_px;
    uint32_t height_px;
    uint32_t rate_millihz;
};

/* 0: the interval says nothing. */
uint32_t ar_v4l2_rate_millihz(struct v4l2_fract interval);

/* How far a mode is from the wish: 0 is what was asked, at no cost. Size weighs most, then rate, then cost. */
uint32_t ar_v4l2_score(const struct ar_v4l2_mode *mode, const struct ar_v4l2_wish *wish);

/* The size nearest to the wish in a range. */
void ar_v4l2_nearest_size(const struct v4l2_frmsize_stepwise *range,
                          const struct ar_v4l2_wish *wish, uint32_t *width_px,
                          uint32_t *height_px);

struct ar_v4l2_plane {
    size_t offset_b;
    uint32_t stride_b;
    uint32_t rows;
};

struct ar_v4l2_layout {
    struct ar_v4l2_plane planes[3];
    size_t size_b; /* that a whole picture has */
};

/* Where the planes of a raw picture lie in a buffer. False when no such picture can be. */
bool ar_v4l2_layout(struct ar_v4l2_layout *layout, enum ar_frame_format format,
                    const struct v4l2_pix_format *pix);

/* The range that the driver declares, or that the kernel's rules imply. */
enum ar_frame_range ar_v4l2_range(const struct v4l2_pix_format *pix);
