/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_node.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "capture/v4l2_kind.h"

int ar_v4l2_node_refuse(const struct ar_v4l2_node *node, int ret, const char *what,
                        struct ar_reason *reason)
{
    static const struct {
        int error;
        const char *cure;
    } cures[] = {
        { EACCES, "no permission; add the user to the group \"video\"" },
        { EPERM, "no permission; add the user to the group \"video\"" },
        { EBUSY, "another program uses it" },
        { ENOENT, "not there; ar-daemon --list-devices shows those that are" },
        { ENODEV, "camera unplugged" },
        { ENXIO, "camera unplugged" },
        { ENOSPC, "the USB bus has no room left; lower capture.size or capture.rate, or move "
                  "other cameras to another bus" },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(cures); i++)
        if (cures[i].error == -ret)
            return ar_reason_set(reason, ret, "%s: %s: %s", node->path, what, cures[i].cure);
    return ar_reason_set_err(reason, ret, "%s: %s", node->path, what);
}

/* What is wrong with a node that is no camera. */
static const struct {
    int ret;
    const char *words;
} refusals[] = {
    [AR_V4L2_CAMERA] = { 0, "" },
    [AR_V4L2_UNMAPPED] = { -ENOTSUP, "cannot stream through mapped buffers" },
    [AR_V4L2_SENSOR] = { -ENOTSUP, "a CSI camera's raw node; start ar-daemon through "
                                   "libcamerify" },
    [AR_V4L2_STAGE] = { -ENOTSUP, "a stage of the CSI cameras' pipeline; start ar-daemon "
                                  "through libcamerify" },
    [AR_V4L2_METADATA] = { -EINVAL, "not a capture device but its metadata; the camera is the "
                                    "node before" },
    [AR_V4L2_NO_CAMERA] = { -EINVAL, "not a capture device" },
};

static int check_abilities(struct ar_v4l2_node *node, struct ar_reason *reason)
{
    struct v4l2_capability capability = { .capabilities = 0 };
    const int ret = ar_v4l2_node_call(node, VIDIOC_QUERYCAP, &capability);
    enum ar_v4l2_kind kind;

    if (ret == -ENOTTY || ret == -EINVAL)
        return ar_reason_set(reason, -EINVAL, "%s: not a camera", node->path);
    if (ret < 0)
        return ar_v4l2_node_refuse(node, ret, "cannot ask what it is", reason);
    memcpy(node->card, capability.card, sizeof(capability.card));
    node->type = ar_v4l2_buffer_type(&capability);
    kind = ar_v4l2_kind_of(&capability);
    if (kind == AR_V4L2_CAMERA)
        return 0;
    return ar_reason_set(reason, refusals[kind].ret, "%s (%s): %s", node->path, node->card,
                         refusals[kind].words);
}

int ar_v4l2_node_open(struct ar_v4l2_node *node, const char *path, struct ar_reason *reason)
{
    int ret;

    snprintf(node->path, sizeof(node->path), "%s", path);
    ret = ar_v4l2_io_open(&node->io, node->path);
    if (ret < 0)
        return ar_v4l2_node_refuse(node, ret, "cannot open the camera", reason);
    return check_abilities(node, reason);
}

void ar_v4l2_node_close(struct ar_v4l2_node *node)
{
    ar_v4l2_io_close(&node->io);
}

int ar_v4l2_node_call(const struct ar_v4l2_node *node, unsigned long request, void *argument)
{
    return ar_v4l2_io_call(&node->io, request, argument);
}
