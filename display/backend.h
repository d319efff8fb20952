/* SPDX-License-Identifier: MIT */
#pragma once

#include "display/display.h"

/*
 * What a display backend gives to display.c. Private to this folder and the tests.
 * `struct ar_display` is the first member of each backend's struct.
 */

/* When `auto` tries a backend. A desktop is there when DISPLAY or WAYLAND_DISPLAY is set. */
enum ar_display_auto {
    AR_DISPLAY_AUTO_NEVER,
    AR_DISPLAY_AUTO_BARE_TTY,
    AR_DISPLAY_AUTO_DESKTOP,
};

struct ar_display_backend {
    const char *name; /* the prefix in `output` */
    size_t size_b;    /* of the backend's struct, which starts with struct ar_display */
    bool keeps_all;
    bool only_one; /* in a process at a time */
    enum ar_display_auto automatic;
    /* What this build lacks for it, which has no functions then. NULL: nothing. */
    const char *missing;
    /* Parses the text after "name:" (NULL when there is none), which outlives base. Opens nothing. */
    int (*configure)(struct ar_display *base, const char *argument, struct ar_reason *reason);
    /* Sets shape and describe. Leaves nothing open when it fails. */
    int (*start)(struct ar_display *base, struct ar_reason *reason);
    int (*stop)(struct ar_display *base, struct ar_reason *reason);
    /* base->source has changed, base->shape's size with it. On error nothing else has. NULL: cannot. */
    int (*resize)(struct ar_display *base, struct ar_reason *reason);
    bool (*ready)(const struct ar_display *base); /* NULL: always */
    void (*show)(struct ar_display *base, struct ar_frame **frame);
};

struct ar_display {
    const struct ar_display_backend *backend; /* NULL with `auto` until one has started */
    struct ar_display_params params;
    struct ar_display_source
        source; /* while started, as the three below; title only in start */
    struct ar_loop *loop;
    ar_display_event_fn *on_event;
    void *user;
    struct ar_frame_shape shape;
    uint32_t refresh_millihz; /* set by start where shown_us is a refresh of the screen */
    struct ar_display_condition condition; /* zero at start: up */
    bool started;
    char describe[192];
};

extern const struct ar_display_backend ar_display_kms;
extern const struct ar_display_backend ar_display_sdl;
extern const struct ar_display_backend ar_display_v4l2;
extern const struct ar_display_backend ar_display_file;
extern const struct ar_display_backend ar_display_null;

/* Helpers of display.c for backends. */
void ar_display_emit(struct ar_display *base, enum ar_display_event event);
void ar_display_emit_shown(struct ar_display *base, const struct ar_frame *frame,
                           uint64_t shown_us);
void ar_display_emit_failed(struct ar_display *base, const struct ar_reason *reason);

/* The configure of a backend that takes no argument. */
int ar_display_configure_plain(struct ar_display *base, const char *argument,
                               struct ar_reason *reason);
