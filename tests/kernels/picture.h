/* SPDX-License-Identifier: MIT */
#pragma once

#include "nn/image.h"
#include "tests/kernels/kcheck.h"

/*
 * A pair of picture rows and its planes in guarded buffers, and what a conversion between them
 * should give, written down once more in double precision straight from doc/MODEL-FORMAT.md
 * and BT.601, its shares of luma in 32768ths. Colour values are full-range, 0..255, chroma around 128.
 */

#define PICTURE_MAX_W_PX 66

enum picture_buffer {
    PICTURE_Y0,
    PICTURE_Y1,
    PICTURE_U,
    PICTURE_V,
    PICTURE_N_ROWS,
    PICTURE_PLANES = PICTURE_N_ROWS, /* floats, or int8's bytes */
    PICTURE_EXPECTED,
};

struct picture {
    enum ar_frame_format format;
    enum ar_frame_range range;
    struct ar_image_layout layout;
    struct ar_image_rows rows;
    struct ar_image_scale scale;
    size_t n_floats; /* of the planes */
    float *planes;
};

struct picture_colour {
    double c[3]; /* Y U V or R G B */
};

/* Case `index` of PICTURE_N_CASES: every even width, both ranges, both edges, all places poisoned. */
#define PICTURE_N_CASES (PICTURE_MAX_W_PX / 2 * 2 * KCHECK_N_EDGES)

void picture_place(struct kcheck *check, struct picture *picture, uint32_t index);
void picture_where(struct kcheck *check, const struct picture *picture, const char *verb);

uint32_t picture_row_b(const struct picture *picture, enum picture_buffer row);
uint8_t *picture_row(const struct picture *picture, enum picture_buffer row);

/* The bytes of pixel x in row 0 or 1: Y U V, or R G B of an XRGB frame. */
struct picture_colour picture_bytes(const struct picture *picture, uint32_t row, uint32_t x);

/* Full-range colours of bytes, and bytes of full-range colours, neither rounded nor clamped. */
struct picture_colour picture_widen(const struct picture *picture, struct picture_colour bytes);
struct picture_colour picture_narrow(const struct picture *picture, struct picture_colour yuv);

struct picture_colour picture_yuv_of_rgb(struct picture_colour rgb);
struct picture_colour picture_rgb_of_yuv(struct picture_colour yuv);

uint32_t picture_n_planes(const struct picture *picture);

/* The pixels of a plane's row; yuv420 planes have one row. */
float *picture_plane(const struct picture *picture, uint32_t row, uint32_t plane);
