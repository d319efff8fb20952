/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_stamp.h"

/* A gap that a camera can have; a longer one means that it counts from anew. */
#define GAP_MAX 1000

uint64_t ar_v4l2_capture_us(const struct v4l2_buffer *buffer, uint64_t now_us, bool *guessed)
{
    const uint64_t stamp_us =
        (uint64_t)buffer->timestamp.tv_sec * 1000000u + (uint64_t)buffer->timestamp.tv_usec;

    *guessed =
        (buffer->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) != V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC ||
        stamp_us > now_us || now_us - stamp_us > AR_V4L2_STAMP_MAX_AGE_US;
    return *guessed ? now_us : stamp_us;
}

uint32_t ar_v4l2_sequence_gap(uint32_t previous, uint32_t current)
{
    const uint32_t step = current - previous; /* right across the counter's wrap */

    return step >= 2 && step <= GAP_MAX ? step - 1 : 0;
}
