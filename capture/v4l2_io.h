/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * System calls on a V4L2 node: through libv4l2, whose plugins make odd devices look like plain cameras, or
 * through libc where the node is not the kernel's own. One thread.
 */

struct ar_v4l2_calls;

struct ar_v4l2_io {
    int fd; /* -1 when closed */
    const struct ar_v4l2_calls *calls;
};

/* Opens without blocking and without converting formats. 0 or -errno. */
int ar_v4l2_io_open(struct ar_v4l2_io *io, const char *path);
void ar_v4l2_io_close(struct ar_v4l2_io *io);

/* ioctl(2), started again when a signal came between. 0 or -errno. */
int ar_v4l2_io_call(const struct ar_v4l2_io *io, unsigned long request, void *argument);

/* NULL when it cannot be mapped. */
void *ar_v4l2_io_map(const struct ar_v4l2_io *io, size_t size_b, uint32_t offset_b);
void ar_v4l2_io_unmap(const struct ar_v4l2_io *io, void *memory, size_t size_b);
