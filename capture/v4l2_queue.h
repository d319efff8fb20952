/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/v4l2_convert.h"
#include "capture/v4l2_node.h"

/*
 * The buffers that go between a camera's driver and us, in memory that both see, on the single- or the
 * multi-planar interface. One thread. Zero-initialised: empty.
 */

#define AR_V4L2_MAX_BUFFERS 32

/* A filled buffer, with us until it is given back. Its indices and sizes have been checked. */
struct ar_v4l2_filled {
    struct v4l2_buffer
        buffer; /* for its flags, sequence and time; m and length are not valid */
    size_t used_b[AR_V4L2_MAX_PLANES]; /* 0 when the driver claims more than there is */
    const uint8_t *data[AR_V4L2_MAX_PLANES];
};

struct ar_v4l2_buffer_memory {
    const uint8_t *data[AR_V4L2_MAX_PLANES];
    size_t size_b[AR_V4L2_MAX_PLANES];
};

struct ar_v4l2_queue {
    const struct ar_v4l2_node *node;
    uint32_t n_memory; /* planes of each buffer */
    uint32_t n_buffers;
    struct ar_v4l2_buffer_memory buffers[AR_V4L2_MAX_BUFFERS];
};

/*
 * Has the driver make buffers for the format that is set, and maps them. need_b: what each memory plane must
 * have room for. On error, unmap.
 */
int ar_v4l2_queue_map(struct ar_v4l2_queue *queue, const struct ar_v4l2_node *node,
                      const size_t *need_b, uint32_t n_memory);
void ar_v4l2_queue_unmap(struct ar_v4l2_queue *queue);

/* Gives all buffers to the driver and starts the stream; stop takes them all back. 0 or -errno. */
int ar_v4l2_queue_start(const struct ar_v4l2_queue *queue);
void ar_v4l2_queue_stop(const struct ar_v4l2_queue *queue);

/* -EAGAIN: none is filled. -EIO for an answer that cannot be. Otherwise the driver's error. */
int ar_v4l2_queue_take(const struct ar_v4l2_queue *queue, struct ar_v4l2_filled *filled);
int ar_v4l2_queue_give_back(const struct ar_v4l2_queue *queue, uint32_t index);
