/* SPDX-License-Identifier: MIT */
#include "daemon/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/status.h"

#define TAG "recorder"

void ar_recorder_init(struct ar_recorder *recorder, struct ar_pipeline *pipeline,
                      struct ar_loop *loop, enum ar_loop_kind kind, struct ar_events *events)
{
    *recorder = (struct ar_recorder){
        .pipeline = pipeline, .loop = loop, .events = events, .kind = kind
    };
}

static void tell(struct ar_recorder *recorder, const char *event, json_t *written)
{
    if (json_object_set_new(written, "event", json_string(event)) < 0) {
        json_decref(written);
        written = NULL;
    }
    ar_events_tell(recorder->events, written);
}

void ar_recorder_finish(struct ar_recorder *recorder)
{
    if (!recorder->pipeline)
        return;
    ar_pipeline_set_tap(recorder->pipeline, AR_TAP_RECORDING, NULL);
    ar_pipeline_set_tap(recorder->pipeline, AR_TAP_SNAPSHOT, NULL);
    ar_recording_destroy(recorder->recording);
    ar_snapshot_destroy(recorder->snapshot);
}

/* Where a service may write, appended to why it may not where it was asked to. */
static void add_advice(struct ar_reason *reason, int ret)
{
    /* No thread changes the environment. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *state = getenv("STATE_DIRECTORY");
    const size_t length = strlen(reason->text);
    char *end = reason->text + length;
    const size_t room_b = sizeof(reason->text) - length;

    if (ret != -EACCES && ret != -EPERM && ret != -EROFS && ret != -ENOENT)
        return;
    if (state && state[0] == '/')
        snprintf(end, room_b, "; ar-daemon, as user %u, may write into %.*s",
                 (unsigned)geteuid(), (int)strcspn(state, ":"), state);
    else if (ret != -ENOENT)
        snprintf(end, room_b, "; ar-daemon runs as user %u", (unsigned)geteuid());
}

/* What is asked of both. */
static int check(const struct ar_recorder *recorder, const char *path,
                 struct ar_frame_shape *camera, struct ar_frame_shape *painting,
                 struct ar_reason *reason)
{
    struct ar_pipeline_status status;
    int ret;

    if (path[0] != '/')
        return ar_reason_set(reason, -EINVAL, "%s: not an absolute path", path);
    ar_pipeline_status(recorder->pipeline, &status);
    ret = ar_pipeline_shapes(recorder->pipeline, camera, painting);
    if (ret < 0)
        ar_reason_set(reason, ret, "%s: ar-daemon is %s; try again", path,
                      ar_status_state_name(status.state));
    return ret;
}

static uint32_t rate_millihz(struct ar_pipeline *pipeline)
{
    struct ar_pipeline_status status;

    ar_pipeline_status(pipeline, &status);
    return status.rate_millihz;
}

int ar_recorder_start(struct ar_recorder *recorder, const char *path, struct ar_reason *reason)
{
    struct ar_recording_params params = { .path = path,
                                          .loop = recorder->kind,
                                          .control_loop = recorder->loop };
    struct ar_frame_shape camera;
    int ret = check(recorder, path, &camera, &params.shape, reason);

    if (ret < 0)
        return ret;
    if (recorder->recording)
        return ar_reason_set(reason, -EBUSY, "%s: %s is being recorded; stop that first", path,
                             recorder->last_recording.path);
    params.rate_millihz = rate_millihz(recorder->pipeline);
    ret = ar_recording_start(&recorder->recording, &params, reason);
    if (ret < 0) {
        add_advice(reason, ret);
        return ret;
    }
    ar_recording_status(recorder->recording, &recorder->last_recording);
    ar_pipeline_set_tap(recorder->pipeline, AR_TAP_RECORDING,
                        ar_recording_tap(recorder->recording));
    ar_log(AR_LOG_INFO, TAG, "%s: recording, %s", path, recorder->last_recording.encoder);
    tell(recorder, "recording", ar_recorder_recording_json(recorder));
    return 0;
}

int ar_recorder_stop(struct ar_recorder *recorder, struct ar_reason *reason)
{
    if (!recorder->recording)
        return ar_reason_set(reason, -ENOENT, "nothing is being recorded");
    ar_pipeline_set_tap(recorder->pipeline, AR_TAP_RECORDING, NULL);
    ar_recording_stop(recorder->recording);
    return 0;
}

void ar_recorder_stop_all(struct ar_recorder *recorder)
{
    if (recorder->recording)
        ar_recorder_stop(recorder, NULL);
    if (recorder->snapshot)
        ar_tap_close(ar_snapshot_tap(recorder->snapshot));
}

int ar_recorder_snapshot(struct ar_recorder *recorder, const char *path, bool pair,
                         struct ar_reason *reason)
{
    struct ar_snapshot_params params = { .path = path, .control_loop = recorder->loop };
    struct ar_pipeline_status status;
    struct ar_frame_shape camera;
    int ret = check(recorder, path, &camera, &params.painting, reason);

    if (ret < 0)
        return ret;
    if (recorder->snapshot)
        return ar_reason_set(reason, -EBUSY, "%s: %s is under way; try again", path,
                             recorder->last_snapshot.path);
    ar_pipeline_status(recorder->pipeline, &status);
    if (status.state == AR_PIPELINE_PAUSED)
        return ar_reason_set(reason, -EAGAIN, "%s: ar-daemon is paused; `ar-ctl resume` first",
                             path);
    params.camera = pair ? &camera : NULL;
    ret = ar_snapshot_start(&recorder->snapshot, &params, reason);
    if (ret < 0) {
        add_advice(reason, ret);
        return ret;
    }
    ar_snapshot_status(recorder->snapshot, &recorder->last_snapshot);
    ar_pipeline_set_tap(recorder->pipeline, AR_TAP_SNAPSHOT,
                        ar_snapshot_tap(recorder->snapshot));
    return 0;
}

static void serve_recording(struct ar_recorder *recorder)
{
    const struct ar_recording_status *last = &recorder->last_recording;

    ar_recording_status(recorder->recording, &recorder->last_recording);
    if (last->state != AR_RECORDING_DONE && last->state != AR_RECORDING_FAILED)
        return;
    ar_pipeline_set_tap(recorder->pipeline, AR_TAP_RECORDING, NULL);
    ar_recording_destroy(recorder->recording);
    recorder->recording = NULL;
    if (last->state == AR_RECORDING_FAILED)
        ar_log(AR_LOG_ERROR, TAG, "%s", last->reason.text);
    ar_log(AR_LOG_INFO, TAG, "%s: recorded %.1f s, %llu pictures, %llu dropped", last->path,
           (double)last->duration_us / 1e6, (unsigned long long)last->n_pictures,
           (unsigned long long)last->n_dropped);
    tell(recorder, "recording", ar_recorder_recording_json(recorder));
}

static void serve_snapshot(struct ar_recorder *recorder)
{
    const struct ar_snapshot_status *last = &recorder->last_snapshot;

    ar_snapshot_status(recorder->snapshot, &recorder->last_snapshot);
    if (last->state == AR_SNAPSHOT_WAITS)
        return;
    ar_pipeline_set_tap(recorder->pipeline, AR_TAP_SNAPSHOT, NULL);
    ar_snapshot_destroy(recorder->snapshot);
    recorder->snapshot = NULL;
    if (last->state == AR_SNAPSHOT_FAILED)
        ar_log(AR_LOG_ERROR, TAG, "%s", last->reason.text);
    else
        ar_log(AR_LOG_INFO, TAG, "%s: written", last->path);
    tell(recorder, "snapshot", ar_recorder_snapshot_json(recorder));
}

void ar_recorder_serve(struct ar_recorder *recorder)
{
    if (recorder->recording)
        serve_recording(recorder);
    if (recorder->snapshot)
        serve_snapshot(recorder);
}

bool ar_recorder_is_busy(const struct ar_recorder *recorder)
{
    return recorder->recording || recorder->snapshot;
}

json_t *ar_recorder_recording_json(const struct ar_recorder *recorder)
{
    static const char *const names[] = {
        [AR_RECORDING_RUNS] = "recording",
        [AR_RECORDING_STOPS] = "finishing",
        [AR_RECORDING_DONE] = "done",
        [AR_RECORDING_FAILED] = "failed",
    };
    const struct ar_recording_status *last = &recorder->last_recording;

    if (last->path[0] == '\0')
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:f, s:s}", "file", last->path, "state",
                     names[last->state], "encoder", last->encoder, "pictures",
                     (json_int_t)last->n_pictures, "dropped", (json_int_t)last->n_dropped,
                     "bytes", (json_int_t)last->size_b, "seconds",
                     (double)last->duration_us / 1e6, "error", last->reason.text);
}

json_t *ar_recorder_snapshot_json(const struct ar_recorder *recorder)
{
    static const char *const names[] = {
        [AR_SNAPSHOT_WAITS] = "waiting",
        [AR_SNAPSHOT_DONE] = "done",
        [AR_SNAPSHOT_FAILED] = "failed",
    };
    const struct ar_snapshot_status *last = &recorder->last_snapshot;

    if (last->path[0] == '\0')
        return json_null();
    return json_pack("{s:s, s:s, s:s}", "file", last->path, "state", names[last->state],
                     "error", last->reason.text);
}
