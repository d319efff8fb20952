/* SPDX-License-Identifier: MIT */
#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/pool.h"
#include "display/display.h"
#include "tests/suite.h"

/* What the tests of display/ share: a started display, frames for it, and its events. */

#define RIG_MAX_SHOWN 64

struct rig {
    char folder[64];
    struct ar_loop *loop;
    struct ar_display *display;
    struct ar_pool *pool;
    bool patient; /* `auto` waits; set before the start */
    struct ar_display_shown shown[RIG_MAX_SHOWN];
    uint32_t n_shown;
    uint32_t n_failed;
    uint32_t n_unseen;
    uint32_t n_changed;
    uint32_t n_quit;
    uint32_t n_next_style;
    char why[320];
};

static inline void rig_on_event(void *user, enum ar_display_event event,
                                const struct ar_display_shown *shown, const char *reason)
{
    struct rig *rig = user;

    if (event == AR_DISPLAY_SHOWN && rig->n_shown < RIG_MAX_SHOWN)
        rig->shown[rig->n_shown++] = *shown;
    if (event == AR_DISPLAY_UNSEEN)
        rig->n_unseen++;
    if (event == AR_DISPLAY_CHANGED)
        rig->n_changed++;
    if (event == AR_DISPLAY_QUIT)
        rig->n_quit++;
    if (event == AR_DISPLAY_NEXT_STYLE)
        rig->n_next_style++;
    if (event == AR_DISPLAY_FAILED) {
        rig->n_failed++;
        snprintf(rig->why, sizeof(rig->why), "%s", reason);
    }
}

static inline void rig_init(struct rig *rig)
{
    *rig = (struct rig){ .folder = "/tmp/ar-display-XXXXXX" };
    ck_assert_ptr_nonnull(mkdtemp(rig->folder));
    ck_assert_int_eq(ar_loop_create(&rig->loop, AR_LOOP_POLL), 0);
}

/* The start's result. */
static inline int rig_start(struct rig *rig, const char *output, uint32_t width_px,
                            uint32_t height_px, uint32_t rate_millihz, struct ar_reason *reason)
{
    struct ar_display_params params = { .patient = rig->patient };
    struct ar_display_source source = { .width_px = width_px,
                                        .height_px = height_px,
                                        .rate_millihz = rate_millihz,
                                        .title = "test" };
    int ret;

    snprintf(params.output, sizeof(params.output), "%s", output);
    ck_assert_int_eq(ar_display_create(&rig->display, &params, reason), 0);
    ret = ar_display_start(rig->display, &source, rig->loop, rig_on_event, rig, reason);
    if (ret == 0)
        ck_assert_int_eq(ar_pool_create(&rig->pool, ar_display_shape(rig->display), 4), 0);
    return ret;
}

/* A picture that differs from pixel to pixel and from frame to frame. */
static inline struct ar_frame *rig_frame(struct rig *rig, uint64_t sequence,
                                         uint64_t capture_us)
{
    struct ar_frame *frame = ar_pool_take(rig->pool);

    ck_assert_ptr_nonnull(frame);
    frame->sequence = sequence;
    frame->capture_us = capture_us;
    for (uint32_t i = 0; i < ar_frame_n_planes(frame->shape.format); i++)
        for (uint32_t y = 0; y < ar_frame_plane_rows(&frame->shape, i); y++) {
            uint8_t *row = frame->planes[i].data + (size_t)y * frame->planes[i].stride_b;

            ck_assert_ptr_nonnull(row);
            memset(row, 0xee, frame->planes[i].stride_b); /* behind the row is anything */
            for (uint32_t x = 0; x < ar_frame_plane_width_b(&frame->shape, i); x++)
                row[x] = (uint8_t)(16 + (x + 3 * y + 7 * i + 5 * sequence) % 200);
        }
    return frame;
}

static inline void rig_show(struct rig *rig, uint64_t sequence, uint64_t capture_us)
{
    struct ar_frame *frame = rig_frame(rig, sequence, capture_us);

    ck_assert(ar_display_ready(rig->display));
    ar_display_show(rig->display, &frame);
    ck_assert_ptr_null(frame);
}

/*
 * A disk with room for files of this size: a limit of the process stands for it. Check's own files must
 * not meet it, so nothing may be asserted until it is RLIM_INFINITY again.
 */
static inline void rig_set_disk(rlim_t size_b)
{
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ size_b, RLIM_INFINITY });
}

static inline void rig_show_on_full_disk(struct rig *rig, struct ar_frame *frame, rlim_t size_b)
{
    rig_set_disk(size_b);
    ar_display_show(rig->display, &frame);
    rig_set_disk(RLIM_INFINITY);
}

static inline void rig_run(struct rig *rig, uint64_t duration_us)
{
    uint64_t end_us = ar_clock_now_us() + duration_us;

    for (uint64_t now_us = ar_clock_now_us(); now_us < end_us; now_us = ar_clock_now_us())
        ar_loop_run_once(rig->loop, end_us - now_us);
}

static inline void rig_path(const struct rig *rig, const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", rig->folder, name);
}

static inline void rig_finish(struct rig *rig)
{
    char command[128];

    ar_display_destroy(rig->display);
    ar_pool_destroy(rig->pool);
    ar_loop_destroy(rig->loop);
    snprintf(command, sizeof(command), "rm -r '%s'", rig->folder);
    ck_assert_int_eq(system(command), 0);
}
