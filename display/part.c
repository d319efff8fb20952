/* SPDX-License-Identifier: MIT */
#include "display/part.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"

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

static int take_path(struct ar_part *part, const char *path, struct ar_reason *reason)
{
    size_t length = strlen(path);

    *part = (struct ar_part){ .fd = -1 };
    if (length >= sizeof(part->path))
        return ar_reason_set_err(reason, -ENAMETOOLONG, "%.100s...", path);
    memcpy(part->path, path, length + 1);
    return 0;
}

int ar_part_open(struct ar_part *part, const char *path, struct ar_reason *reason)
{
    struct stat found;
    int ret = take_path(part, path, reason);

    if (ret < 0)
        return ret;
    if (stat(path, &found) < 0 || S_ISREG(found.st_mode))
        return create_temporary(part, reason);
    if (S_ISDIR(found.st_mode))
        return ar_reason_set(reason, -EISDIR, "%s: is a folder; name a file in it", path);
    return open_straight(part, reason);
}

/* Why there can be no new file of this name. */
static int refuse_new(const struct ar_part *part, int ret, struct ar_reason *reason)
{
    char folder[PATH_MAX];
    struct stat found;

    if (lstat(part->path, &found) == 0) {
        if (S_ISLNK(found.st_mode))
            return ar_reason_set(reason, -EEXIST,
                                 "%s: is a symbolic link, and none is followed", part->path);
        if (S_ISDIR(found.st_mode))
            return ar_reason_set(reason, -EISDIR, "%s: is a folder; name a file in it",
                                 part->path);
        return ar_reason_set(reason, -EEXIST,
                             "%s: exists, and nothing is replaced; name another file, or "
                             "remove it",
                             part->path);
    }
    if (ret == -ENAMETOOLONG)
        return ar_reason_set_err(reason, ret, "%.100s...", part->path);
    ar_file_folder(part->path, folder, sizeof(folder));
    if (ret == -ENOENT)
        return ar_reason_set(reason, ret, "%s: there is no folder %s", part->path, folder);
    return ar_reason_set_err(reason, ret, "%s: cannot be created", part->path);
}

static int open_nameless(const char *path)
{
    char folder[PATH_MAX];
    int fd;

    ar_file_folder(path, folder, sizeof(folder));
    fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    return fd < 0 ? -errno : fd;
}

int ar_part_open_new(struct ar_part *part, const char *path, struct ar_reason *reason)
{
    struct stat found;
    int ret = take_path(part, path, reason);

    if (ret < 0)
        return ret;
    part->fresh = true;
    if (lstat(path, &found) == 0)
        return refuse_new(part, -EEXIST, reason);
    ret = errno == ENOENT ? open_nameless(path) : -errno;
    if (ret == -EOPNOTSUPP || ret == -EISDIR)
        return create_temporary(part, reason);
    if (ret < 0)
        return refuse_new(part, ret, reason);
    part->fd = ret;
    return 0;
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
    const int ret = ar_file_write(part->fd, data, size_b);

    return ret < 0 ? ar_reason_set_err(reason, ret, "%s: cannot be written", part->path) : 0;
}

/* What has no name at all is linked while it is open. */
static int link_open(const struct ar_part *part)
{
    char self[32];

    snprintf(self, sizeof(self), "/proc/self/fd/%d", part->fd);
    return linkat(AT_FDCWD, self, AT_FDCWD, part->path, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* Not all file systems know how to replace nothing; they get as close as they can. */
static int rename_fresh(const struct ar_part *part)
{
    if (renameat2(AT_FDCWD, part->temporary, AT_FDCWD, part->path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL)
        return -errno;
    if (faccessat(AT_FDCWD, part->path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    return rename(part->temporary, part->path) < 0 ? -errno : 0;
}

static int give_name(struct ar_part *part)
{
    int ret = 0;

    if (part->fresh && !ar_part_is_regular(part))
        ret = link_open(part);
    else if (part->fresh)
        ret = rename_fresh(part);
    else if (ar_part_is_regular(part) && rename(part->temporary, part->path) < 0)
        ret = -errno;
    part->named = ret == 0;
    return ret;
}

static int say_unfinished(const struct ar_part *part, int ret, struct ar_reason *reason)
{
    if (part->fresh)
        return refuse_new(part, ret, reason);
    return ar_reason_set_err(reason, ret, "%s: cannot be finished", part->path);
}

int ar_part_publish(struct ar_part *part, struct ar_reason *reason)
{
    int ret = give_name(part);

    return ret < 0 ? say_unfinished(part, ret, reason) : 0;
}

int ar_part_commit(struct ar_part *part, struct ar_reason *reason)
{
    int ret = 0;

    assert(part->fd >= 0);
    if (part->fresh && !part->named)
        ret = give_name(part);
    /* Network file systems tell of a full disk only here. */
    if (close(part->fd) < 0 && ret == 0)
        ret = -errno;
    part->fd = -1;
    if (ret == 0 && !part->named)
        ret = give_name(part);
    if (ret < 0 && ar_part_is_regular(part) && !part->named)
        unlink(part->temporary);
    return ret < 0 ? say_unfinished(part, ret, reason) : 0;
}

void ar_part_abandon(struct ar_part *part)
{
    if (part->fd < 0)
        return;
    if (part->named)
        unlink(part->path);
    else if (ar_part_is_regular(part))
        unlink(part->temporary);
    close(part->fd);
    part->fd = -1;
}
