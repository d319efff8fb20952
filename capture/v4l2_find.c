/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_find.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "capture/devices.h"

/* Below it, udev keeps names that stay when numbers change. */
#define LINKS "/dev/v4l/"

/* The machine's cameras in the order of their numbers. */
struct cameras {
    struct ar_device list[AR_DEVICES_MAX];
    uint32_t n;
};

static void list_cameras(struct cameras *cameras)
{
    const int n_devices = ar_devices_list(cameras->list, AR_DEVICES_MAX);

    cameras->n = 0;
    for (int i = 0; i < n_devices; i++)
        if (cameras->list[i].capture && !cameras->list[i].output)
            cameras->list[cameras->n++] = cameras->list[i];
}

static void take_path(struct ar_v4l2_known *known, const char *path)
{
    snprintf(known->path, sizeof(known->path), "%s", path);
}

static int find_first(struct ar_v4l2_known *known, struct ar_reason *reason)
{
    struct cameras cameras;

    list_cameras(&cameras);
    if (cameras.n == 0)
        return ar_reason_set(reason, -ENODEV, "source \"v4l2\": this machine has no camera");
    take_path(known, cameras.list[0].path);
    return 0;
}

static bool find_link(struct ar_v4l2_known *known)
{
    static const char *const folders[] = { LINKS "by-id/", LINKS "by-path/", "/dev/" };

    for (size_t i = 0; i < AR_ARRAY_LEN(folders); i++) {
        const int len =
            snprintf(known->path, sizeof(known->path), "%s%s", folders[i], known->device);

        if (len < (int)sizeof(known->path) && access(known->path, F_OK) == 0)
            return true;
    }
    return false;
}

/* The one camera whose name has these words in it. */
static int find_named(struct ar_v4l2_known *known, struct ar_reason *reason)
{
    const struct ar_device *found = NULL;
    struct cameras cameras;

    list_cameras(&cameras);
    for (uint32_t i = 0; i < cameras.n; i++) {
        const struct ar_device *camera = &cameras.list[i];

        if (!strcasestr(camera->card, known->device))
            continue;
        if (found)
            return ar_reason_set(reason, -EINVAL,
                                 "camera \"%s\": %s (%s) and %s (%s) have this name; right "
                                 "would be a name from /dev/v4l/by-id or by-path",
                                 known->device, found->path, found->card, camera->path,
                                 camera->card);
        found = camera;
    }
    if (!found)
        return ar_reason_set(
            reason, -ENOENT,
            "camera \"%s\": not there; ar-daemon --list-devices shows those that are",
            known->device);
    take_path(known, found->path);
    return 0;
}

static int resolve(struct ar_v4l2_known *known, struct ar_reason *reason)
{
    const char *device = known->device;

    if (device[0] == '\0')
        return find_first(known, reason);
    if (device[strspn(device, "0123456789")] == '\0') {
        snprintf(known->path, sizeof(known->path), "/dev/video%.8s", device);
        return 0;
    }
    if (device[0] == '/') {
        take_path(known, device);
        return 0;
    }
    return find_link(known) ? 0 : find_named(known, reason);
}

int ar_v4l2_find(struct ar_v4l2_known *known, const char *device, struct ar_reason *reason)
{
    *known = (struct ar_v4l2_known){ .path = "" };
    snprintf(known->device, sizeof(known->device), "%s", device);
    return resolve(known, reason);
}

void ar_v4l2_remember(struct ar_v4l2_known *known, const char *card)
{
    struct cameras cameras;

    snprintf(known->card, sizeof(known->card), "%s", card);
    list_cameras(&cameras);
    for (uint32_t i = 0; i < cameras.n; i++)
        if (strcmp(cameras.list[i].path, known->path) == 0)
            snprintf(known->by_id, sizeof(known->by_id), "%s", cameras.list[i].by_id);
}

/* Only a camera without a link is known by its name: of two alike, each has a link of its own. */
static bool is_it(const struct ar_v4l2_known *known, const struct ar_device *camera)
{
    if (known->by_id[0] != '\0')
        return strcmp(camera->by_id, known->by_id) == 0;
    return known->card[0] != '\0' && strcmp(camera->card, known->card) == 0;
}

int ar_v4l2_find_again(struct ar_v4l2_known *known, struct ar_reason *reason)
{
    struct cameras cameras;

    /* Who names a link means what it leads to: with by-path a port, whatever camera is in it. */
    if (strncmp(known->device, LINKS, strlen(LINKS)) == 0 ||
        (known->device[0] != '/' && known->device[0] != '\0' && find_link(known)))
        return resolve(known, reason);
    list_cameras(&cameras);
    for (uint32_t i = 0; i < cameras.n; i++)
        if (is_it(known, &cameras.list[i])) {
            take_path(known, cameras.list[i].path);
            return 0;
        }
    return resolve(known, reason);
}
