/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "display/movie.h"

#define FRAME_MARK   "FRAME\n"
#define FRAME_MARK_B (sizeof(FRAME_MARK) - 1)

/* YUV4MPEG2: a line of text, then for each picture a mark and the three planes without gaps. */
struct y4m {
    struct ar_movie base;
    uint8_t *packet; /* a mark and a picture, sent by one write */
    size_t packet_b;
};

static_assert(offsetof(struct y4m, base) == 0, "from_base() casts");

static struct y4m *from_base(struct ar_movie *base)
{
    return (struct y4m *)base;
}

struct ratio {
    uint32_t numerator;
    uint32_t denominator;
};

static uint32_t greatest_divisor(uint32_t a, uint32_t b)
{
    while (b > 0) {
        uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* 29970 stands for television's 30000/1001, which no millihertz can spell. */
static struct ratio exact_rate(uint32_t rate_millihz)
{
    uint32_t whole = (rate_millihz + 999) / 1000;
    uint32_t television_millihz = (uint32_t)((whole * UINT64_C(1000000) + 500) / 1001);
    uint32_t divisor = greatest_divisor(rate_millihz, 1000);

    if (whole % 6 == 0 && rate_millihz == television_millihz)
        return (struct ratio){ whole * 1000, 1001 };
    return (struct ratio){ rate_millihz / divisor, 1000 / divisor };
}

static int begin(struct ar_movie *base, struct ar_reason *reason)
{
    struct y4m *y4m = from_base(base);
    const struct ar_display_source *source = &base->source;
    struct ratio rate = exact_rate(source->rate_millihz);
    char header[128];
    int length;

    y4m->packet_b = FRAME_MARK_B + (size_t)source->width_px * source->height_px * 3 / 2;
    y4m->packet = malloc(y4m->packet_b);
    if (!y4m->packet)
        return ar_reason_set_err(reason, -ENOMEM, "%s", base->sink->path);
    memcpy(y4m->packet, FRAME_MARK, FRAME_MARK_B);
    snprintf(base->encoder, sizeof(base->encoder), "Y4M");
    length = snprintf(
        header, sizeof(header),
        "YUV4MPEG2 W%u H%u F%u:%u Ip A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=LIMITED\n",
        source->width_px, source->height_px, rate.numerator, rate.denominator);
    assert(length > 0 && (size_t)length < sizeof(header));
    return base->sink->write(base->sink, header, (size_t)length, reason);
}

static int write_frame(struct ar_movie *base, const struct ar_frame *frame,
                       struct ar_reason *reason)
{
    struct y4m *y4m = from_base(base);
    uint8_t *next = y4m->packet + FRAME_MARK_B;
    int ret;

    for (uint32_t i = 0; i < ar_frame_n_planes(frame->shape.format); i++) {
        uint32_t width_b = ar_frame_plane_width_b(&frame->shape, i);
        uint32_t n_rows = ar_frame_plane_rows(&frame->shape, i);

        for (uint32_t y = 0; y < n_rows; y++, next += width_b)
            memcpy(next, frame->planes[i].data + (size_t)y * frame->planes[i].stride_b,
                   width_b);
    }
    assert(next == y4m->packet + y4m->packet_b);
    ret = base->sink->write(base->sink, y4m->packet, y4m->packet_b, reason);
    if (ret == 0 && base->sink->mark)
        base->sink->mark(base->sink);
    return ret;
}

static void release(struct ar_movie *base)
{
    free(from_base(base)->packet);
}

const struct ar_movie_kind ar_movie_y4m = {
    .endings = { ".y4m" },
    .size_b = sizeof(struct y4m),
    .keeps_rate = true,
    .begin = begin,
    .write = write_frame,
    .release = release,
};
