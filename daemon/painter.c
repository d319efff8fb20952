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
        ret =
            ar_decoder_create(&painter->decoder, painter->net, params->temporal, params->blend);
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

struct ar_work ar_painter_work(const struct ar_painter *painter)
{
    return (struct ar_work){ .model = painter->model,
                             .precision = painter->precision,
                             .width_px = painter->width_px,
                             .height_px = painter->height_px };
}
