/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/option.h"
#include "base/reason.h"

/*
 * From what a user calls a camera to the path of its node, now and when it comes back. One thread.
 */

/* A camera that was found once: by what to know it again. */
struct ar_v4l2_known {
    char device[AR_OPTION_TEXT_MAX]; /* as the user wrote it */
    char path[AR_OPTION_TEXT_MAX];   /* where it was last */
    char card[33];                   /* as its driver names it; empty: not known */
    char by_id[160];                 /* its link below /dev/v4l/by-id; empty: it has none */
};

/*
 * device: a path, a number, a name below /dev/v4l/by-id or by-path, a part of the driver's name for one camera; empty
 * for the first camera. Fills path. -ENODEV, -ENOENT, -EINVAL (several cameras have that name).
 */
int ar_v4l2_find(struct ar_v4l2_known *known, const char *device, struct ar_reason *reason);

/* Notes what it can be known by, once its node is open. */
void ar_v4l2_remember(struct ar_v4l2_known *known, const char *card);

/*
 * Finds the same camera on whatever node it is now: by its link, or by its driver's name for it where it has none;
 * else what the user's words mean today. Fills path.
 */
int ar_v4l2_find_again(struct ar_v4l2_known *known, struct ar_reason *reason);
