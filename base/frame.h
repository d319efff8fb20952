/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

/*
 * A picture in memory with its time stamps, shared by reference between threads.
 *
 * Colours are BT.601 throughout; `range` says whether luma runs 0..255 (full, JPEG) or
 * 16..235 (limited, television). Width and height are even.
 */

enum ar_frame_format {
    AR_FRAME_I420, /* planes Y, U, V; chroma at half size both ways */
    AR_FRAME_NV12, /* planes Y, UV interleaved */
    AR_FRAME_YUYV, /* one plane, Y U Y V; chroma at half width */
    AR_FRAME_XRGB, /* one plane, bytes B G R X: DRM_FORMAT_XRGB8888 */
    AR_FRAME_N_FORMATS,
};

enum ar_frame_range {
    AR_FRAME_FULL,
    AR_FRAME_LIMITED,
};

#define AR_FRAME_NOTICE_B 96

#define AR_FRAME_MIN_PX   16
#define AR_FRAME_MAX_W_PX 1920
#define AR_FRAME_MAX_H_PX 1920

struct ar_frame_shape {
    uint32_t width_px; /* even */
    uint32_t height_px;
    enum ar_frame_format format;
    enum ar_frame_range range;
};

struct ar_frame_plane {
    uint8_t *data; /* rows start on 64 byte boundaries in frames of ours */
    uint32_t stride_b;
};

struct ar_pool;

struct ar_frame {
    struct ar_frame_shape shape;
    struct ar_frame_plane planes[3];
    uint64_t sequence;   /* counts at the source, gaps are lost frames */
    uint64_t capture_us; /* monotonic: when the source exposed or released it */
    uint64_t arrival_us; /* monotonic: when it reached us, at or after capture_us */
    uint64_t painted_us; /* monotonic, set when the picture is complete */
    float width;         /* mean width multiplier that painted it; 0: not painted */
    char notice
        [AR_FRAME_NOTICE_B]; /* words to show in place of the picture, which is void; or empty */
    atomic_uint n_refs;      /* private, as what follows */
    struct ar_pool *pool;
    struct ar_frame *next;
};

/* Checks the limits above; the reason starts with `what`, the object's name. 0 or -EINVAL. */
int ar_frame_shape_check(const struct ar_frame_shape *shape, const char *what,
                         struct ar_reason *reason);

bool ar_frame_shape_equal(const struct ar_frame_shape *a, const struct ar_frame_shape *b);

/* Bytes that the planes of a frame of this shape need, rows rounded up to 64. */
size_t ar_frame_size_b(const struct ar_frame_shape *shape);

/* Points the planes of `frame` into `memory` of ar_frame_size_b() bytes, borrowed. Sets shape. */
void ar_frame_map(struct ar_frame *frame, const struct ar_frame_shape *shape, uint8_t *memory);

/* Planes that the format has, and the bytes and rows that plane i really uses. */
uint32_t ar_frame_n_planes(enum ar_frame_format format);
uint32_t ar_frame_plane_width_b(const struct ar_frame_shape *shape, uint32_t plane);
uint32_t ar_frame_plane_rows(const struct ar_frame_shape *shape, uint32_t plane);

/*
 * References keep a pool's frame out of the pool. A frame of the caller's own (zeroed, then mapped)
 * has no pool and lives as long as the caller says: ref and unref leave it alone.
 */
struct ar_frame *ar_frame_ref(struct ar_frame *frame);

/* Gives the reference back to the frame's pool and clears *frame. NULL inside is allowed. */
void ar_frame_unref(struct ar_frame **frame);

/* Copies pixels (not times) between frames of one shape. */
void ar_frame_copy(struct ar_frame *dst, const struct ar_frame *src);

/* Part of a picture, all even, so that chroma has whole pixels. */
struct ar_frame_box {
    uint32_t left_px;
    uint32_t top_px;
    uint32_t width_px;
    uint32_t height_px;
};

/* Fills a box inside the frame, or the whole of it, with one colour, given as full-range Y, U, V. */
void ar_frame_fill_box(struct ar_frame *frame, const struct ar_frame_box *box,
                       const uint8_t yuv[3]);
void ar_frame_fill(struct ar_frame *frame, const uint8_t yuv[3]);
