/* SPDX-License-Identifier: MIT */
#include "daemon/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdalign.h>
#include <string.h>
#include <unistd.h>

#include <sys/inotify.h>

#include "base/clock.h"
#include "base/ending.h"
#include "base/file.h"
#include "base/log.h"

#define TAG "watch"

/* An editor writes, renames and removes within milliseconds. */
#define PAUSE_US 200000u

#define MASK (IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

/* Our own files' names, whichever folder they are in: an event too many costs a look at the files. */
static bool is_ours(const struct ar_watch *watch, const char *name)
{
    const size_t own_b = strlen(watch->name);

    return ar_has_ending(name, ".conf") ||
           (strncmp(name, watch->name, own_b) == 0 &&
            (name[own_b] == '\0' || strcmp(name + own_b, ".d") == 0));
}

static void on_pause_over(void *user, uint64_t n_expired)
{
    struct ar_watch *watch = user;

    watch->on_change(watch->user);
}

static void on_events(void *user, uint32_t ready)
{
    struct ar_watch *watch = user;
    alignas(struct inotify_event) char buffer[4096];
    const ssize_t n_read = read(watch->fd, buffer, sizeof(buffer));
    bool ours = false;

    for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n_read;) {
        const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

        ours = ours || (event->mask & IN_Q_OVERFLOW) != 0 ||
               (event->len > 0 && is_ours(watch, event->name));
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    if (ours)
        ar_loop_set_timer(watch->pause, ar_clock_now_us() + PAUSE_US, 0);
}

void ar_watch_init(struct ar_watch *watch, struct ar_loop *loop, ar_watch_fn *on_change,
                   void *user)
{
    *watch = (struct ar_watch){ .loop = loop, .on_change = on_change, .user = user, .fd = -1 };
}

/* The folder that `path` is in. One that is not there is none to watch. */
static void add_folder_of(struct ar_watch *watch, const char *path)
{
    char folder[AR_CONFIG_PATH_MAX_B];

    ar_file_folder(path, folder, sizeof(folder));
    if (inotify_add_watch(watch->fd, folder, MASK) < 0 && errno != ENOENT)
        ar_log_err(TAG, -errno, "%s: changes in it are not seen", folder);
}

void ar_watch_renew(struct ar_watch *watch, const struct ar_layers *layers)
{
    char drop_in[AR_CONFIG_PATH_MAX_B + 8];

    if (watch->fd < 0)
        return;
    /* The GNU one, which writes nothing. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    snprintf(watch->name, sizeof(watch->name), "%s", basename(layers->path));
    add_folder_of(watch, layers->path);
    snprintf(drop_in, sizeof(drop_in), "%s.d/.", layers->path);
    add_folder_of(watch, drop_in);
    if (layers->saved[0] != '\0')
        add_folder_of(watch, layers->saved);
}

static int start(struct ar_watch *watch)
{
    int ret;

    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->fd < 0)
        return -errno;
    ret = ar_loop_add_fd(watch->loop, watch->fd, POLLIN, on_events, watch, &watch->events);
    if (ret == 0)
        ret = ar_loop_add_timer(watch->loop, on_pause_over, watch, &watch->pause);
    return ret;
}

int ar_watch_set(struct ar_watch *watch, bool on, const struct ar_layers *layers,
                 struct ar_reason *reason)
{
    int ret;

    if (on == (watch->fd >= 0))
        return 0;
    if (!on) {
        ar_watch_stop(watch);
        return 0;
    }
    ret = start(watch);
    if (ret < 0) {
        ar_watch_stop(watch);
        return ar_reason_set_err(reason, ret, "daemon.reload: files cannot be watched");
    }
    ar_watch_renew(watch, layers);
    return 0;
}

void ar_watch_stop(struct ar_watch *watch)
{
    if (!watch->loop || watch->fd < 0)
        return;
    ar_loop_remove(&watch->pause);
    ar_loop_remove(&watch->events);
    close(watch->fd);
    watch->fd = -1;
}
