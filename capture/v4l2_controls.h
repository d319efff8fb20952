/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/entries.h"
#include "base/reason.h"
#include "capture/v4l2_io.h"

/*
 * A camera's controls by name: set one, or all that the user asked for. Any thread, each on its own descriptor.
 */

/*
 * Names match in any order of their words: what one kernel calls exposure_auto is auto_exposure to the next.
 * -ENOENT for an unknown name (the reason lists near ones), -EINVAL for a wrong value (it says what would be right),
 * -EACCES for a control that cannot be set, or not now. The reason does not name the camera.
 */
int ar_v4l2_controls_set(const struct ar_v4l2_io *io, const char *name, const char *text,
                         struct ar_reason *reason);

/*
 * Sets all, switches and menus before numbers: what is automatic must be off before its value can be set. One that
 * cannot be set is worth a line in the log, not the picture. what: the camera, for the log.
 */
void ar_v4l2_controls_apply(const struct ar_v4l2_io *io, const struct ar_entries *entries,
                            const char *what);
