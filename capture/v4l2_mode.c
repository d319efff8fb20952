/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_mode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* More entries than any driver has: a list that does not end is left there. */
#define ENUM_MAX 256

/* To a quarter each way: the decoder has fast transforms that far. */
#define SHRINK_LOG2_MAX 2

struct search {
    const struct ar_v4l2_node *node;
    const struct ar_v4l2_wish *wish;
    struct ar_v4l2_mode *best;
    uint32_t best_score;
    bool found;
};

static void offer(struct search *search, const struct ar_v4l2_mode *mode)
{
    const uint32_t score = ar_v4l2_score(mode, search->wish);

    if (search->found && score >= search->best_score)
        return;
    *search->best = *mode;
    search->best_score = score;
    search->found = true;
}

/* A driver with a range of rates takes the wished one, within the range. */
static struct v4l2_fract interval_in_range(const struct v4l2_frmival_stepwise *range,
                                           uint32_t wish_millihz)
{
    const struct v4l2_fract wish = { .numerator = 1000, .denominator = wish_millihz };

    if (ar_v4l2_rate_millihz(range->min) < wish_millihz)
        return range->min; /* the shortest interval */
    if (ar_v4l2_rate_millihz(range->max) > wish_millihz)
        return range->max;
    return wish;
}

/* The slowest rate that is enough is offered by score alone, so that a camera does not run at 90 for 30. */
static bool is_better_interval(struct v4l2_fract candidate, struct v4l2_fract current,
                               uint32_t wish_millihz)
{
    const uint32_t tolerated = wish_millihz - wish_millihz / 50;
    const uint32_t rate = ar_v4l2_rate_millihz(candidate);
    const uint32_t best = ar_v4l2_rate_millihz(current);

    if (best < tolerated)
        return rate > best;
    return rate >= tolerated && rate < best;
}

static bool fits_frame(uint32_t width_px, uint32_t height_px)
{
    return width_px <= AR_FRAME_MAX_W_PX && height_px <= AR_FRAME_MAX_H_PX &&
           width_px >= AR_FRAME_MIN_PX && height_px >= AR_FRAME_MIN_PX;
}

/* As it is; and JPEG, which the decoder can make smaller for less than nothing, also so. */
static void offer_shrunk(struct search *search, struct ar_v4l2_mode *mode)
{
    const uint32_t most = mode->format->convert ? 0 : SHRINK_LOG2_MAX;

    for (uint32_t shrink_log2 = 0; shrink_log2 <= most; shrink_log2++) {
        mode->shrink_log2 = shrink_log2;
        if (fits_frame(ar_v4l2_shrink(mode->width_px, shrink_log2),
                       ar_v4l2_shrink(mode->height_px, shrink_log2)))
            offer(search, mode);
    }
}

/* One size of one format, with its best rate. */
static void offer_size(struct search *search, const struct ar_v4l2_format *format,
                       uint32_t width_px, uint32_t height_px)
{
    const uint32_t wish_millihz = search->wish->rate_millihz;
    struct ar_v4l2_mode mode = { .format = format,
                                 .width_px = width_px,
                                 .height_px = height_px };
    struct v4l2_frmivalenum entry = { .pixel_format = format->fourcc,
                                      .width = width_px,
                                      .height = height_px };

    for (; entry.index < ENUM_MAX; entry.index++) {
        if (ar_v4l2_node_call(search->node, VIDIOC_ENUM_FRAMEINTERVALS, &entry) < 0)
            break;
        if (entry.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
            mode.interval = interval_in_range(&entry.stepwise, wish_millihz);
            break;
        }
        if (is_better_interval(entry.discrete, mode.interval, wish_millihz))
            mode.interval = entry.discrete;
    }
    offer_shrunk(search, &mode);
}

static void offer_format(struct search *search, const struct ar_v4l2_format *format)
{
    struct v4l2_frmsizeenum entry = { .pixel_format = format->fourcc };
    uint32_t width_px = search->wish->width_px;
    uint32_t height_px = search->wish->height_px;

    for (; entry.index < ENUM_MAX; entry.index++) {
        if (ar_v4l2_node_call(search->node, VIDIOC_ENUM_FRAMESIZES, &entry) < 0)
            break;
        if (entry.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
            ar_v4l2_nearest_size(&entry.stepwise, search->wish, &width_px, &height_px);
            offer_size(search, format, width_px, height_px);
            return;
        }
        offer_size(search, format, entry.discrete.width, entry.discrete.height);
    }
    if (entry.index == 0) /* the driver does not tell its sizes: S_FMT will */
        offer_size(search, format, width_px, height_px);
}

/* What to say about a camera that has only formats we do not read. `seen` lists them. */
static int refuse(const char *what, const char *seen, bool bayer, struct ar_reason *reason)
{
    if (bayer)
        return ar_reason_set(
            reason, -ENOTSUP,
            "%s: gives raw sensor data only (%s): a CSI camera; start ar-daemon "
            "through libcamerify",
            what, seen);
    return ar_reason_set(
        reason, -ENOTSUP,
        "%s: gives %s, which we do not read; YUYV, NV12, YUV420, MJPG or RGB24 would be right",
        what, seen[0] ? seen : "no picture format");
}

int ar_v4l2_choose_mode(const struct ar_v4l2_node *node, const struct ar_v4l2_wish *wish,
                        struct ar_v4l2_mode *best, struct ar_reason *reason)
{
    struct search search = { .node = node, .wish = wish, .best = best };
    struct v4l2_fmtdesc entry = { .type = node->type };
    char seen[64] = "";
    bool bayer = false;

    for (; entry.index < ENUM_MAX; entry.index++) {
        const struct ar_v4l2_format *format;
        const size_t seen_len = strlen(seen);
        char name[5];

        if (ar_v4l2_node_call(node, VIDIOC_ENUM_FMT, &entry) < 0)
            break;
        format = ar_v4l2_format_find(entry.pixelformat);
        if (format)
            offer_format(&search, format);
        bayer |= ar_v4l2_is_raw(&entry);
        ar_v4l2_fourcc_text(name, entry.pixelformat);
        snprintf(seen + seen_len, sizeof(seen) - seen_len, "%s%s", seen_len ? " " : "", name);
    }
    return search.found ? 0 : refuse(node->path, seen, bayer, reason);
}
