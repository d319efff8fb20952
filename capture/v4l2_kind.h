/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include <linux/videodev2.h>

/*
 * What a video node is, by what its driver says of it. Pure.
 */

enum ar_v4l2_kind {
    AR_V4L2_CAMERA,    /* streams pictures through mapped buffers */
    AR_V4L2_UNMAPPED,  /* gives pictures, but not so */
    AR_V4L2_SENSOR,    /* the raw end of a CSI camera: a library must drive it */
    AR_V4L2_STAGE,     /* of a camera's pipeline: turns pictures into others, has none itself */
    AR_V4L2_METADATA,  /* about a camera's pictures */
    AR_V4L2_NO_CAMERA, /* an output, a codec, a radio */
};

/* Abilities of this node, where the driver tells them apart from the whole device's. */
uint32_t ar_v4l2_abilities(const struct v4l2_capability *capability);

enum ar_v4l2_kind ar_v4l2_kind_of(const struct v4l2_capability *capability);

/* Of a camera: the type of its buffers, for the single- or the multi-planar interface. */
uint32_t ar_v4l2_buffer_type(const struct v4l2_capability *capability);
