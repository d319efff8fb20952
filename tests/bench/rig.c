/* SPDX-License-Identifier: MIT */
#include "tests/bench/rig.h"

static const enum ar_net_precision precisions[BENCH_N_PRECISIONS] = {
    [BENCH_F32] = AR_NET_F32,
    [BENCH_INT8] = AR_NET_INT8,
};

static int create_net(struct bench_rig *rig, struct ar_reason *reason)
{
    const struct ar_net_params params = {
        .model = rig->engine->model,
        .kernels = &rig->engine->kernels,
        .workers = rig->engine->workers[rig->n_threads],
        .width_px = rig->scene->shape.width_px,
        .height_px = rig->scene->shape.height_px,
        .precision = precisions[rig->precision],
    };

    return ar_net_create(&rig->net, &params, reason);
}

int bench_rig_open(struct bench_rig *rig, struct ar_reason *reason)
{
    int ret = create_net(rig, reason);

    if (ret < 0)
        return ret;
    ret = ar_encoder_create(&rig->encoder, rig->net);
    if (ret == 0)
        ret = ar_decoder_create(&rig->decoder, rig->net, NULL, NULL);
    return ret < 0 ? ar_reason_set_err(reason, ret, "encoder and decoder") : 0;
}

void bench_rig_close(struct bench_rig *rig)
{
    ar_decoder_destroy(rig->decoder);
    ar_encoder_destroy(rig->encoder);
    ar_net_destroy(rig->net);
}

static const struct ar_frame *take_picture(struct bench_rig *rig)
{
    const struct ar_frame *const frame = &rig->scene->frames[rig->frame];

    rig->frame = (rig->frame + 1) % BENCH_SCENE_N_FRAMES;
    return frame;
}

void bench_rig_next(struct bench_rig *rig)
{
    ar_encoder_run(rig->encoder, take_picture(rig), rig->rung);
    for (uint32_t i = 1; i < rig->engine->model->n_segments; i++)
        ar_net_run(rig->net, i, rig->rung);
    ar_net_end_frame(rig->net);
}

void bench_rig_paint(struct bench_rig *rig, struct ar_frame *out)
{
    const struct ar_frame *const in = take_picture(rig);

    ar_encoder_run(rig->encoder, in, rig->rung);
    for (uint32_t i = 0; i + 1 < ar_decoder_n_segments(rig->decoder); i++)
        ar_decoder_run(rig->decoder, i, rig->rung);
    ar_decoder_paint(rig->decoder, rig->rung, in, out);
}

static void finish_rows(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    ar_net_finish_rows(user, first, end);
}

void bench_rig_net(struct bench_rig *rig)
{
    ar_net_share_rows(rig->net, finish_rows, rig->net, ar_net_planes_height(rig->net));
    for (uint32_t i = 0; i < rig->engine->model->n_segments; i++)
        ar_net_run(rig->net, i, rig->rung);
    ar_net_end_frame(rig->net);
}

double bench_rig_mmac(const struct bench_rig *rig)
{
    const struct ar_model *const model = rig->engine->model;
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];
    uint64_t sum = 0;

    for (uint32_t i = 0; i < model->n_segments; i++)
        rungs[i] = rig->rung;
    for (uint32_t i = 0; i < model->n_segments; i++)
        sum += ar_model_segment_macs(model, i, rungs, rig->scene->shape.width_px,
                                     rig->scene->shape.height_px);
    return (double)sum * 1e-6;
}
