/* SPDX-License-Identifier: MIT */
#pragma once

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

#include "base/frame.h"

/*
 * Turns a picture as libav decodes it into a frame of ours: size, planes, range, luma equation. One thread.
 */

/* Which range it has: what it says, or what its format implies. */
enum ar_frame_range ar_clip_picture_range(const AVFrame *picture);

/*
 * Writes it into an I420 frame, scaled to the frame's size. *sws is kept between calls, NULL at first; free it with
 * sws_freeContext(). -EIO when libav cannot convert the format.
 */
int ar_clip_picture_write(struct SwsContext **sws, const AVFrame *picture,
                          struct ar_frame *frame);
