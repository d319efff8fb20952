/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"
#include "base/reason.h"
#include "daemon/work.h"
#include "decoder/decoder.h"
#include "encoder/encoder.h"
#include "nn/net.h"

/*
 * A style made ready for pictures of one size: model, network, encoder and decoder in one piece, so
 * that switching the style is switching a pointer.
 *
 * create and destroy: any one thread. The rest: the compute thread.
 */

/* What the user asked for, in the order of network.precision's words. */
enum ar_painter_precision {
    AR_PAINTER_AUTO, /* int8 where the machine is fast at it and the style can */
    AR_PAINTER_F32,
    AR_PAINTER_INT8,
};

struct ar_painter {
    struct ar_model *model;
    enum ar_net_precision precision;
    uint32_t width_px;
    uint32_t height_px;
    struct ar_net *net;
    struct ar_encoder *encoder;
    struct ar_decoder *decoder;
};

struct ar_painter_params {
    struct ar_model *model; /* taken, also where create fails */
    const struct ar_kernels *kernels;
    struct ar_workers *workers;
    struct ar_decoder_temporal *temporal; /* the stream's, as the blend; borrowed */
    struct ar_decoder_blend *blend;
    uint32_t width_px;
    uint32_t height_px;
    enum ar_painter_precision precision;
};

/* -ENOTSUP where int8 was asked for and the style cannot: see ar_net_check_int8(). */
int ar_painter_create(struct ar_painter **out, const struct ar_painter_params *params,
                      struct ar_reason *reason);
/* Accepts NULL. */
void ar_painter_destroy(struct ar_painter *painter);

/* "f32" or "int8". */
const char *ar_painter_precision_name(const struct ar_painter *painter);

/* What it has to do, for budget/. */
struct ar_work ar_painter_work(const struct ar_painter *painter);
