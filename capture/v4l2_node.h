/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include <linux/videodev2.h>

#include "base/option.h"
#include "base/reason.h"
#include "capture/v4l2_io.h"

/*
 * An opened camera node, known to be one that can stream. One thread.
 */

struct ar_v4l2_node {
    struct ar_v4l2_io io; /* fd -1 when closed */
    uint32_t type;        /* of its buffers: single- or multi-planar capture */
    char path[AR_OPTION_TEXT_MAX];
    char
        card[sizeof(((struct v4l2_capability *)NULL)->card) + 1]; /* the driver's name for it */
};

/* On error the node may be half open: close it. */
int ar_v4l2_node_open(struct ar_v4l2_node *node, const char *path, struct ar_reason *reason);
void ar_v4l2_node_close(struct ar_v4l2_node *node);

/* True when it speaks the multi-planar interface: other structs, and planes in memory of their own. */
static inline bool ar_v4l2_node_is_multi(const struct ar_v4l2_node *node)
{
    return node->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

/* ioctl(2) on it: 0 or -errno. */
int ar_v4l2_node_call(const struct ar_v4l2_node *node, unsigned long request, void *argument);

/* Gives ret back; the reason says `what` failed and the cure, where the error number has one that we know. */
int ar_v4l2_node_refuse(const struct ar_v4l2_node *node, int ret, const char *what,
                        struct ar_reason *reason);
