/* SPDX-License-Identifier: MIT */
#include "capture/devices.h"

#include <errno.h>
#include <libudev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/videodev2.h>
#include <sys/stat.h>

#include "capture/v4l2_format.h"
#include "capture/v4l2_io.h"
#include "capture/v4l2_kind.h"

#define BY_ID_PREFIX   "/dev/v4l/by-id/"
#define BY_PATH_PREFIX "/dev/v4l/by-path/"

/* More than any driver has. */
#define FORMATS_MAX 256

/* True when the node offers a picture format of ours; raw: it has what only a sensor gives. */
static bool offers_format(const struct ar_v4l2_io *io, uint32_t type, bool *raw)
{
    struct v4l2_fmtdesc description = { .type = type };

    for (; description.index < FORMATS_MAX; description.index++) {
        if (ar_v4l2_io_call(io, VIDIOC_ENUM_FMT, &description) < 0)
            break;
        if (ar_v4l2_format_find(description.pixelformat))
            return true;
        *raw |= ar_v4l2_is_raw(&description);
    }
    return false;
}

/* What udev noted about a node that we may not open ourselves. */
static void describe_closed(struct ar_device *device, struct udev_device *node)
{
    const char *abilities = udev_device_get_property_value(node, "ID_V4L_CAPABILITIES");

    device->capture = abilities && strstr(abilities, ":capture:");
    device->output = abilities && strstr(abilities, ":video_output:");
}

static void describe_open(struct ar_device *device, const struct ar_v4l2_io *io)
{
    struct v4l2_capability capability = { .capabilities = 0 };
    enum ar_v4l2_kind kind;

    if (ar_v4l2_io_call(io, VIDIOC_QUERYCAP, &capability) < 0)
        return;
    kind = ar_v4l2_kind_of(&capability);
    memcpy(device->card, capability.card, sizeof(capability.card));
    device->output = (ar_v4l2_abilities(&capability) &
                      (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_VIDEO_OUTPUT_MPLANE)) != 0;
    if (kind == AR_V4L2_CAMERA)
        device->capture = offers_format(io, ar_v4l2_buffer_type(&capability), &device->sensor);
    else
        device->sensor = kind == AR_V4L2_SENSOR;
}

static void note_links(struct ar_device *device, struct udev_device *node)
{
    struct udev_list_entry *link = udev_device_get_devlinks_list_entry(node);

    for (; link; link = udev_list_entry_get_next(link)) {
        const char *name = udev_list_entry_get_name(link);

        if (!name)
            continue;
        if (strncmp(name, BY_ID_PREFIX, strlen(BY_ID_PREFIX)) == 0)
            snprintf(device->by_id, sizeof(device->by_id), "%s", name);
        if (strncmp(name, BY_PATH_PREFIX, strlen(BY_PATH_PREFIX)) == 0)
            snprintf(device->by_path, sizeof(device->by_path), "%s", name);
    }
}

static void describe(struct ar_device *device, struct udev_device *node)
{
    struct ar_v4l2_io io;

    note_links(device, node);
    if (ar_v4l2_io_open(&io, device->path) < 0) {
        describe_closed(device, node);
        return;
    }
    describe_open(device, &io);
    ar_v4l2_io_close(&io);
}

/* Nodes that neither take nor give pictures (metadata, VBI) are passed over. */
static void add(struct ar_device *devices, uint32_t max, uint32_t *n_devices, struct udev *udev,
                const char *syspath)
{
    struct udev_device *node = udev_device_new_from_syspath(udev, syspath);
    const char *path = node ? udev_device_get_devnode(node) : NULL;
    struct ar_device *device = &devices[*n_devices];

    if (path && strncmp(path, "/dev/video", strlen("/dev/video")) == 0 && *n_devices < max) {
        *device = (struct ar_device){ .capture = false };
        snprintf(device->path, sizeof(device->path), "%s", path);
        describe(device, node);
        if (device->capture || device->output || device->sensor)
            ++*n_devices;
    }
    udev_device_unref(node);
}

/* Of /dev/videoN: as many as the kernel gives by itself to a machine with many nodes. */
#define NUMBERS_MAX 64

/* FNV-1a, eight bytes at a time. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3);
}

uint64_t ar_devices_fingerprint(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (uint32_t i = 0; i < NUMBERS_MAX; i++) {
        struct stat node;
        char path[32];

        snprintf(path, sizeof(path), "/dev/video%u", i);
        if (stat(path, &node) < 0)
            continue;
        hash = mix(hash, i);
        hash = mix(hash, (uint64_t)node.st_ctim.tv_sec);
        hash = mix(hash, (uint64_t)node.st_ctim.tv_nsec);
    }
    return hash;
}

static int by_number(const void *a, const void *b)
{
    const struct ar_device *left = a;
    const struct ar_device *right = b;

    return strverscmp(left->path, right->path);
}

int ar_devices_list(struct ar_device *devices, uint32_t max)
{
    struct udev *udev = udev_new();
    struct udev_enumerate *nodes = udev ? udev_enumerate_new(udev) : NULL;
    struct udev_list_entry *entry = NULL;
    uint32_t n_devices = 0;
    int ret = -ENOMEM;

    if (!nodes)
        goto out;
    ret = udev_enumerate_add_match_subsystem(nodes, "video4linux");
    if (ret == 0)
        ret = udev_enumerate_scan_devices(nodes);
    if (ret < 0)
        goto out;
    for (entry = udev_enumerate_get_list_entry(nodes); entry;
         entry = udev_list_entry_get_next(entry))
        add(devices, max, &n_devices, udev, udev_list_entry_get_name(entry));
    qsort(devices, n_devices, sizeof(*devices), by_number);
    ret = (int)n_devices;
out:
    udev_enumerate_unref(nodes);
    udev_unref(udev);
    return ret;
}
