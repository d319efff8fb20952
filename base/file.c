/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#define NEW ".new"

/* Those on the way to `path` that are missing, one by one. */
static int make_folders(const char *path)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0755) < 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

void ar_file_folder(const char *path, char *folder, size_t folder_b)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        snprintf(folder, folder_b, ".");
    else
        snprintf(folder, folder_b, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

int ar_file_write(int fd, const void *data, size_t data_b)
{
    const uint8_t *next = data;

    while (data_b > 0) {
        const ssize_t n_written = write(fd, next, data_b);

        if (n_written < 0 && errno == EINTR)
            continue;
        if (n_written < 0)
            return -errno;
        next += n_written;
        data_b -= (size_t)n_written;
    }
    return 0;
}

static int write_new(const char *path, const void *data, size_t data_b)
{
    int fd;
    int ret;

    unlink(path); /* of a run that was cut off */
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    ret = ar_file_write(fd, data, data_b);
    if (ret == 0 && fsync(fd) < 0)
        ret = -errno;
    if (close(fd) < 0 && ret == 0)
        ret = -errno;
    return ret;
}

/* The name is on the disk when its folder is. What cannot be synced (a folder of FUSE) is as good as it gets. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    int fd;

    ar_file_folder(path, folder, sizeof(folder));
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

int ar_file_replace(const char *path, const void *data, size_t data_b, struct ar_reason *reason)
{
    char fresh[PATH_MAX];
    int ret;

    if (strlen(path) + sizeof(NEW) > sizeof(fresh))
        return ar_reason_set_err(reason, -ENAMETOOLONG, "%.100s...", path);
    snprintf(fresh, sizeof(fresh), "%s" NEW, path);
    ret = make_folders(path);
    if (ret == 0)
        ret = write_new(fresh, data, data_b);
    if (ret == 0 && rename(fresh, path) < 0)
        ret = -errno;
    if (ret < 0) {
        unlink(fresh);
        return ar_reason_set_err(reason, ret, "%s: cannot be written", path);
    }
    sync_folder(path);
    return 0;
}
