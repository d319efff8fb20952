/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "display/backend.h"

#define TAG "display"

#define DEFAULT_RATE_MILLIHZ 30000u
#define FNV1A_OFFSET         UINT64_C(0xcbf29ce484222325)
#define FNV1A_PRIME          UINT64_C(0x100000001b3)

/*
 * A screen without glass: a vertical blank at the source's rate shows the newest picture that
 * came before it, and a checksum stands for what a viewer would have seen.
 */
struct null {
    struct ar_display base;
    struct ar_loop_source *vblank;
    uint64_t period_us;
    uint64_t vblank_us;       /* the last one's time */
    struct ar_frame *waiting; /* for the next vblank; NULL: none */
    uint64_t waiting_us;      /* when it came */
    uint64_t n_shown;
    uint64_t n_overtaken;
    uint64_t checksum;
};

static_assert(offsetof(struct null, base) == 0, "from_base() casts");

static struct null *from_base(struct ar_display *base)
{
    return (struct null *)base;
}

/*
 * FNV-1a by words of 8 bytes, the row's last one filled up with zeros. By bytes it would cost
 * a small board a quarter of a core at 1080p, and disturb what is measured with this output.
 */
static uint64_t hash_row(uint64_t hash, const uint8_t *row, uint32_t size_b)
{
    for (uint32_t i = 0; i < size_b; i += 8) {
        uint64_t word = 0;

        memcpy(&word, row + i, ar_min_u32(8, size_b - i));
        hash = (hash ^ word) * FNV1A_PRIME;
    }
    return hash;
}

static uint64_t hash_frame(uint64_t hash, const struct ar_frame *frame)
{
    for (uint32_t i = 0; i < ar_frame_n_planes(frame->shape.format); i++) {
        const struct ar_frame_plane *plane = &frame->planes[i];
        uint32_t width_b = ar_frame_plane_width_b(&frame->shape, i);
        uint32_t n_rows = ar_frame_plane_rows(&frame->shape, i);

        for (uint32_t y = 0; y < n_rows; y++)
            hash = hash_row(hash, plane->data + (size_t)y * plane->stride_b, width_b);
    }
    return hash;
}

static void show_waiting(struct null *null, uint64_t shown_us)
{
    null->checksum = hash_frame(null->checksum, null->waiting);
    null->n_shown++;
    ar_display_emit_shown(&null->base, null->waiting, shown_us);
    ar_frame_unref(&null->waiting);
}

static void on_vblank(void *user, uint64_t n_expired)
{
    struct null *null = user;

    null->vblank_us += n_expired * null->period_us;
    if (null->waiting && null->waiting_us <= null->vblank_us)
        show_waiting(null, null->vblank_us);
}

/* The source's refreshes, from now on. */
static int set_timer(struct null *null, struct ar_reason *reason)
{
    struct ar_display *base = &null->base;
    const uint32_t rate =
        base->source.rate_millihz ? base->source.rate_millihz : DEFAULT_RATE_MILLIHZ;
    int ret;

    null->period_us = UINT64_C(1000000000) / rate;
    null->vblank_us = ar_clock_now_us();
    ret = ar_loop_set_timer(null->vblank, null->vblank_us + null->period_us, null->period_us);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "null: cannot start the vblank timer");
    snprintf(base->describe, sizeof(base->describe), "null %ux%u at %g fps",
             base->source.width_px, base->source.height_px, rate / 1000.0);
    return 0;
}

static int start(struct ar_display *base, struct ar_reason *reason)
{
    struct null *null = from_base(base);
    int ret = ar_loop_add_timer(base->loop, on_vblank, null, &null->vblank);

    if (ret < 0)
        return ar_reason_set_err(reason, ret, "null: cannot make the vblank timer");
    null->n_shown = 0;
    null->n_overtaken = 0;
    null->checksum = FNV1A_OFFSET;
    ret = set_timer(null, reason);
    if (ret < 0) {
        ar_loop_remove(&null->vblank);
        return ret;
    }
    base->shape = (struct ar_frame_shape){ .width_px = base->source.width_px,
                                           .height_px = base->source.height_px,
                                           .format = AR_FRAME_I420,
                                           .range = AR_FRAME_FULL };
    return 0;
}

static int resize(struct ar_display *base, struct ar_reason *reason)
{
    struct null *null = from_base(base);

    if (null->waiting)
        show_waiting(null, ar_clock_now_us());
    return set_timer(null, reason);
}

static int stop(struct ar_display *base, struct ar_reason *reason)
{
    struct null *null = from_base(base);

    ar_loop_remove(&null->vblank);
    if (null->waiting)
        show_waiting(null, ar_clock_now_us());
    snprintf(base->describe, sizeof(base->describe),
             "null: %" PRIu64 " shown, %" PRIu64 " overtaken, checksum %016" PRIx64,
             null->n_shown, null->n_overtaken, null->checksum);
    ar_log(AR_LOG_DEBUG, TAG, "%s", base->describe);
    return 0;
}

static void show(struct ar_display *base, struct ar_frame **frame)
{
    struct null *null = from_base(base);

    if (null->waiting)
        null->n_overtaken++;
    ar_frame_unref(&null->waiting);
    null->waiting = *frame;
    null->waiting_us = ar_clock_now_us();
    *frame = NULL;
}

const struct ar_display_backend ar_display_null = {
    .name = "null",
    .size_b = sizeof(struct null),
    .configure = ar_display_configure_plain,
    .start = start,
    .stop = stop,
    .resize = resize,
    .show = show,
};
