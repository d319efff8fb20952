/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_format.h"

#include <string.h>

#include "base/macros.h"

#define PLANAR_420                \
    {                             \
        { 0, 0, 1 }, { 1, 1, 1 }, \
        {                         \
            1, 1, 1               \
        }                         \
    }
#define NV_420       \
    {                \
        { 0, 0, 1 }, \
        {            \
            1, 1, 2  \
        }            \
    }
#define PACKED(step_b)     \
    {                      \
        {                  \
            0, 0, (step_b) \
        }                  \
    }

/*
 * The score's unit is a thousandth of the wish. A format's cost only decides between modes that answer the
 * wish equally well: 10 is a rate 0.5 % too low. Colour is worth any size, so grey is the last resort.
 */
#define COST_NO_COLOUR 8000

/* More bytes on the bus and through the decoder than a smaller mode, but far less than a larger picture to paint. */
#define COST_PER_SHRINK 10

/* clang-format off */
static const struct ar_v4l2_format formats[] = {
    { V4L2_PIX_FMT_YUV420,  "YUV420", AR_FRAME_I420, 0, ar_v4l2_copy,        false, false, PLANAR_420 },
    { V4L2_PIX_FMT_YUV420M, "YUV420", AR_FRAME_I420, 0, ar_v4l2_copy,        false, true,  PLANAR_420 },
    { V4L2_PIX_FMT_YVU420,  "YVU420", AR_FRAME_I420, 0, ar_v4l2_from_yvu420, false, false, PLANAR_420 },
    { V4L2_PIX_FMT_YVU420M, "YVU420", AR_FRAME_I420, 0, ar_v4l2_from_yvu420, false, true,  PLANAR_420 },
    { V4L2_PIX_FMT_NV12,    "NV12",   AR_FRAME_NV12, 1, ar_v4l2_copy,        false, false, NV_420 },
    { V4L2_PIX_FMT_NV12M,   "NV12",   AR_FRAME_NV12, 1, ar_v4l2_copy,        false, true,  NV_420 },
    { V4L2_PIX_FMT_NV21,    "NV21",   AR_FRAME_NV12, 2, ar_v4l2_from_nv21,   false, false, NV_420 },
    { V4L2_PIX_FMT_NV21M,   "NV21",   AR_FRAME_NV12, 2, ar_v4l2_from_nv21,   false, true,  NV_420 },
    { V4L2_PIX_FMT_YUYV,    "YUYV",   AR_FRAME_YUYV, 2, ar_v4l2_copy,        false, false, PACKED(2) },
    { V4L2_PIX_FMT_UYVY,    "UYVY",   AR_FRAME_YUYV, 3, ar_v4l2_from_uyvy,   false, false, PACKED(2) },
    { V4L2_PIX_FMT_YVYU,    "YVYU",   AR_FRAME_YUYV, 3, ar_v4l2_from_yvyu,   false, false, PACKED(2) },
    { V4L2_PIX_FMT_VYUY,    "VYUY",   AR_FRAME_YUYV, 3, ar_v4l2_from_vyuy,   false, false, PACKED(2) },
    { V4L2_PIX_FMT_XBGR32,  "XR24",   AR_FRAME_XRGB, 5, ar_v4l2_copy,        true,  false, PACKED(4) },
    { V4L2_PIX_FMT_XRGB32,  "BX24",   AR_FRAME_XRGB, 6, ar_v4l2_from_xrgb,   true,  false, PACKED(4) },
    { V4L2_PIX_FMT_RGB24,   "RGB24",  AR_FRAME_XRGB, 6, ar_v4l2_from_rgb24,  true,  false, PACKED(3) },
    { V4L2_PIX_FMT_BGR24,   "BGR24",  AR_FRAME_XRGB, 6, ar_v4l2_from_bgr24,  true,  false, PACKED(3) },
    { V4L2_PIX_FMT_MJPEG,   "MJPG",   AR_FRAME_I420, 10, NULL, false, false, { { 0, 0, 0 } } },
    { V4L2_PIX_FMT_JPEG,    "JPEG",   AR_FRAME_I420, 10, NULL, false, false, { { 0, 0, 0 } } },
    { V4L2_PIX_FMT_GREY,    "GREY",   AR_FRAME_I420, COST_NO_COLOUR, ar_v4l2_from_grey, false, false, PACKED(1) },
};
/* clang-format on */

