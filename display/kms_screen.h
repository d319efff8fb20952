/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "base/frame.h"
#include "display/kms_atomic.h"
#include "display/kms_buffer.h"
#include "display/kms_card.h"
#include "display/scale.h"

/*
 * A screen that is ours: its card, the pipe that feeds it, and two buffers. One is on the screen, the other is
 * drawn and then flipped to by an atomic commit; while that is under way neither is touched. One thread.
 */

/* How pictures lie in the buffers, and who brings them to the screen's size. */
struct ar_kms_layout {
    const char *words; /* of what the screen does for us */
    enum ar_frame_format format;
    uint32_t fourcc;
    bool plane_scales; /* else we do, and the buffers have the mode's size */
};

struct ar_kms_screen {
    struct ar_kms_card card; /* fd -1: not open; the names are of the last one then */
    struct ar_kms_pipe pipe;
    drmModeCrtc *before; /* what the CRTC showed before us */
    struct ar_kms_buffer buffers[2];
    uint32_t front; /* index of the buffer on the screen */
    struct ar_kms_buffer
        leaving[2]; /* for pictures of another size, of which one is on the screen */
    bool
        renewed; /* none of the buffers has been on the screen, which has to be told how they lie */
    bool arriving; /* the first of them is under way: the leaving ones go when it is there */
    uint32_t source_width_px;
    uint32_t source_height_px;
    const struct ar_kms_layout *layout;
    bool format_given;           /* frames can have no other from now on */
    enum ar_frame_format format; /* NV12 in limited range, XRGB in full; valid once given */
    struct ar_scale_rect rect;
    struct ar_scaler scaler; /* where the plane does not scale */
};

/* The size of the pictures that will come. Opens nothing. */
void ar_kms_screen_init(struct ar_kms_screen *screen, uint32_t width_px, uint32_t height_px);

/*
 * Finds a screen as ar_kms_card_open() does, and shows black on it. What its plane cannot do (YUV, scaling) is found by
 * trying, unless the format is given. -EBUSY when another program has it. Leaves nothing open when it fails.
 */
int ar_kms_screen_open(struct ar_kms_screen *screen, const char *connector,
                       const struct ar_kms_wish *wish, struct ar_reason *reason);

/* Frames will come in the open screen's format, or in XRGB where it is not open. Gives the format. */
enum ar_frame_format ar_kms_screen_give_format(struct ar_kms_screen *screen);

/* What the screen does for us: "NV12 scaled by the screen"; empty: nothing. */
const char *ar_kms_screen_words(const struct ar_kms_screen *screen);

/* Shows again what was there before, and lets go. Accepts one that is not open. */
void ar_kms_screen_close(struct ar_kms_screen *screen);

/* Sets everything up anew, for another mode or for the same one. Waits for the screen. No flip may be under way. */
int ar_kms_screen_set_mode(struct ar_kms_screen *screen, const drmModeModeInfo *mode,
                           struct ar_reason *reason);

/*
 * Pictures of another size will come; what is shown stays until then. Also while it is not open. -ENOTSUP, and nothing has
 * changed: it cannot be done without closing the screen.
 */
int ar_kms_screen_resize(struct ar_kms_screen *screen, uint32_t width_px, uint32_t height_px);

/* Draws, and asks for the flip: its event comes with `user`. 0, -EBUSY when it is too early, or what the driver said. */
int ar_kms_screen_show(struct ar_kms_screen *screen, const struct ar_frame *frame, void *user);

/* The event came. */
void ar_kms_screen_flipped(struct ar_kms_screen *screen);

/* Which card and connector: "what" failed there with ret. */
int ar_kms_screen_explain(const struct ar_kms_screen *screen, int ret, const char *what,
                          struct ar_reason *reason);
