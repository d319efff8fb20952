/* SPDX-License-Identifier: MIT */
#include "tests/kernels/picture.h"

#include "nn/tensor.h"

static const struct ar_image_layout layouts[] = {
    [AR_IMAGE_YUV420] = { .planes = AR_IMAGE_YUV420,
                          .offset = { 0.45F, 0.44F, 0.46F, 0.43F, 0.502F, 0.51F },
                          .gain = 4.0F },
    [AR_IMAGE_RGB] = { .planes = AR_IMAGE_RGB,
                       .offset = { 0.485F, 0.456F, 0.406F },
                       .gain = 1.5F },
};

uint32_t picture_n_planes(const struct picture *picture)
{
    return picture->layout.planes == AR_IMAGE_YUV420 ? 6 : 3;
}

uint32_t picture_row_b(const struct picture *picture, enum picture_buffer row)
{
    const uint32_t width = picture->rows.width_px;
    const uint32_t sizes[AR_FRAME_N_FORMATS][PICTURE_N_ROWS] = {
        [AR_FRAME_I420] = { width, width, width / 2, width / 2 },
        [AR_FRAME_NV12] = { width, width, width, 0 },
        [AR_FRAME_YUYV] = { 2 * width, 2 * width, 0, 0 },
        [AR_FRAME_XRGB] = { 4 * width, 4 * width, 0, 0 },
    };

    return sizes[picture->format][row];
}

uint8_t *picture_row(const struct picture *picture, enum picture_buffer row)
{
    uint8_t *const rows[PICTURE_N_ROWS] = { picture->rows.y[0], picture->rows.y[1],
                                            picture->rows.u, picture->rows.v };

    return rows[row];
}

static void place_rows(struct kcheck *check, struct picture *picture)
{
    uint8_t *rows[PICTURE_N_ROWS] = { NULL };

    for (uint32_t i = 0; i < PICTURE_N_ROWS; i++) {
        const uint32_t size_b = picture_row_b(picture, i);

        if (size_b > 0)
            rows[i] = kcheck_place(check, i, size_b);
    }
    picture->rows.y[0] = rows[PICTURE_Y0];
    picture->rows.y[1] = rows[PICTURE_Y1];
    picture->rows.u = rows[PICTURE_U];
    picture->rows.v = rows[PICTURE_V];
}

void picture_place(struct kcheck *check, struct picture *picture, uint32_t index)
{
    const uint32_t n_widths = PICTURE_MAX_W_PX / 2;
    const uint32_t width_px = 2 * (1 + index % n_widths);
    const uint32_t shrink = picture->layout.planes == AR_IMAGE_YUV420 ? 2 : 1;
    struct ar_tensor planes = {
        .width = width_px / shrink,
        .height = 2 / shrink,
        .channels = picture_n_planes(picture),
    };

    check->edge = index / n_widths % KCHECK_N_EDGES;
    picture->range = index / n_widths / KCHECK_N_EDGES ? AR_FRAME_LIMITED : AR_FRAME_FULL;
    picture->layout = layouts[picture->layout.planes];
    picture->rows.width_px = width_px;
    place_rows(check, picture);
    planes.plane_stride = planes.width + kcheck_draw_below(check, 9);
    planes.row_stride = planes.channels * planes.plane_stride + kcheck_draw_below(check, 9);
    picture->n_floats = (planes.height - 1) * planes.row_stride +
                        (planes.channels - 1) * planes.plane_stride + planes.width;
    picture->planes =
        kcheck_place(check, PICTURE_PLANES, picture->n_floats * sizeof(*picture->planes));
    ar_image_scale_init(&picture->scale, &picture->layout,
                        picture->format == AR_FRAME_XRGB ? AR_FRAME_FULL : picture->range,
                        &planes);
}

void picture_where(struct kcheck *check, const struct picture *picture, const char *verb)
{
    static const char *const formats[AR_FRAME_N_FORMATS] = { "I420", "NV12", "YUYV", "XRGB" };

    kcheck_where(check, "%s %s %s %s planes, width %u, %s range, %s", check->tier.tier, verb,
                 formats[picture->format],
                 picture->layout.planes == AR_IMAGE_YUV420 ? "yuv420" : "rgb",
                 picture->rows.width_px,
                 picture->range == AR_FRAME_LIMITED ? "limited" : "full",
                 kcheck_edge_name(check->edge));
}

struct picture_colour picture_bytes(const struct picture *picture, uint32_t row, uint32_t x)
{
    const struct ar_image_rows *const rows = &picture->rows;
    const uint32_t block = x / 2;
    const uint8_t *const pair = rows->y[row] + (size_t)block * 4;
    const uint8_t *const pixel = rows->y[row] + (size_t)x * 4;

    switch (picture->format) {
    case AR_FRAME_NV12:
        return (
            struct picture_colour){ { rows->y[row][x], rows->u[x & ~1u], rows->u[x | 1u] } };
    case AR_FRAME_YUYV:
        return (struct picture_colour){ { pair[x % 2 ? 2 : 0], pair[1], pair[3] } };
    case AR_FRAME_XRGB:
        return (struct picture_colour){ { pixel[2], pixel[1], pixel[0] } };
    default:
        return (struct picture_colour){ { rows->y[row][x], rows->u[block], rows->v[block] } };
    }
}

struct picture_colour picture_widen(const struct picture *picture, struct picture_colour bytes)
{
    const double *const c = bytes.c;

    if (picture->range == AR_FRAME_FULL)
        return bytes;
    return (struct picture_colour){ { (c[0] - 16.0) * 255.0 / 219.0,
                                      (c[1] - 128.0) * 255.0 / 224.0 + 128.0,
                                      (c[2] - 128.0) * 255.0 / 224.0 + 128.0 } };
}

struct picture_colour picture_narrow(const struct picture *picture, struct picture_colour yuv)
{
    const double *const c = yuv.c;

    if (picture->range == AR_FRAME_FULL)
        return yuv;
    return (struct picture_colour){ { c[0] * 219.0 / 255.0 + 16.0,
                                      (c[1] - 128.0) * 224.0 / 255.0 + 128.0,
                                      (c[2] - 128.0) * 224.0 / 255.0 + 128.0 } };
}

struct picture_colour picture_yuv_of_rgb(struct picture_colour rgb)
{
    const double y = (9798.0 * rgb.c[0] + 19235.0 * rgb.c[1] + 3735.0 * rgb.c[2]) / 32768.0;

    return (struct picture_colour){ { y, (rgb.c[2] - y) / 1.772 + 128.0,
                                      (rgb.c[0] - y) / 1.402 + 128.0 } };
}

struct picture_colour picture_rgb_of_yuv(struct picture_colour yuv)
{
    const double u = yuv.c[1] - 128.0;
    const double v = yuv.c[2] - 128.0;

    return (struct picture_colour){ {
        yuv.c[0] + 1.402 * v,
        yuv.c[0] - 0.114 * 1.772 / 0.587 * u - 0.299 * 1.402 / 0.587 * v,
        yuv.c[0] + 1.772 * u,
    } };
}

float *picture_plane(const struct picture *picture, uint32_t row, uint32_t plane)
{
    return picture->planes + row * picture->scale.plane_row_stride +
           plane * picture->scale.plane_stride;
}
