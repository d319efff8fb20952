/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

/*
 * Pictures for a V4L2 output device by buffers of its own, mapped into our memory: loopback.c takes a free one,
 * draws into it, and queues it. Private to this folder and the tests. One thread.
 */

/* One that the device shows, one that waits, one that is drawn. More would only make pictures late. */
#define AR_LOOPBACK_MAX_BUFFERS 3

struct ar_loopback_buffer {
    uint8_t *data; /* NULL: not mapped */
    size_t size_b;
    bool ours; /* free to draw into; otherwise the device has it */
};

struct ar_loopback_queue {
    int fd; /* borrowed */
    uint32_t n_buffers;
    bool streaming;
    struct ar_loopback_buffer buffers[AR_LOOPBACK_MAX_BUFFERS];
};

/*
 * On a device with its format set, for pictures of size_b. -EINVAL or -ENOTTY when it offers no such buffers,
 * other errors with their reason. Nothing is left open when it fails.
 */
int ar_loopback_queue_open(struct ar_loopback_queue *queue, int fd, size_t size_b,
                           const char *device, struct ar_reason *reason);
/* Accepts one that is all zeros. */
void ar_loopback_queue_close(struct ar_loopback_queue *queue);

/* The index of a buffer to draw into; -EAGAIN when the device has them all. Never blocks. */
int ar_loopback_queue_take(struct ar_loopback_queue *queue);
/* Hands it over with size_b bytes in it; the first one starts the stream. */
int ar_loopback_queue_put(struct ar_loopback_queue *queue, uint32_t index, size_t size_b);

/* ioctl(2), again where a signal came between. 0 or a negative errno. */
int ar_loopback_ioctl(int fd, unsigned long request, void *argument);