#undef PLANAR_420
#undef NV_420
#undef PACKED

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

bool ar_v4l2_is_rate(uint32_t rate_millihz, uint32_t wish_millihz)
{
    return (uint64_t)rate_millihz + wish_millihz / RATE_TOLERANCE_DIV >= wish_millihz;
}

static uint64_t rate_score(uint32_t rate_millihz, uint32_t wish_millihz)
{
    if (rate_millihz == 0)
        return SCORE_NO_RATE;
    if (ar_v4l2_is_rate(rate_millihz, wish_millihz))
        return 0;
    return (uint64_t)(wish_millihz - rate_millihz) * SCORE_PER_RATE / wish_millihz;
}

uint32_t ar_v4l2_score(const struct ar_v4l2_mode *mode, const struct ar_v4l2_wish *wish)
{
    const uint64_t score =
        side_score(ar_v4l2_shrink(mode->width_px, mode->shrink_log2), wish->width_px) +
        side_score(ar_v4l2_shrink(mode->height_px, mode->shrink_log2), wish->height_px) +
        rate_score(ar_v4l2_rate_millihz(mode->interval), wish->rate_millihz) +
        mode->format->cost + (uint64_t)mode->shrink_log2 * COST_PER_SHRINK;

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

/* There are dozens of them; the kernel's own descriptions have the word in common. */
bool ar_v4l2_is_raw(const struct v4l2_fmtdesc *description)
{
    return memmem(description->description, sizeof(description->description), "Bayer", 5) !=
           NULL;
}

struct ar_v4l2_pix ar_v4l2_pix_from(const struct v4l2_format *format)
{
    const struct v4l2_pix_format *one = &format->fmt.pix;
    const struct v4l2_pix_format_mplane *many = &format->fmt.pix_mp;
    struct ar_v4l2_pix pix = { .n_memory = many->num_planes };

    if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE)
        return (struct ar_v4l2_pix){ .fourcc = one->pixelformat,
                                     .width_px = one->width,
                                     .height_px = one->height,
                                     .n_memory = 1,
                                     .stride_b = { one->bytesperline },
                                     .colorspace = one->colorspace,
                                     .ycbcr_enc = one->ycbcr_enc,
                                     .quantization = one->quantization };
    pix.fourcc = many->pixelformat;
    pix.width_px = many->width;
    pix.height_px = many->height;
    pix.colorspace = many->colorspace;
    pix.ycbcr_enc = many->ycbcr_enc;
    pix.quantization = many->quantization;
    for (uint32_t m = 0; m < AR_V4L2_MAX_PLANES && m < pix.n_memory; m++)
        pix.stride_b[m] = many->plane_fmt[m].bytesperline;
    return pix;
}

static uint32_t shift_up(uint32_t value, uint32_t shift)
{
    return (value + (1u << shift) - 1) >> shift;
}

/*
 * A plane behind the first in the same memory has the first one's stride, scaled as its rows are. Drivers that
 * say nothing about strides have none.
 */
static uint32_t stride_of(const struct ar_v4l2_format *format, const struct ar_v4l2_pix *pix,
                          uint32_t p)
{
    const struct ar_v4l2_plane_shape *shape = &format->planes[p];
    const uint32_t told_b = pix->stride_b[format->split ? p : 0];

    if (told_b == 0)
        return shift_up(pix->width_px, shape->shift_x) * shape->step_b;
    if (format->split || p == 0)
        return told_b;
    return told_b / format->planes[0].step_b * shape->step_b >> shape->shift_x;
}

static uint32_t n_planes_of(const struct ar_v4l2_format *format)
{
    uint32_t n = 0;

    while (n < AR_V4L2_MAX_PLANES && format->planes[n].step_b)
        n++;
    return n;
}

