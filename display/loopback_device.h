/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"
#include "base/reason.h"
#include "display/loopback_queue.h"

/*
 * A V4L2 output device: which format it takes, and how pictures get into it: by its own buffers where it has some,
 * by write(2) otherwise. Private to this folder and the tests. One thread.
 */

struct ar_loopback_format {
    uint32_t fourcc;
    const char *name;
    enum ar_frame_format frame;
};

struct ar_loopback_device {
    const char *path; /* borrowed */
    int fd;           /* -1 when closed */
    char card[32];
    const struct ar_loopback_format *format;
    struct ar_frame_shape shape;
    uint32_t stride_b; /* of the first plane's rows */
    size_t size_b;     /* of a picture */
    struct ar_loopback_queue queue;
    uint8_t *picture; /* for write(2), size_b; NULL where there are buffers */
};

/* For frames of this size; sets all the others. rate_millihz 0: unknown. Leaves nothing open when it fails. */
int ar_loopback_device_open(struct ar_loopback_device *device, const char *path,
                            uint32_t width_px, uint32_t height_px, uint32_t rate_millihz,
                            struct ar_reason *reason);
/* Accepts one that is closed. */
void ar_loopback_device_close(struct ar_loopback_device *device);

/* A frame of the device's shape. -EAGAIN when it has no room for another picture, which is no error. */
int ar_loopback_device_send(struct ar_loopback_device *device, const struct ar_frame *frame);
