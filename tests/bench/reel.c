/* SPDX-License-Identifier: MIT */
#include "tests/bench/reel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/loop.h"
#include "base/macros.h"
#include "capture/capture.h"
#include "capture/scene/scene.h"

#define RATE_MILLIHZ  30000
#define FRAME_ALIGN_B 64

int bench_reel_init(struct bench_reel *reel, const struct ar_frame_shape *shape,
                    uint32_t n_frames)
{
    const size_t frame_b = ar_align_up(ar_frame_size_b(shape), FRAME_ALIGN_B);

    *reel = (struct bench_reel){ .shape = *shape, .n_frames = n_frames };
    reel->frames = calloc(n_frames, sizeof(*reel->frames));
    reel->memory = aligned_alloc(FRAME_ALIGN_B, n_frames * frame_b);
    if (!reel->frames || !reel->memory)
        return -ENOMEM;
    for (uint32_t i = 0; i < n_frames; i++)
        ar_frame_map(&reel->frames[i], shape, reel->memory + i * frame_b);
    return 0;
}

void bench_reel_finish(struct bench_reel *reel)
{
    free(reel->frames);
    free(reel->memory);
    *reel = (struct bench_reel){ .frames = NULL };
}

int bench_reel_draw(struct bench_reel *reel, uint32_t width_px, uint32_t height_px,
                    uint32_t n_frames)
{
    const struct ar_frame_shape shape = { .width_px = width_px,
                                          .height_px = height_px,
                                          .format = AR_FRAME_I420,
                                          .range = AR_FRAME_FULL };
    struct ar_scene *scene;
    int ret = bench_reel_init(reel, &shape, n_frames);

    if (ret < 0)
        return ret;
    ret = ar_scene_create(&scene, width_px, height_px, RATE_MILLIHZ);
    if (ret < 0)
        return ret;
    for (uint32_t i = 0; i < n_frames; i++)
        ar_scene_draw(scene, i, &reel->frames[i]);
    ar_scene_destroy(scene);
    return 0;
}

static int copy_all(struct bench_reel *reel, struct ar_capture *capture, const char *path,
                    struct ar_reason *reason)
{
    for (uint32_t i = 0; i < reel->n_frames; i++) {
        struct ar_frame *frame;
        const int ret = ar_capture_next(capture, &frame, reason);

        if (ret == -ENODATA)
            return ar_reason_set(reason, -EINVAL, "%s: has %u pictures, %u are needed", path, i,
                                 reel->n_frames);
        if (ret < 0)
            return ret;
        ar_frame_copy(&reel->frames[i], frame);
        ar_frame_unref(&frame);
    }
    return 0;
}

int bench_reel_read(struct bench_reel *reel, const char *path, uint32_t n_frames,
                    struct ar_reason *reason)
{
    struct ar_capture_params params = { .pace = AR_CAPTURE_FAST };
    struct ar_capture *capture = NULL;
    struct ar_loop *loop = NULL;
    int ret = snprintf(params.source, sizeof(params.source), "file:%s", path);

    if ((size_t)ret >= sizeof(params.source))
        return ar_reason_set(reason, -EINVAL, "--clip: the path is too long");
    ret = ar_loop_create(&loop, AR_LOOP_AUTO);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "loop");
    ret = ar_capture_create(&capture, &params, reason);
    if (ret == 0)
        ret = ar_capture_start(capture, loop, reason);
    if (ret == 0) {
        ret = bench_reel_init(reel, ar_capture_shape(capture), n_frames);
        ret = ret < 0 ? ar_reason_set_err(reason, ret, "pictures")
                      : copy_all(reel, capture, path, reason);
    }
    ar_capture_destroy(capture);
    ar_loop_destroy(loop);
    return ret;
}
