/* SPDX-License-Identifier: MIT */
#include "daemon/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <sys/resource.h>

#include "base/ending.h"
#include "base/macros.h"
#include "daemon/convert.h"
#include "display/jpeg.h"

#define QUALITY_PCT 92
#define NICE        10

/* A camera that is away, or a pause, can last. */
#define PATIENCE_US 3000000u

struct ar_snapshot {
    struct ar_part part;
    struct ar_picture picture; /* as JPEG wants it */
    struct ar_tap tap;
    struct ar_loop *control_loop;
    pthread_t thread;
    pthread_mutex_t lock;
    struct ar_snapshot_status status; /* under lock */
};

static int paste(struct ar_snapshot *snapshot, uint32_t left_px, const struct ar_frame *frame)
{
    const struct ar_frame_shape shape = { frame->shape.width_px, frame->shape.height_px,
                                          AR_FRAME_I420, AR_FRAME_FULL };
    struct ar_convert *convert;
    struct ar_frame *planes;
    int ret = ar_convert_create(&convert, &shape);

    if (ret < 0)
        return ret;
    planes = ar_convert_run(convert, frame);
    ar_picture_paste(&snapshot->picture.frame, left_px, 0, planes);
    ar_frame_unref(&planes);
    ar_convert_destroy(convert);
    return 0;
}

/* Camera left, painting right. */
static int compose(struct ar_snapshot *snapshot, const struct ar_tap_copy *copy)
{
    uint32_t left_px = 0;
    int ret = 0;

    if (copy->camera.memory) {
        ret = paste(snapshot, 0, &copy->camera.frame);
        left_px = copy->camera.frame.shape.width_px;
    }
    return ret < 0 ? ret : paste(snapshot, left_px, &copy->painting.frame);
}

static int take(struct ar_snapshot *snapshot, struct ar_reason *reason)
{
    const struct ar_tap_copy *copy;
    int ret = ar_tap_take(&snapshot->tap, PATIENCE_US, &copy);

    ar_tap_close(&snapshot->tap);
    if (ret == 0)
        ret = compose(snapshot, copy);
    if (ret == 0)
        return ar_jpeg_write(&snapshot->part, &snapshot->picture.frame, QUALITY_PCT, reason);
    ar_part_abandon(&snapshot->part);
    if (ret == -ETIMEDOUT)
        return ar_reason_set(reason, ret, "%s: no picture was painted within %u s",
                             snapshot->part.path, PATIENCE_US / 1000000);
    return ar_reason_set_err(reason, ret, "%s", snapshot->part.path);
}

static void *run(void *argument)
{
    struct ar_snapshot *snapshot = argument;
    struct ar_reason reason = { "" };
    int ret;

    pthread_setname_np(pthread_self(), "ar-snapshot");
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    ret = take(snapshot, &reason);
    pthread_mutex_lock(&snapshot->lock);
    snapshot->status.state = ret < 0 ? AR_SNAPSHOT_FAILED : AR_SNAPSHOT_DONE;
    snapshot->status.reason = reason;
    pthread_mutex_unlock(&snapshot->lock);
    ar_loop_wake(snapshot->control_loop);
    return NULL;
}

static int init(struct ar_snapshot *snapshot, const struct ar_snapshot_params *params)
{
    struct ar_frame_shape shape = { .width_px = params->painting.width_px,
                                    .height_px = params->painting.height_px,
                                    .format = AR_FRAME_I420,
                                    .range = AR_FRAME_FULL };
    int ret = ar_tap_init(&snapshot->tap, 1, &params->painting, params->camera);

    pthread_mutex_init(&snapshot->lock, NULL);
    snapshot->control_loop = params->control_loop;
    if (params->camera) {
        shape.width_px += params->camera->width_px;
        shape.height_px = ar_max_u32(shape.height_px, params->camera->height_px);
    }
    if (ret == 0)
        ret = ar_picture_init(&snapshot->picture, &shape);
    if (ret == 0) /* a painting may be turned, and higher or lower than the camera's picture */
        ar_frame_fill(&snapshot->picture.frame, (const uint8_t[3]){ 0, 128, 128 });
    return ret;
}

static void release(struct ar_snapshot *snapshot)
{
    ar_picture_finish(&snapshot->picture);
    ar_tap_finish(&snapshot->tap);
    pthread_mutex_destroy(&snapshot->lock);
    free(snapshot);
}

int ar_snapshot_start(struct ar_snapshot **out, const struct ar_snapshot_params *params,
                      struct ar_reason *reason)
{
    static const char *const endings[] = { ".jpg", ".jpeg", NULL };
    struct ar_snapshot *snapshot;
    int ret;

    *out = NULL;
    if (!ar_has_ending_of(params->path, endings))
        return ar_reason_set(reason, -EINVAL, "%s: the file's name must end in .jpg or .jpeg",
                             params->path);
    snapshot = calloc(1, sizeof(*snapshot));
    if (!snapshot)
        return ar_reason_set_err(reason, -ENOMEM, "%s", params->path);
    ret = init(snapshot, params);
    if (ret < 0) {
        ar_reason_set_err(reason, ret, "%s", params->path);
        goto err;
    }
    ret = ar_part_open_new(&snapshot->part, params->path, reason);
    if (ret < 0)
        goto err;
    ret = -pthread_create(&snapshot->thread, NULL, run, snapshot);
    if (ret < 0) {
        ar_reason_set_err(reason, ret, "%s: no thread for it", params->path);
        ar_part_abandon(&snapshot->part);
        goto err;
    }
    *out = snapshot;
    return 0;

err:
    release(snapshot);
    return ret;
}

struct ar_tap *ar_snapshot_tap(struct ar_snapshot *snapshot)
{
    return &snapshot->tap;
}

void ar_snapshot_status(struct ar_snapshot *snapshot, struct ar_snapshot_status *status)
{
    pthread_mutex_lock(&snapshot->lock);
    *status = snapshot->status;
    pthread_mutex_unlock(&snapshot->lock);
    snprintf(status->path, sizeof(status->path), "%s", snapshot->part.path);
}

void ar_snapshot_destroy(struct ar_snapshot *snapshot)
{
    if (!snapshot)
        return;
    ar_tap_close(&snapshot->tap);
    pthread_join(snapshot->thread, NULL);
    release(snapshot);
}
