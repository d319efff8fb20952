/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "capture/v4l2_io.h"

/*
 * One control of a camera: what it is called, which values it takes, in the words that users and --list-devices use.
 * One thread at a time per descriptor; a control is the device's, so that any descriptor on it will do.
 */

#define AR_V4L2_CONTROL_NAME_B 33

struct ar_v4l2_control {
    uint32_t id;
    uint32_t type;  /* enum v4l2_ctrl_type */
    uint32_t flags; /* V4L2_CTRL_FLAG_... */
    int64_t min;
    int64_t max;
    uint64_t step;
    int64_t fallback;
    char name[AR_V4L2_CONTROL_NAME_B]; /* "auto_exposure", from the driver's "Auto Exposure" */
};

/* The driver's words as a key: small letters, digits, and one "_" for whatever is between them. */
void ar_v4l2_control_key(const char *words, char key[AR_V4L2_CONTROL_NAME_B]);

/*
 * The control after that id (0: the first) that has a value of a kind that can be set as text. -EINVAL behind the
 * last one, -ENOTTY when the device has none.
 */
int ar_v4l2_control_next(const struct ar_v4l2_io *io, uint32_t id,
                         struct ar_v4l2_control *control);

/* "0..255", "0..2000 step 50", "yes|no", "1 Manual Mode, 3 Aperture Priority Mode". */
void ar_v4l2_control_describe(const struct ar_v4l2_io *io,
                              const struct ar_v4l2_control *control, char *text, size_t text_b);

/* Of a menu, a number or an item's words; of a switch, yes or no. -EINVAL: the reason says what would be right. */
int ar_v4l2_control_parse(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                          const char *text, int64_t *value, struct ar_reason *reason);

/* What the device makes of it: 0 or -errno. */
int ar_v4l2_control_get(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                        int64_t *value);
int ar_v4l2_control_set(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                        int64_t value);
