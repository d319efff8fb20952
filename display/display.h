/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"
#include "base/loop.h"
#include "base/option.h"
#include "base/reason.h"

/*
 * Display: shows painted frames on a screen, in a window, on a V4L2 output, in a file, or nowhere.
 *
 * One thread, the display thread, calls start, stop, ready and show; create and destroy may come from
 * another while it does not run. Events of the screen (flips, keys, hot-plug) arrive through the loop
 * given to start. The process must ignore SIGPIPE: a pipe without a reader is a FAILED.
 */

struct ar_display;

enum ar_display_event {
    AR_DISPLAY_IDLE,       /* ready for the next frame */
    AR_DISPLAY_SHOWN,      /* a frame is on the screen: see ar_display_shown */
    AR_DISPLAY_UNSEEN,     /* a frame had no screen to go to: it is waited for */
    AR_DISPLAY_CHANGED,    /* the screen went or came: description and condition are new */
    AR_DISPLAY_QUIT,       /* the user closed the window or pressed q */
    AR_DISPLAY_NEXT_STYLE, /* the user pressed n */
    AR_DISPLAY_FAILED,     /* can show nothing more: the reason is in `reason` */
};

/* A screen that is away is no failure: pictures go nowhere until it is back by itself. */
enum ar_display_state {
    AR_DISPLAY_UP,        /* pictures are shown */
    AR_DISPLAY_UNPLUGGED, /* nothing is plugged in there */
    AR_DISPLAY_BEHIND,    /* another console (Ctrl+Alt+F2) is in front of ours */
    AR_DISPLAY_TAKEN,     /* another program draws on it */
    AR_DISPLAY_GONE,      /* the graphics card is not there any more */
    AR_DISPLAY_HIDDEN,    /* the window is minimised */
    AR_DISPLAY_UNREAD,    /* no program reads the virtual camera */
    AR_DISPLAY_N_STATES,
};

/* One word: "up", "unplugged". */
const char *ar_display_state_name(enum ar_display_state state);
/* For people: "another console is in front"; empty while it is up. */
const char *ar_display_state_words(enum ar_display_state state);

struct ar_display_condition {
    enum ar_display_state state;
    uint64_t n_resumed; /* times that it came up after it had not been */
    uint64_t n_stalled; /* times that a picture never got there, and the mode was set again */
};

struct ar_display_shown {
    uint64_t sequence;
    uint64_t capture_us;
    uint64_t painted_us; /* never later than shown_us */
    uint64_t shown_us; /* monotonic: flip, or when the backend accepted the picture for good */
};

/* Called from the display thread. `shown` is set for SHOWN, `reason` for FAILED. */
typedef void ar_display_event_fn(void *user, enum ar_display_event event,
                                 const struct ar_display_shown *shown, const char *reason);

struct ar_display_params {
    /* auto | kms[:CONNECTOR] | sdl | v4l2:DEV | file:OUT | null; several with commas between */
    char output[AR_OPTION_TEXT_MAX];
    bool fullscreen;
    struct ar_option_size size; /* of the screen's mode; zeros: what it prefers */
    uint32_t rate_millihz;      /* likewise */
    bool overlay;               /* for whoever hands pictures over: display/overlay.h */
    bool patient; /* no option: `auto` waits for a screen that is away or taken, as kms does */
};

extern const struct ar_option ar_display_options[];

#define AR_DISPLAY_MAX 4

/*
 * Params of their own for each output that is listed, with the spaces around it gone. How many, or -EINVAL for
 * an empty place in the list, too many, one twice, or two of a kind that there can be one of in a process.
 */
int ar_display_split(const struct ar_display_params *params,
                     struct ar_display_params list[AR_DISPLAY_MAX], struct ar_reason *reason);

/* One output. Chooses the backend by the prefix; opens nothing. `auto` takes the first that starts: kms, sdl. */
int ar_display_create(struct ar_display **out, const struct ar_display_params *params,
                      struct ar_reason *reason);
/* Accepts NULL; stops first when started. */
void ar_display_destroy(struct ar_display *display);

struct ar_display_source {
    uint32_t width_px; /* of the frames that will come */
    uint32_t height_px;
    uint32_t rate_millihz;
    const char *title; /* of the window: the style's name; may be NULL */
};

/*
 * Opens the screen. The loop is borrowed until stop. -ENODEV from `auto` when the machine has no screen
 * that we may use, or none that is worth waiting for: not logged as an error, the caller chooses what then.
 */
int ar_display_start(struct ar_display *display, const struct ar_display_source *source,
                     struct ar_loop *loop, ar_display_event_fn *on_event, void *user,
                     struct ar_reason *reason);

/*
 * Waits for pictures under way (a file is finished and gets its name), then lets go of the screen.
 * -errno when the file could not be finished, or had FAILED before: then the same reason again, and
 * nothing is left of it. SHOWN may still come from here.
 */
int ar_display_stop(struct ar_display *display, struct ar_reason *reason);

/* Valid after start: the shape in which frames are wanted, of the source's size. */
const struct ar_frame_shape *ar_display_shape(const struct ar_display *display);
/* One line for people: "file out.mp4 (H.264)", "sdl window 1280x720 (x11)". */
const char *ar_display_describe(const struct ar_display *display);
/* Valid after start; owned by the display. */
const struct ar_display_condition *ar_display_condition(const struct ar_display *display);
/* The screen's refreshes, when SHOWN tells their times; 0 otherwise. Valid after start. */
uint32_t ar_display_refresh_millihz(const struct ar_display *display);
/* True when every frame must be kept: a file. With `auto` known after start. */
bool ar_display_keeps_all(const struct ar_display *display);

/*
 * Frames of another size or rate will come: what is shown stays until the first of them, frames that were shown
 * before are given back. -ENOTSUP when the output must be stopped and started for that; after an error it goes on as
 * before. The title is not used.
 */
int ar_display_resize(struct ar_display *display, const struct ar_display_source *source,
                      struct ar_reason *reason);

/* True when show() would not have to wait. */
bool ar_display_ready(const struct ar_display *display);

/* Takes *frame and clears it. Only when ready. Errors come as AR_DISPLAY_FAILED. */
void ar_display_show(struct ar_display *display, struct ar_frame **frame);
