/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_io.h"

#include <errno.h>
#include <fcntl.h>
#include <libv4l2.h>
#include <stdbool.h>
#include <unistd.h>

#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct ar_v4l2_calls {
    int (*close)(int fd);
    int (*ioctl)(int fd, unsigned long request, void *argument);
    void *(*mmap)(int fd, size_t size_b, uint32_t offset_b);
    int (*munmap)(void *memory, size_t size_b);
};

static int plain_ioctl(int fd, unsigned long request, void *argument)
{
    return ioctl(fd, request, argument);
}

static void *plain_mmap(int fd, size_t size_b, uint32_t offset_b)
{
    return mmap(NULL, size_b, PROT_READ, MAP_SHARED, fd, (off_t)offset_b);
}

static int library_ioctl(int fd, unsigned long request, void *argument)
{
    return v4l2_ioctl(fd, request, argument);
}

static void *library_mmap(int fd, size_t size_b, uint32_t offset_b)
{
    return v4l2_mmap(NULL, size_b, PROT_READ, MAP_SHARED, fd, (int64_t)offset_b);
}

static const struct ar_v4l2_calls plain_calls = { close, plain_ioctl, plain_mmap, munmap };
static const struct ar_v4l2_calls library_calls = { v4l2_close, library_ioctl, library_mmap,
                                                    v4l2_munmap };

/* libv4l2 writes to standard error about a descriptor that cannot answer both. */
static bool is_camera(int fd)
{
    struct v4l2_capability capability;
    struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
           plain_ioctl(fd, VIDIOC_QUERYCAP, &capability) == 0 &&
           plain_ioctl(fd, VIDIOC_G_FMT, &format) == 0;
}

/*
 * libcamerify stands between a program and libc, and gives out an eventfd as a "camera". libv4l2 calls the
 * kernel past libc and would not find it, so it only gets what is a device node.
 */
int ar_v4l2_io_open(struct ar_v4l2_io *io, const char *path)
{
    io->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (io->fd < 0)
        return -errno;
    io->calls = &plain_calls;
    if (is_camera(io->fd) && v4l2_fd_open(io->fd, V4L2_DISABLE_CONVERSION) == io->fd)
        io->calls = &library_calls;
    return 0;
}

void ar_v4l2_io_close(struct ar_v4l2_io *io)
{
    if (io->fd >= 0)
        io->calls->close(io->fd);
    io->fd = -1;
}

int ar_v4l2_io_call(const struct ar_v4l2_io *io, unsigned long request, void *argument)
{
    while (io->calls->ioctl(io->fd, request, argument) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

void *ar_v4l2_io_map(const struct ar_v4l2_io *io, size_t size_b, uint32_t offset_b)
{
    void *memory = io->calls->mmap(io->fd, size_b, offset_b);

    return memory == MAP_FAILED ? NULL : memory;
}

void ar_v4l2_io_unmap(const struct ar_v4l2_io *io, void *memory, size_t size_b)
{
    io->calls->munmap(memory, size_b);
}
