/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_format.h"

#include "base/macros.h"

/*
 * The score's unit is a thousandth of the wish. A format's cost only decides between modes that answer the
 * wish equally well: 10 is a rate 0.5 % too low.
 */
static const struct ar_v4l2_format formats[] = {
    { V4L2_PIX_FMT_YUV420, "YUV420", AR_FRAME_I420, false, 0 },
    { V4L2_PIX_FMT_NV12, "NV12", AR_FRAME_NV12, false, 1 },
    { V4L2_PIX_FMT_YUYV, "YUYV", AR_FRAME_YUYV, false, 2 },
    { V4L2_PIX_FMT_MJPEG, "MJPG", AR_FRAME_I420, true, 10 },
    { V4L2_PIX_FMT_JPEG, "JPEG", AR_FRAME_I420, true, 10 },
};

#define SCORE_PER_RATE     2000 /* of the wished rate, for what is missing */
#define SCORE_NO_RATE      100  /* a driver that does not tell its rates */
#define SCORE_MAX          1000000
#define TOO_SMALL_WEIGHT   4 /* scaling up shows, scaling down only costs */
#define RATE_TOLERANCE_DIV 50

const struct ar_v4l2_format *ar_v4l2_format_find(uint32_t fourcc)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(formats); i++)
        if (formats[i].fourcc == fourcc)
            return &formats[i];
    return NULL;
}

void ar_v4l2_fourcc_text(char text[5], uint32_t fourcc)
{
    for (uint32_t i = 0; i < 4; i++) {
        const char letter = (char)(fourcc >> (8 * i) & 0x7f);

        text[i] = letter > ' ' && letter < 0x7f ? letter : '.';
    }
    text[4] = '\0';
}

uint32_t ar_v4l2_rate_millihz(struct v4l2_fract interval)
{
    uint64_t rate;

    if (interval.numerator == 0 || interval.denominator == 0)
        return 0;
    rate =
        ((uint64_t)interval.denominator * 1000 + interval.numerator / 2) / interval.numerator;
    return rate > UINT32_MAX ? 0 : (uint32_t)rate;
}

/* Thousandths by which a side misses the wish. */
static uint64_t side_score(uint32_t side_px, uint32_t wish_px)
{
    if (side_px >= wish_px)
        return (uint64_t)(side_px - wish_px) * 1000 / wish_px;
    return (uint64_t)(wish_px - side_px) * 1000 * TOO_SMALL_WEIGHT / wish_px;
}

static uint64_t rate_score(uint32_t rate_millihz, uint32_t wish_millihz)
{
    if (rate_millihz == 0)
        return SCORE_NO_RATE;
    /* 29.97 is what a wish for 30 means to many cameras. */
    if ((uint64_t)rate_millihz + wish_millihz / RATE_TOLERANCE_DIV >= wish_millihz)
        return 0;
    return (uint64_t)(wish_millihz - rate_millihz) * SCORE_PER_RATE / wish_millihz;
}

uint32_t ar_v4l2_score(const struct ar_v4l2_mode *mode, const struct ar_v4l2_wish *wish)
{
    const uint64_t score =
        side_score(mode->width_px, wish->width_px) +
        side_score(mode->height_px, wish->height_px) +
        rate_score(ar_v4l2_rate_millihz(mode->interval), wish->rate_millihz) +
        mode->format->cost;

    return score > SCORE_MAX ? SCORE_MAX : (uint32_t)score;
}

static uint32_t nearest_side(uint32_t wish, uint32_t min, uint32_t max, uint32_t step)
{
    const uint64_t stride = step > 0 ? step : 1;
    uint64_t side = min;

    if (wish <= min)
        return min;
    side += (wish - (uint64_t)min + stride / 2) / stride * stride;
    while (side > max && side >= min + stride)
        side -= stride;
    return side > max ? min : (uint32_t)side;
}

void ar_v4l2_nearest_size(const struct v4l2_frmsize_stepwise *range,
                          const struct ar_v4l2_wish *wish, uint32_t *width_px,
                          uint32_t *height_px)
{
    *width_px = nearest_side(ar_min_u32(wish->width_px, range->max_width), range->min_width,
                             range->max_width, range->step_width);
    *height_px = nearest_side(ar_min_u32(wish->height_px, range->max_height), range->min_height,
                              range->max_height, range->step_height);
}

bool ar_v4l2_layout(struct ar_v4l2_layout *layout, enum ar_frame_format format,
                    const struct v4l2_pix_format *pix)
{
    const uint32_t luma_b = format == AR_FRAME_YUYV ? 2 * pix->width : pix->width;
    const uint32_t stride_b = pix->bytesperline == 0 ? luma_b : pix->bytesperline;
    const uint32_t chroma_stride_b = format == AR_FRAME_I420 ? stride_b / 2 : stride_b;
    const uint32_t n_planes = ar_frame_n_planes(format);

    *layout = (struct ar_v4l2_layout){ .size_b = 0 };
    if (pix->width > INT16_MAX || pix->height > INT16_MAX || stride_b > INT32_MAX ||
        stride_b < luma_b || chroma_stride_b < (format == AR_FRAME_I420 ? luma_b / 2 : luma_b))
        return false;
    for (uint32_t p = 0; p < n_planes; p++) {
        struct ar_v4l2_plane *plane = &layout->planes[p];

        plane->offset_b = layout->size_b;
        plane->stride_b = p == 0 ? stride_b : chroma_stride_b;
        plane->rows = p == 0 ? pix->height : pix->height / 2;
        layout->size_b += (size_t)plane->stride_b * plane->rows;
    }
    return layout->size_b > 0;
}

enum ar_frame_range ar_v4l2_range(const struct v4l2_pix_format *pix)
{
    if (pix->quantization == V4L2_QUANTIZATION_FULL_RANGE)
        return AR_FRAME_FULL;
    if (pix->quantization == V4L2_QUANTIZATION_LIM_RANGE)
        return AR_FRAME_LIMITED;
    return pix->colorspace == V4L2_COLORSPACE_JPEG ? AR_FRAME_FULL : AR_FRAME_LIMITED;
}
