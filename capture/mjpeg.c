/* SPDX-License-Identifier: MIT */
#include "capture/mjpeg.h"

#include <errno.h>
#include <libyuv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "base/macros.h"

/* Less cannot hold a JPEG's headers; cameras send such stubs when light is low. */
#define JPEG_MIN_B 128

/* The largest block that a JPEG rounds its size up to. */
#define JPEG_BLOCK_PX 32

#define NEUTRAL_CHROMA 128

/* Pictures in a row that look damaged before that is taken for the camera's way. */
#define DAMAGED_MAX 10

struct ar_mjpeg {
    tjhandle turbo;
    uint32_t width_px; /* of the JPEG */
    uint32_t height_px;
    uint32_t out_width_px; /* as it is decoded */
    uint32_t out_height_px;
    uint8_t *planes[3]; /* whole pictures of that size each, for what is not 4:2:0 */
    uint32_t stride_b;
    uint32_t n_damaged; /* in a row, at most DAMAGED_MAX */
};

int ar_mjpeg_create(struct ar_mjpeg **out, uint32_t width_px, uint32_t height_px,
                    uint32_t shrink_log2)
{
    const tjscalingfactor scale = { 1, 1 << shrink_log2 };
    struct ar_mjpeg *mjpeg = calloc(1, sizeof(*mjpeg));

    *out = NULL;
    if (!mjpeg)
        return -ENOMEM;
    mjpeg->turbo = tjInitDecompress();
    mjpeg->width_px = width_px;
    mjpeg->height_px = height_px;
    mjpeg->out_width_px = (uint32_t)TJSCALED((int)width_px, scale);
    mjpeg->out_height_px = (uint32_t)TJSCALED((int)height_px, scale);
    mjpeg->stride_b = (uint32_t)ar_align_up(mjpeg->out_width_px, JPEG_BLOCK_PX);
    for (uint32_t p = 0; p < 3; p++) {
        mjpeg->planes[p] =
            malloc((size_t)mjpeg->stride_b * ar_align_up(mjpeg->out_height_px, JPEG_BLOCK_PX));
        if (!mjpeg->turbo || !mjpeg->planes[p]) {
            ar_mjpeg_destroy(mjpeg);
            return -ENOMEM;
        }
    }
    *out = mjpeg;
    return 0;
}

void ar_mjpeg_destroy(struct ar_mjpeg *mjpeg)
{
    if (!mjpeg)
        return;
    if (mjpeg->turbo)
        tjDestroy(mjpeg->turbo);
    for (uint32_t p = 0; p < 3; p++)
        free(mjpeg->planes[p]);
    free(mjpeg);
}

/* Start and end markers are there. Drivers pad with zeros behind the end. */
static bool is_whole(const uint8_t *data, size_t size_b)
{
    if (size_b < JPEG_MIN_B || data[0] != 0xff || data[1] != 0xd8)
        return false;
    while (size_b > JPEG_MIN_B && data[size_b - 1] == 0)
        size_b--;
    return data[size_b - 2] == 0xff && data[size_b - 1] == 0xd9;
}

/*
 * Whether to drop a picture that the library warned about: a code that is none, pictures too short for their size.
 * Bytes too many are how some cameras pad, and do no harm.
 */
static int judge(struct ar_mjpeg *mjpeg)
{
    if (tjGetErrorCode(mjpeg->turbo) == TJERR_FATAL)
        return -EINVAL;
    if (strstr(tjGetErrorStr2(mjpeg->turbo), "extraneous bytes") ||
        mjpeg->n_damaged == DAMAGED_MAX)
        return 0;
    mjpeg->n_damaged++;
    return -EINVAL;
}

/*
 * The fast transform has its own scale of coefficients, and the library prepares chroma for it even where it then
 * transforms to a smaller size with another one: wrong colours, so it is only for whole pictures.
 */
