/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/reason.h"
#include "decoder/decoder.h"
#include "encoder/encoder.h"
#include "nn/net.h"
#include "tests/bench/engine.h"
#include "tests/bench/precision.h"
#include "tests/bench/scene.h"

/*
 * One network at one width, size, precision and number of threads, and what it looks at.
 */

struct bench_rig {
    enum bench_precision precision;
    uint32_t rung;
    uint32_t n_threads;
    const struct bench_scene *scene; /* gives the size; borrowed */
    const struct bench_engine *engine;

    /* private */
    struct ar_net *net;
    struct ar_encoder *encoder;
    struct ar_decoder *decoder;
    uint32_t frame;
};

/* The first members are the caller's, the rest zero. 0 or a negative errno. */
int bench_rig_open(struct bench_rig *rig, struct ar_reason *reason);
/* Accepts what open left behind when it failed. */
void bench_rig_close(struct bench_rig *rig);

/* Runs the network on the scene's next picture. */
void bench_rig_next(struct bench_rig *rig);

/* The next picture, and its painting in out's format. */
void bench_rig_paint(struct bench_rig *rig, struct ar_frame *out);

/* Runs the network alone, on the planes of the picture before. */
void bench_rig_net(struct bench_rig *rig);

/* Multiply-accumulates of a frame, in millions. */
double bench_rig_mmac(const struct bench_rig *rig);
