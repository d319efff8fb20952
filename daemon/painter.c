/* SPDX-License-Identifier: MIT */
#include "daemon/painter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum ar_net_precision choose_precision(const struct ar_painter_params *params)
{
    struct ar_reason reason;

    if (params->precision == AR_PAINTER_INT8)
        return AR_NET_INT8;
    if (params->precision == AR_PAINTER_AUTO && params->kernels->has_fast_int8 &&
        ar_net_check_int8(params->model, &reason) == 0)
        return AR_NET_INT8;
    return AR_NET_F32;
}

int ar_painter_create(struct ar_painter **out, const struct ar_painter_params *params,
                      struct ar_reason *reason)
{
    struct ar_painter *painter = calloc(1, sizeof(*painter));
    int ret;

    if (!painter) {
        ar_model_close(params->model);
        return ar_reason_set_err(reason, -ENOMEM, "painter");
    }
    painter->model = params->model;
    painter->precision = choose_precision(params);
    painter->width_px = params->width_px;
    painter->height_px = params->height_px;
    ret = ar_net_create(&painter->net,
                        &(struct ar_net_params){ .model = painter->model,
                                                 .kernels = params->kernels,
                                                 .workers = params->workers,
                                                 .width_px = params->width_px,
                                                 .height_px = params->height_px,
                                                 .precision = painter->precision },
                        reason);
    if (ret < 0)
        goto err;
    ret = ar_encoder_create(&painter->encoder, painter->net);
    if (ret == 0)
        ret = ar_decoder_create(&painter->decoder, painter->net, params->temporal);
    if (ret < 0) {
        ar_reason_set_err(reason, ret, "style %s", painter->model->info.style);
        goto err;
    }
    *out = painter;
    return 0;

err:
    ar_painter_destroy(painter);
    return ret;
}

void ar_painter_destroy(struct ar_painter *painter)
{
    if (!painter)
        return;
    ar_decoder_destroy(painter->decoder);
    ar_encoder_destroy(painter->encoder);
    ar_net_destroy(painter->net);
    ar_model_close(painter->model);
    free(painter);
}

const char *ar_painter_precision_name(const struct ar_painter *painter)
{
    return painter->precision == AR_NET_INT8 ? "int8" : "f32";
}

static bool same_layer(const struct ar_layer *a, const struct ar_layer *b, uint32_t n_rungs)
{
    return a->op == b->op && a->norm == b->norm && a->input == b->input && a->add == b->add &&
           a->segment == b->segment && a->kernel == b->kernel && a->kernel2 == b->kernel2 &&
           a->stride == b->stride && a->upsample == b->upsample && a->gate == b->gate &&
           a->gate_previous == b->gate_previous &&
           memcmp(a->channels, b->channels, n_rungs * sizeof(a->channels[0])) == 0;
}

bool ar_painter_same_cost(const struct ar_painter *a, const struct ar_painter *b)
{
    const struct ar_model *one = a->model;
    const struct ar_model *two = b->model;

    if (a->precision != b->precision || one->n_layers != two->n_layers ||
        one->n_rungs != two->n_rungs || one->layout.planes != two->layout.planes)
        return false;
    for (uint32_t i = 0; i < one->n_layers; i++)
        if (!same_layer(&one->layers[i], &two->layers[i], one->n_rungs))
            return false;
    return true;
}

struct ar_work ar_painter_work(const struct ar_painter *painter)
{
    return (struct ar_work){ .model = painter->model,
                             .precision = painter->precision,
                             .width_px = painter->width_px,
                             .height_px = painter->height_px };
}
