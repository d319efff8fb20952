/* SPDX-License-Identifier: MIT */
#include "display/kms_console.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* World-readable: no terminal of our own is needed, nor a right to it. */
#define ACTIVE "/sys/class/tty/tty0/active"

/* "tty1\n"; empty when it cannot be read. */
static void read_active(int fd, char name[16])
{
    const ssize_t n = pread(fd, name, 15, 0);

    name[n > 0 ? n : 0] = '\0';
}

void ar_kms_console_open(struct ar_kms_console *console)
{
    *console = (struct ar_kms_console){ .fd = open(ACTIVE, O_RDONLY | O_CLOEXEC) };
    if (console->fd >= 0)
        read_active(console->fd, console->home);
}

void ar_kms_console_close(struct ar_kms_console *console)
{
    if (console->fd >= 0)
        close(console->fd);
    console->fd = -1;
}

bool ar_kms_console_is_home(const struct ar_kms_console *console)
{
    char active[16] = "";

    if (console->fd < 0)
        return true;
    read_active(console->fd, active);
    return strcmp(active, console->home) == 0;
}
