/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Which V4L2 cameras the machine has, through libudev. Any thread.
 */

/* A Pi 5 has over 30 nodes, though few are of a kind that is listed. */
#define AR_DEVICES_MAX 32

struct ar_device {
    char path[64];     /* /dev/video0 */
    char card[33];     /* as the driver names it */
    char by_id[160];   /* /dev/v4l/by-id/..., or empty */
    char by_path[160]; /* /dev/v4l/by-path/..., or empty */
    bool capture;      /* can stream pictures in a format that we read */
    bool sensor;       /* the raw end of a CSI camera, which libcamera must drive */
    bool output;       /* takes pictures: a loopback or output node */
};

/*
 * A number that is another one once a video node came, went, or got other permissions. Opens nothing, allocates
 * nothing: cheap enough to be asked some times a second.
 */
uint64_t ar_devices_fingerprint(void);

/* Fills at most max; returns how many there are, or -errno. Devices that may not be opened are listed with an empty card. */
int ar_devices_list(struct ar_device *devices, uint32_t max);
