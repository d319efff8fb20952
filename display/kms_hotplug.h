/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/* The kernel's word that a screen was plugged in or out somewhere. One thread. */

struct udev;
struct udev_monitor;

struct ar_kms_hotplug {
    struct udev *udev;
    struct udev_monitor *monitor;
    int fd; /* readable when there is a message; -1: there will be none */
};

/* Where the kernel's messages are not to be had (a container) there will be none. */
void ar_kms_hotplug_open(struct ar_kms_hotplug *hotplug);
void ar_kms_hotplug_close(struct ar_kms_hotplug *hotplug);

/* Reads what there is. True when some screen has come or gone. */
bool ar_kms_hotplug_read(const struct ar_kms_hotplug *hotplug);
