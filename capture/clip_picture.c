/* SPDX-License-Identifier: MIT */
#include "capture/clip_picture.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <stdbool.h>

#include "base/macros.h"
#include "capture/bt601.h"

static bool is_rgb(const AVFrame *picture)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(picture->format);

    return format && (format->flags & AV_PIX_FMT_FLAG_RGB);
}

static bool is_planar_420(const AVFrame *picture)
{
    return picture->format == AV_PIX_FMT_YUV420P || picture->format == AV_PIX_FMT_YUVJ420P;
}

enum ar_frame_range ar_clip_picture_range(const AVFrame *picture)
{
    const bool full =
        picture->color_range == AVCOL_RANGE_JPEG || picture->format == AV_PIX_FMT_YUVJ420P ||
        picture->format == AV_PIX_FMT_YUVJ422P || picture->format == AV_PIX_FMT_YUVJ444P;

    return full || is_rgb(picture) ? AR_FRAME_FULL : AR_FRAME_LIMITED;
}

/* Scales and converts; the luma equation stays the source's. */
static int convert(struct SwsContext **sws, const AVFrame *src, struct ar_frame *frame)
{
    const struct ar_frame_shape *shape = &frame->shape;
    const int *table = sws_getCoefficients(SWS_CS_ITU601);
    uint8_t *const dst[4] = { frame->planes[0].data, frame->planes[1].data,
                              frame->planes[2].data };
    const int dst_stride_b[4] = { (int)frame->planes[0].stride_b,
                                  (int)frame->planes[1].stride_b,
                                  (int)frame->planes[2].stride_b };

    *sws = sws_getCachedContext(*sws, src->width, src->height, src->format,
                                (int)shape->width_px, (int)shape->height_px, AV_PIX_FMT_YUV420P,
                                SWS_BILINEAR, NULL, NULL, NULL);
    if (!*sws)
        return -EIO;
    sws_setColorspaceDetails(*sws, table, ar_clip_picture_range(src) == AR_FRAME_FULL, table,
                             shape->range == AR_FRAME_FULL, 0, 1 << 16, 1 << 16);
    sws_scale(*sws, (const uint8_t *const *)src->data, src->linesize, 0, src->height, dst,
              dst_stride_b);
    return 0;
}

static void copy(const AVFrame *src, struct ar_frame *frame)
{
    for (uint32_t p = 0; p < 3; p++)
        av_image_copy_plane(frame->planes[p].data, (int)frame->planes[p].stride_b, src->data[p],
                            src->linesize[p], (int)ar_frame_plane_width_b(&frame->shape, p),
                            (int)ar_frame_plane_rows(&frame->shape, p));
}

/* True when the picture's bytes can be taken as they are; an odd last row or column is left out. */
static bool fits_as_is(const AVFrame *src, const struct ar_frame_shape *shape)
{
    return is_planar_420(src) && ((uint32_t)src->width & ~1u) == shape->width_px &&
           ((uint32_t)src->height & ~1u) == shape->height_px &&
           ar_clip_picture_range(src) == shape->range;
}

/* Video that does not say is BT.709 when it is larger than television was. */
static bool luma_weights(const AVFrame *picture, double *kr, double *kb)
{
    static const struct {
        enum AVColorSpace space;
        double kr;
        double kb;
    } equations[] = {
        { AVCOL_SPC_BT709, 0.2126, 0.0722 },
        { AVCOL_SPC_SMPTE240M, 0.212, 0.087 },
        { AVCOL_SPC_BT2020_NCL, 0.2627, 0.0593 },
        { AVCOL_SPC_BT2020_CL, 0.2627, 0.0593 },
    };
    enum AVColorSpace space = picture->colorspace;

    if (is_rgb(picture))
        return false;
    if (space == AVCOL_SPC_UNSPECIFIED && (picture->width >= 1280 || picture->height > 576))
        space = AVCOL_SPC_BT709;
    for (size_t i = 0; i < AR_ARRAY_LEN(equations); i++) {
        if (equations[i].space == space) {
            *kr = equations[i].kr;
            *kb = equations[i].kb;
            return true;
        }
    }
    return false;
}

int ar_clip_picture_write(struct SwsContext **sws, const AVFrame *picture,
                          struct ar_frame *frame)
{
    double kr;
    double kb;

    if (fits_as_is(picture, &frame->shape)) {
        copy(picture, frame);
    } else {
        const int ret = convert(sws, picture, frame);

        if (ret < 0)
            return ret;
    }
    if (luma_weights(picture, &kr, &kb)) {
        const struct ar_bt601 matrix = ar_bt601_from(kr, kb, frame->shape.range);

        ar_bt601_apply(&matrix, frame);
    }
    return 0;
}
