/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/mman.h>

int input_open(const uint8_t *data, size_t size_b, char path[INPUT_PATH_B])
{
    const int fd = memfd_create("input", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size_b) != (ssize_t)size_b)
        abort();
    snprintf(path, INPUT_PATH_B, "/proc/self/fd/%d", fd);
    return fd;
}

void input_close(int fd)
{
    close(fd);
}
