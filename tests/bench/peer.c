/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "base/pool.h"
#include "tests/bench/bench.h"
#include "tests/bench/contest.h"
#include "tests/bench/serve.h"

/*
 * This engine as one of those that tests/bench/peers.py compares: the first combination of the
 * command line. Standard output begins with a line of JSON, then each picture of the scene and what is
 * painted of it, I420 without padding, each as if it stood alone; then come times (serve.h).
 */

static void prepare(void *user)
{
    bench_rig_next(user);
}

static void run(void *user)
{
    bench_rig_net(user);
}

static void write_frame(const struct ar_frame *frame)
{
    for (uint32_t p = 0; p < ar_frame_n_planes(frame->shape.format); p++) {
        const struct ar_frame_plane *const plane = &frame->planes[p];
        const uint32_t width_b = ar_frame_plane_width_b(&frame->shape, p);

        for (uint32_t y = 0; y < ar_frame_plane_rows(&frame->shape, p); y++)
            fwrite(plane->data + (size_t)y * plane->stride_b, width_b, 1, stdout);
    }
}

static int write_paintings(struct bench_rig *rig)
{
    struct ar_pool *pool;
    struct ar_frame *out;
    int ret = ar_pool_create(&pool, &rig->scene->shape, 1);

    if (ret < 0)
        return ret;
    out = ar_pool_take(pool);
    for (uint32_t i = 0; i < BENCH_SCENE_N_FRAMES; i++) {
        ar_net_forget(rig->net);
        bench_rig_paint(rig, out);
        write_frame(&rig->scene->frames[i]);
        write_frame(out);
    }
    ar_frame_unref(&out);
    ar_pool_destroy(pool);
    return fflush(stdout) == 0 ? 0 : -EPIPE;
}

static void write_heading(const struct bench_rig *rig)
{
    const struct bench_engine *const engine = rig->engine;

    printf("{\"style\": \"%s\", \"tier\": \"%s\", \"precision\": \"%s\", \"width\": %g, "
           "\"threads\": %u, \"size\": \"%s\", \"mmac\": %.3f, \"n_frames\": %d}\n",
           engine->model->info.style, engine->kernels.tier,
           bench_precision_name(rig->precision), engine->model->widths[rig->rung],
           rig->n_threads, bench_rig_size_text(rig).text, bench_rig_mmac(rig),
           BENCH_SCENE_N_FRAMES);
}

int bench_peer(const struct bench_options *options, struct ar_reason *reason)
{
    const enum ar_frame_format format = AR_FRAME_I420;
    struct bench_contest contest;
    int ret = bench_contest_open(&contest, options, &format, 1, reason);

    if (ret == 0) {
        struct bench_rig *const rig = &contest.rigs[0];

        write_heading(rig);
        ret = write_paintings(rig);
        if (ret == 0)
            ret = bench_serve(
                &(struct bench_served){ .user = rig, .prepare = prepare, .run = run });
        if (ret < 0)
            ar_reason_set_err(reason, ret, "peer: standard input and output");
    }
    bench_contest_close(&contest);
    return ret;
}
