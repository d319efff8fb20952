/* SPDX-License-Identifier: MIT */
#include "display/part.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#define ENDING ".part"

static int create_temporary(struct ar_part *part, struct ar_reason *reason)
{
    int ret;

    snprintf(part->temporary, sizeof(part->temporary), "%s" ENDING, part->path);
    part->fd =
        open(part->temporary, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
    if (part->fd < 0) {
        ret = -errno;
        return ar_reason_set_err(reason, ret, "%s: cannot create %s" ENDING, part->path,
                                 part->path);
    }
    if (flock(part->fd, LOCK_EX | LOCK_NB) < 0) {
        ret = errno == EWOULDBLOCK ? -EBUSY : -errno;
        ar_reason_set_err(reason, ret, "%s: another program is writing it", part->path);
        goto err_close;
    }
    if (ftruncate(part->fd, 0) < 0) {
        ret = -errno;
        ar_reason_set_err(reason, ret, "%s: not a file that can be written anew",
                          part->temporary);
        goto err_close;
    }
    return 0;

err_close:
    close(part->fd);
    part->fd = -1;
    return ret;
}

static int open_straight(struct ar_part *part, struct ar_reason *reason)
{
    int flags;
    int ret;

    part->fd = open(part->path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (part->fd < 0 && errno == ENXIO)
        return ar_reason_set_err(reason, -ENXIO,
                                 "%s: nobody reads this pipe; start the reader first",
                                 part->path);
    if (part->fd < 0) {
        ret = -errno;
        return ar_reason_set_err(reason, ret, "%s: cannot be written", part->path);
    }
    flags = fcntl(part->fd, F_GETFL);
    if (flags >= 0)
        fcntl(part->fd, F_SETFL, flags & ~O_NONBLOCK);
    return 0;
}

int ar_part_open(struct ar_part *part, const char *path, struct ar_reason *reason)
{
    size_t length = strlen(path);
    struct stat found;

    *part = (struct ar_part){ .fd = -1 };
    if (length >= sizeof(part->path))
        return ar_reason_set_err(reason, -ENAMETOOLONG, "%.100s...", path);
    memcpy(part->path, path, length + 1);
    if (stat(path, &found) < 0 || S_ISREG(found.st_mode))
        return create_temporary(part, reason);
    if (S_ISDIR(found.st_mode))
        return ar_reason_set(reason, -EISDIR, "%s: is a folder; name a file in it", path);
    return open_straight(part, reason);
}

int ar_part_open_stdout(struct ar_part *part, struct ar_reason *reason)
{
    int ret;

    *part = (struct ar_part){ .fd = -1, .path = "standard output" };
    if (isatty(STDOUT_FILENO))
        return ar_reason_set(reason, -EINVAL,
                             "standard output is a terminal; pipe it on, as to \"ffplay -\"");
    part->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (part->fd < 0) {
        ret = -errno;
        return ar_reason_set_err(reason, ret, "standard output");
    }
    return 0;
}

bool ar_part_is_regular(const struct ar_part *part)
{
    return part->temporary[0] != '\0';
}

int ar_part_write(struct ar_part *part, const void *data, size_t size_b,
                  struct ar_reason *reason)
{
    const uint8_t *next = data;

    while (size_b > 0) {
        ssize_t n_written = write(part->fd, next, size_b);

        if (n_written < 0 && errno == EINTR)
            continue;
        if (n_written < 0) {
            int ret = -errno;

            return ar_reason_set_err(reason, ret, "%s: cannot be written", part->path);
        }
        next += n_written;
        size_b -= (size_t)n_written;
    }
    return 0;
}

int ar_part_commit(struct ar_part *part, struct ar_reason *reason)
{
    int ret = 0;

    assert(part->fd >= 0);
    /* Network file systems tell of a full disk only here. */
    if (close(part->fd) < 0)
        ret = -errno;
    part->fd = -1;
    if (ret < 0)
        ar_reason_set_err(reason, ret, "%s: cannot be finished", part->path);
    if (ret == 0 && ar_part_is_regular(part) && rename(part->temporary, part->path) < 0) {
        ret = -errno;
        ar_reason_set_err(reason, ret, "%s: cannot take its name from %s", part->path,
                          part->temporary);
    }
    if (ret < 0 && ar_part_is_regular(part))
        unlink(part->temporary);
    return ret;
}

void ar_part_abandon(struct ar_part *part)
{
    if (part->fd < 0)
        return;
    if (ar_part_is_regular(part))
        unlink(part->temporary);
    close(part->fd);
    part->fd = -1;
}
