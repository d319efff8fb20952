/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_node.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "capture/devices.h"

static int find_first(struct ar_v4l2_node *node, struct ar_reason *reason)
{
    struct ar_device devices[AR_DEVICES_MAX];
    const int n_devices = ar_devices_list(devices, AR_DEVICES_MAX);

    for (int i = 0; i < n_devices; i++) {
        if (devices[i].capture && !devices[i].output) {
            snprintf(node->path, sizeof(node->path), "%s", devices[i].path);
            return 0;
        }
    }
    return ar_reason_set(reason, -ENODEV, "source \"v4l2\": this machine has no camera");
}

/* Turns "", "0", a path, or a name below /dev/v4l/by-id or by-path into the path of a node. */
static int find_path(struct ar_v4l2_node *node, const char *device, struct ar_reason *reason)
{
    static const char *const folders[] = { "/dev/v4l/by-id/", "/dev/v4l/by-path/", "/dev/" };

    if (device[0] == '\0')
        return find_first(node, reason);
    if (device[strspn(device, "0123456789")] == '\0') {
        snprintf(node->path, sizeof(node->path), "/dev/video%.*s", 8, device);
        return 0;
    }
    if (device[0] == '/') {
        snprintf(node->path, sizeof(node->path), "%s", device);
        return 0;
    }
    for (size_t i = 0; i < AR_ARRAY_LEN(folders); i++) {
        const int len = snprintf(node->path, sizeof(node->path), "%s%s", folders[i], device);

        if (len < (int)sizeof(node->path) && access(node->path, F_OK) == 0)
            return 0;
    }
    return ar_reason_set(
        reason, -ENOENT,
        "camera \"%s\": not there; ar-daemon --list-devices shows those that are", device);
}

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

static int check_abilities(struct ar_v4l2_node *node, struct ar_reason *reason)
{
    struct v4l2_capability capability = { .capabilities = 0 };
    const int ret = ar_v4l2_node_call(node, VIDIOC_QUERYCAP, &capability);
    uint32_t able;

    if (ret == -ENOTTY || ret == -EINVAL)
        return ar_reason_set(reason, -EINVAL, "%s: not a camera", node->path);
    if (ret < 0)
        return ar_v4l2_node_refuse(node, ret, "cannot ask what it is", reason);
    able = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps
                                                          : capability.capabilities;
    memcpy(node->card, capability.card, sizeof(capability.card));
    if (able & V4L2_CAP_IO_MC)
        return ar_reason_set(reason, -ENOTSUP,
                             "%s (%s): a CSI camera's raw node; start ar-daemon through "
                             "libcamerify",
                             node->path, node->card);
    if (!(able & (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE)))
        return ar_reason_set(reason, -EINVAL, "%s (%s): not a capture device%s", node->path,
                             node->card,
                             able & V4L2_CAP_META_CAPTURE
                                 ? " but its metadata; the camera is the node before"
                                 : "");
    node->type = able & V4L2_CAP_VIDEO_CAPTURE ? V4L2_BUF_TYPE_VIDEO_CAPTURE
                                               : V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
    if (!(able & V4L2_CAP_STREAMING))
        return ar_reason_set(reason, -ENOTSUP, "%s (%s): cannot stream through mapped buffers",
                             node->path, node->card);
    return 0;
}

int ar_v4l2_node_open(struct ar_v4l2_node *node, const char *device, struct ar_reason *reason)
{
    int ret;

    node->io.fd = -1;
    ret = find_path(node, device, reason);
    if (ret < 0)
        return ret;
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