bool ar_v4l2_layout(struct ar_v4l2_layout *layout, const struct ar_v4l2_format *format,
                    const struct ar_v4l2_pix *pix)
{
    const uint32_t n_planes = n_planes_of(format);

    *layout = (struct ar_v4l2_layout){ .n_memory = pix->n_memory };
    if (pix->width_px > INT16_MAX || pix->height_px > INT16_MAX || pix->height_px == 0 ||
        pix->n_memory != (format->split ? n_planes : 1))
        return false;
    for (uint32_t p = 0; p < n_planes; p++) {
        const struct ar_v4l2_plane_shape *shape = &format->planes[p];
        const uint32_t m = format->split ? p : 0;
        /* What of a row is read: frames are even. */
        const uint32_t read_b = ((pix->width_px & ~1u) >> shape->shift_x) * shape->step_b;
        const uint32_t stride_b = stride_of(format, pix, p);

        if (stride_b < read_b || stride_b == 0 || stride_b > INT32_MAX)
            return false;
        layout->planes[p] = (struct ar_v4l2_plane){ m, layout->size_b[m], stride_b };
        layout->size_b[m] += (size_t)stride_b * shift_up(pix->height_px, shape->shift_y);
    }
    return true;
}

enum ar_frame_range ar_v4l2_range(const struct ar_v4l2_format *format,
                                  const struct ar_v4l2_pix *pix)
{
    if (pix->quantization == V4L2_QUANTIZATION_FULL_RANGE)
        return AR_FRAME_FULL;
    if (pix->quantization == V4L2_QUANTIZATION_LIM_RANGE)
        return AR_FRAME_LIMITED;
    return format->rgb || pix->colorspace == V4L2_COLORSPACE_JPEG ? AR_FRAME_FULL
                                                                  : AR_FRAME_LIMITED;
}

static uint32_t encoding_of(const struct ar_v4l2_pix *pix)
{
    static const struct {
        uint32_t colorspace;
        uint32_t encoding;
    } defaults[] = {
        { V4L2_COLORSPACE_REC709, V4L2_YCBCR_ENC_709 },
        { V4L2_COLORSPACE_DCI_P3, V4L2_YCBCR_ENC_709 },
        { V4L2_COLORSPACE_BT2020, V4L2_YCBCR_ENC_BT2020 },
        { V4L2_COLORSPACE_SMPTE240M, V4L2_YCBCR_ENC_SMPTE240M },
    };

    if (pix->ycbcr_enc != V4L2_YCBCR_ENC_DEFAULT)
        return pix->ycbcr_enc;
    for (size_t i = 0; i < AR_ARRAY_LEN(defaults); i++)
        if (defaults[i].colorspace == pix->colorspace)
            return defaults[i].encoding;
    return V4L2_YCBCR_ENC_601;
}

bool ar_v4l2_luma_weights(const struct ar_v4l2_format *format, const struct ar_v4l2_pix *pix,
                          double *kr, double *kb)
{
    static const struct {
        uint32_t encoding;
        double kr;
        double kb;
    } weights[] = {
        { V4L2_YCBCR_ENC_709, 0.2126, 0.0722 },
        { V4L2_YCBCR_ENC_XV709, 0.2126, 0.0722 },
        { V4L2_YCBCR_ENC_BT2020, 0.2627, 0.0593 },
        { V4L2_YCBCR_ENC_BT2020_CONST_LUM, 0.2627, 0.0593 },
        { V4L2_YCBCR_ENC_SMPTE240M, 0.212, 0.087 },
    };
    const uint32_t encoding = encoding_of(pix);

    /* JPEG is BT.601 by its own standard, whatever a driver says. */
    if (format->rgb || !format->convert)
        return false;
    for (size_t i = 0; i < AR_ARRAY_LEN(weights); i++)
        if (weights[i].encoding == encoding) {
            *kr = weights[i].kr;
            *kb = weights[i].kb;
            return true;
        }
    return false;
}
