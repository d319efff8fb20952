/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_kind.h"

#include <stdbool.h>
#include <string.h>

#include "base/macros.h"

/* The Pi's image processors: their nodes look like cameras, and stay silent without somebody who feeds them. */
static const char *const stages[] = { "bcm2835-isp", "pispbe" };

#define CAPTURE (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE)

uint32_t ar_v4l2_abilities(const struct v4l2_capability *capability)
{
    return capability->capabilities & V4L2_CAP_DEVICE_CAPS ? capability->device_caps
                                                           : capability->capabilities;
}

static bool is_stage(const struct v4l2_capability *capability)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(stages); i++)
        if (strncmp((const char *)capability->driver, stages[i], sizeof(capability->driver)) ==
            0)
            return true;
    return false;
}

enum ar_v4l2_kind ar_v4l2_kind_of(const struct v4l2_capability *capability)
{
    const uint32_t able = ar_v4l2_abilities(capability);

    if (able & CAPTURE && is_stage(capability))
        return AR_V4L2_STAGE;
    if (able & CAPTURE && able & V4L2_CAP_IO_MC)
        return AR_V4L2_SENSOR;
    if (able & CAPTURE)
        return able & V4L2_CAP_STREAMING ? AR_V4L2_CAMERA : AR_V4L2_UNMAPPED;
    return able & V4L2_CAP_META_CAPTURE ? AR_V4L2_METADATA : AR_V4L2_NO_CAMERA;
}

uint32_t ar_v4l2_buffer_type(const struct v4l2_capability *capability)
{
    return ar_v4l2_abilities(capability) & V4L2_CAP_VIDEO_CAPTURE
               ? V4L2_BUF_TYPE_VIDEO_CAPTURE
               : V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}
