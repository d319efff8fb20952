/* SPDX-License-Identifier: MIT */
#include "display/kms_hotplug.h"

#include <libudev.h>
#include <stddef.h>
#include <string.h>

/* Straight from the kernel: what udev adds to a message does not matter here, and it may not run. */
#define MESSAGES_OF "kernel"

void ar_kms_hotplug_open(struct ar_kms_hotplug *hotplug)
{
    *hotplug = (struct ar_kms_hotplug){ .fd = -1, .udev = udev_new() };
    if (hotplug->udev)
        hotplug->monitor = udev_monitor_new_from_netlink(hotplug->udev, MESSAGES_OF);
    if (hotplug->monitor &&
        udev_monitor_filter_add_match_subsystem_devtype(hotplug->monitor, "drm", NULL) >= 0 &&
        udev_monitor_enable_receiving(hotplug->monitor) >= 0)
        hotplug->fd = udev_monitor_get_fd(hotplug->monitor);
}

void ar_kms_hotplug_close(struct ar_kms_hotplug *hotplug)
{
    if (hotplug->monitor)
        udev_monitor_unref(hotplug->monitor);
    if (hotplug->udev)
        udev_unref(hotplug->udev);
    *hotplug = (struct ar_kms_hotplug){ .fd = -1 };
}

bool ar_kms_hotplug_read(const struct ar_kms_hotplug *hotplug)
{
    struct udev_device *device;
    bool changed = false;

    while ((device = udev_monitor_receive_device(hotplug->monitor)) != NULL) {
        const char *word = udev_device_get_property_value(device, "HOTPLUG");

        changed = changed || (word && strcmp(word, "1") == 0);
        udev_device_unref(device);
    }
    return changed;
}
