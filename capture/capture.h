/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/entries.h"
#include "base/frame.h"
#include "base/loop.h"
#include "base/option.h"
#include "base/reason.h"

/*
 * Capture: a camera, a clip or the built-in scene as a stream of frames.
 *
 * One thread calls create, start, next, stop and destroy; interrupt() is ar_loop_stop() on the loop
 * given to start, from any thread. The counters are safe to read from any thread.
 * The end of a clip is not an error: next() reports -ENODATA. Nor is a camera that goes away once it has been there:
 * next() hands out notices (frames that carry words) until it is back. Nor is it one that `auto` found no camera at
 * the start: the scene stands in for it, until next() finds one.
 */

struct ar_capture;

enum ar_capture_pace {
    AR_CAPTURE_REAL, /* a clip's own rate; newest wins */
    AR_CAPTURE_FAST, /* a clip as fast as it is asked for; nothing is skipped */
};

enum ar_capture_flip {
    AR_CAPTURE_FLIP_NONE,
    AR_CAPTURE_FLIP_HORIZONTAL, /* as in a mirror */
    AR_CAPTURE_FLIP_VERTICAL,
};

struct ar_capture_params {
    char source[AR_OPTION_TEXT_MAX]; /* auto | v4l2[:DEV] | file:CLIP | pattern[:WxH@FPS] */
    struct ar_option_size size;      /* asked for; 0x0: the source's own, or 640x360 */
    uint32_t rate_millihz;           /* asked for; 0: the source's own */
    uint32_t pace;                   /* enum ar_capture_pace */
    bool loop;                       /* a clip starts again at its end */
    uint32_t rotate;            /* quarters clockwise: for whoever takes the frames, as flip */
    uint32_t flip;              /* enum ar_capture_flip, after rotate */
    struct ar_entries controls; /* of a camera, by its own names for them */
};

extern const struct ar_option ar_capture_options[];

/*
 * Chooses the backend by the source's prefix, checks the rest of the text; opens nothing yet.
 * -EINVAL with what would be right.
 */
int ar_capture_create(struct ar_capture **out, const struct ar_capture_params *params,
                      struct ar_reason *reason);
/* Accepts NULL; stops first when started. */
void ar_capture_destroy(struct ar_capture *capture);

/*
 * Opens the device or file and starts streaming. The loop is borrowed until stop, and is the one that
 * next() waits in. `auto` tries the cameras of the machine in order, then the pattern, and says so
 * in one INFO line. Errors: -ENOENT, -ENODEV, -EBUSY, -EACCES, -EINVAL (not a clip), ... with reason.
 */
int ar_capture_start(struct ar_capture *capture, struct ar_loop *loop,
                     struct ar_reason *reason);
void ar_capture_stop(struct ar_capture *capture);

/* Valid after start. */
const struct ar_frame_shape *ar_capture_shape(const struct ar_capture *capture);
uint32_t ar_capture_rate_millihz(const struct ar_capture *capture);
/* Pictures that really came, over the last second or more; 0 in the first. Any thread. */
uint32_t ar_capture_measured_millihz(const struct ar_capture *capture);
/* One line for people, another one when a camera came or came back. The thread of next(). "pattern 640x360 at 30 fps", "/dev/video0 (USB Camera) YUYV 640x480 at 30 fps". */
const char *ar_capture_describe(const struct ar_capture *capture);
/* True when frames must not be skipped: a clip at AR_CAPTURE_FAST. */
bool ar_capture_lossless(const struct ar_capture *capture);
/*
 * Waits for the next frame and hands out a reference: the newest, older ones are dropped and counted.
 * A clip and the scene begin with the first call.
 * -ENODATA at the end of a clip, -ECANCELED after ar_loop_stop(), -EIO when a clip is broken in the
 * middle (the reason says where).
 */
int ar_capture_next(struct ar_capture *capture, struct ar_frame **out,
                    struct ar_reason *reason);

/*
 * Between two next(): lets go of the camera until resume, from which on the next one is had within some tenths of a second,
 * in frames of the same shape. A clip and the scene stand still meanwhile.
 */
void ar_capture_suspend(struct ar_capture *capture);
void ar_capture_resume(struct ar_capture *capture);

/* Whether pictures come, and if not, why. Any thread may ask. Clips and the scene always flow. */
enum ar_capture_state {
    AR_CAPTURE_FLOWING,
    AR_CAPTURE_LOST,      /* unplugged */
    AR_CAPTURE_SILENT,    /* there, but it gives no pictures */
    AR_CAPTURE_DAMAGED,   /* it gives only damaged ones */
    AR_CAPTURE_FAILING,   /* it answers with errors */
    AR_CAPTURE_BUSY,      /* another program took it */
    AR_CAPTURE_DENIED,    /* we may not open it any more */
    AR_CAPTURE_CHANGING,  /* its input changed: it is being opened anew */
    AR_CAPTURE_SUSPENDED, /* nobody wants pictures */
    AR_CAPTURE_N_STATES,
};

enum ar_capture_state ar_capture_state_of(const struct ar_capture *capture);
/* One word: "flowing", "lost". */
const char *ar_capture_state_name(enum ar_capture_state state);
/* For who stands before the screen: "camera unplugged". */
const char *ar_capture_state_words(enum ar_capture_state state);

/*
 * Sets a control of the camera, now and whenever it is opened again. Any thread; may take as long as the device does.
 * -ENOTSUP when the source is no camera or it is away; otherwise as the camera says, and the control is as before.
 */
int ar_capture_set_control(struct ar_capture *capture, const char *name, const char *text,
                           struct ar_reason *reason);

struct ar_capture_counters {
    uint64_t n_frames;  /* handed out, without notices */
    uint64_t n_dropped; /* by us: overtaken by a newer one, or no frame free in the pool */
    uint64_t n_lost;    /* by the device: gaps in its sequence */
    uint64_t n_corrupt; /* flagged, truncated or undecodable */
    uint64_t n_resumed; /* times that pictures flowed again after they had not */
    uint64_t n_guessed; /* whose time stamp could not be: they count from when they came */
};
void ar_capture_counters(const struct ar_capture *capture, struct ar_capture_counters *out);
