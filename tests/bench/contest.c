/* SPDX-License-Identifier: MIT */
#include "tests/bench/contest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int find_scene(struct bench_contest *contest, uint32_t size_index,
                      enum ar_frame_format format, struct bench_scene **out,
                      struct ar_reason *reason)
{
    const struct bench_size *const size = &contest->options->sizes[size_index];
    const struct ar_frame_shape shape = { .width_px = size->width_px,
                                          .height_px = size->height_px,
                                          .format = format };
    int ret;

    *out = &contest->scenes[size_index][format];
    if ((*out)->memory)
        return 0;
    ret = ar_frame_shape_check(&shape, "--sizes", reason);
    if (ret < 0)
        return ret;
    ret = bench_scene_init(*out, size->width_px, size->height_px, format);
    return ret < 0 ? ar_reason_set_err(reason, ret, "pictures") : 0;
}

static int add_rig(struct bench_contest *contest, const struct bench_rig *rig,
                   struct ar_reason *reason)
{
    struct bench_rig *const added = &contest->rigs[contest->n_rigs++];

    *added = *rig;
    return bench_rig_open(added, reason);
}

static int add_rigs(struct bench_contest *contest, enum bench_precision precision,
                    const struct bench_scene *scene, struct ar_reason *reason)
{
    const struct bench_options *const options = contest->options;
    int ret = 0;

    for (uint32_t t = 0; t < options->n_threads; t++)
        for (uint32_t w = 0; ret == 0 && w < contest->engine.n_rungs; w++)
            ret = add_rig(contest,
                          &(struct bench_rig){ .precision = precision,
                                               .rung = contest->engine.rungs[w],
                                               .n_threads = options->threads[t],
                                               .scene = scene,
                                               .engine = &contest->engine },
                          reason);
    return ret;
}

static int add_all(struct bench_contest *contest, const enum ar_frame_format *formats,
                   uint32_t n_formats, struct ar_reason *reason)
{
    const struct bench_options *const options = contest->options;
    const uint32_t n_scenes = options->n_sizes * n_formats;
    int ret = 0;

    for (uint32_t p = 0; p < options->n_precisions; p++) {
        for (uint32_t i = 0; ret == 0 && i < n_scenes; i++) {
            struct bench_scene *scene;

            ret = find_scene(contest, i / n_formats, formats[i % n_formats], &scene, reason);
            if (ret == 0)
                ret = add_rigs(contest, options->precisions[p], scene, reason);
        }
    }
    return ret;
}

int bench_contest_open(struct bench_contest *contest, const struct bench_options *options,
                       const enum ar_frame_format *formats, uint32_t n_formats,
                       struct ar_reason *reason)
{
    int ret;

    *contest = (struct bench_contest){ .options = options };
    ret = bench_engine_open(&contest->engine, options, reason);
    if (ret < 0)
        return ret;
    contest->rigs = calloc((size_t)options->n_precisions * options->n_sizes * n_formats *
                               options->n_threads * contest->engine.n_rungs,
                           sizeof(*contest->rigs));
    if (!contest->rigs)
        return ar_reason_set_err(reason, -ENOMEM, "networks");
    return add_all(contest, formats, n_formats, reason);
}

void bench_contest_close(struct bench_contest *contest)
{
    for (uint32_t i = 0; i < contest->n_rigs; i++)
        bench_rig_close(&contest->rigs[i]);
    free(contest->rigs);
    for (uint32_t s = 0; s < contest->options->n_sizes; s++)
        for (uint32_t f = 0; f < AR_FRAME_N_FORMATS; f++)
            bench_scene_finish(&contest->scenes[s][f]);
    bench_engine_close(&contest->engine);
}

struct bench_size_text bench_rig_size_text(const struct bench_rig *rig)
{
    const struct ar_frame_shape *const shape = &rig->scene->shape;
    struct bench_size_text size;

    snprintf(size.text, sizeof(size.text), "%ux%u", shape->width_px % 10000,
             shape->height_px % 10000);
    return size;
}