static int decode_planes(struct ar_mjpeg *mjpeg, const uint8_t *data, size_t size_b,
                         uint8_t **planes, int strides_b[3])
{
    const bool whole = mjpeg->out_width_px == mjpeg->width_px;
    const int ret =
        tjDecompressToYUVPlanes(mjpeg->turbo, data, (unsigned long)size_b, planes,
                                (int)mjpeg->out_width_px, strides_b, (int)mjpeg->out_height_px,
                                TJFLAG_LIMITSCANS | (whole ? TJFLAG_FASTDCT : 0));

    if (ret < 0)
        return judge(mjpeg);
    mjpeg->n_damaged = 0;
    return 0;
}

static int decode_direct(struct ar_mjpeg *mjpeg, const uint8_t *data, size_t size_b,
                         const struct ar_frame *frame)
{
    uint8_t *planes[3] = { frame->planes[0].data, frame->planes[1].data,
                           frame->planes[2].data };
    int strides_b[3] = { (int)frame->planes[0].stride_b, (int)frame->planes[1].stride_b,
                         (int)frame->planes[2].stride_b };

    return decode_planes(mjpeg, data, size_b, planes, strides_b);
}

/* Chroma on any grid to half of the picture's each way: the mean where the grid is finer. */
static void halve_chroma(const struct ar_frame_plane *dst, const struct ar_frame_shape *shape,
                         const uint8_t *src, uint32_t src_stride_b, int subsampling)
{
    const uint32_t step_x = (uint32_t)tjMCUWidth[subsampling] / 8;
    const uint32_t step_y = (uint32_t)tjMCUHeight[subsampling] / 8;

    ScalePlane(src, src_stride_b, (shape->width_px + step_x - 1) / step_x,
               (shape->height_px + step_y - 1) / step_y, dst->data, dst->stride_b,
               shape->width_px / 2, shape->height_px / 2, kFilterBilinear);
}

static int decode_through(struct ar_mjpeg *mjpeg, const uint8_t *data, size_t size_b,
                          struct ar_frame *frame, int subsampling)
{
    uint8_t *planes[3] = { mjpeg->planes[0], mjpeg->planes[1], mjpeg->planes[2] };
    int strides_b[3] = { (int)mjpeg->stride_b, (int)mjpeg->stride_b, (int)mjpeg->stride_b };
    const struct ar_frame_shape *shape = &frame->shape;
    const int ret = decode_planes(mjpeg, data, size_b, planes, strides_b);

    if (ret < 0)
        return ret;
    CopyPlane(planes[0], strides_b[0], frame->planes[0].data, frame->planes[0].stride_b,
              shape->width_px, shape->height_px);
    for (uint32_t p = 1; p < 3; p++) {
        if (subsampling == TJSAMP_GRAY)
            SetPlane(frame->planes[p].data, frame->planes[p].stride_b, shape->width_px / 2,
                     shape->height_px / 2, NEUTRAL_CHROMA);
        else
            halve_chroma(&frame->planes[p], shape, mjpeg->planes[p], mjpeg->stride_b,
                         subsampling);
    }
    return 0;
}

int ar_mjpeg_decode(struct ar_mjpeg *mjpeg, const uint8_t *data, size_t size_b,
                    struct ar_frame *frame)
{
    int width_px;
    int height_px;
    int subsampling;
    int colours;

    if (!is_whole(data, size_b) ||
        tjDecompressHeader3(mjpeg->turbo, data, (unsigned long)size_b, &width_px, &height_px,
                            &subsampling, &colours) < 0)
        return -EINVAL;
    if ((uint32_t)width_px != mjpeg->width_px || (uint32_t)height_px != mjpeg->height_px ||
        (colours != TJCS_YCbCr && colours != TJCS_GRAY) || subsampling < 0 ||
        subsampling >= TJ_NUMSAMP)
        return -EINVAL;
    if (subsampling == TJSAMP_420 && frame->shape.width_px == mjpeg->out_width_px &&
        frame->shape.height_px == mjpeg->out_height_px)
        return decode_direct(mjpeg, data, size_b, frame);
    return decode_through(mjpeg, data, size_b, frame, subsampling);
}
