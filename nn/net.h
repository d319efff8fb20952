/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "base/workers.h"
#include "nn/kernels.h"
#include "nn/model.h"
#include "nn/tensor.h"
#include "nn/tensor8.h"

/*
 * A network ready to run on pictures of one size: weights packed for the kernels, feature
 * maps in one arena, running statistics. Allocates at create only.
 *
 * create and destroy: any one thread. Everything else: the thread that owns the workers.
 * Results do not depend on the number of workers, bit for bit.
 */

struct ar_net;

enum ar_net_precision {
    AR_NET_F32,
    AR_NET_INT8, /* for models with int8 ranges */
};

struct ar_net_params {
    const struct ar_model *model;     /* borrowed for the net's life */
    const struct ar_kernels *kernels; /* borrowed for the net's life */
    struct ar_workers *workers;       /* borrowed for the net's life */
    uint32_t width_px;                /* of the picture, even, 16..1920 */
    uint32_t height_px;
    enum ar_net_precision precision;
    bool keep_all; /* tests: no layers share memory, so that all can be looked at after a run */
};

/*
 * Whether a model can run in int8: 0; -ENOTSUP, with the layer and the reason, where it has no ranges or layers that
 * int8 does not know.
 */
int ar_net_check_int8(const struct ar_model *model, struct ar_reason *reason);

/* -EINVAL for a size that the network cannot take, what ar_net_check_int8() gives, -ENOMEM. */
int ar_net_create(struct ar_net **out, const struct ar_net_params *params,
                  struct ar_reason *reason);
/* Accepts NULL. */
void ar_net_destroy(struct ar_net *net);

const struct ar_model *ar_net_model(const struct ar_net *net);
size_t ar_net_memory_b(const struct ar_net *net);

/*
 * Input planes, to be filled by rows before segment 0 runs: those of its precision, of the other NULL. int8's are full-range bytes in
 * fours. Rows that are filled are finished, while they are in the cache, by filling their halo. Rows may be by different threads.
 */
const struct ar_tensor *ar_net_planes(const struct ar_net *net);
const struct ar_tensor8 *ar_net_planes8(const struct ar_net *net);
void ar_net_finish_rows(const struct ar_net *net, uint32_t first, uint32_t end);

uint32_t ar_net_planes_width(const struct ar_net *net);
uint32_t ar_net_planes_height(const struct ar_net *net);

/* A pixel of a plane that has been filled, as a full-range value, 0 to 255. */
float ar_net_level(const struct ar_net *net, uint32_t plane, uint32_t y, uint32_t x);

/*
 * A layer's result in float32 (in int8: the last layer's only) as of its last run: channels are those of the rung it ran at. Without
 * keep_all only the last layer's outlives its last reader.
 */
const struct ar_tensor *ar_net_layer(const struct ar_net *net, uint32_t layer);

/*
 * Runs a segment's layers at a rung. Segments run in order, 0 first, each once: later ones
 * reuse memory.
 */
void ar_net_run(struct ar_net *net, uint32_t segment, uint32_t rung);

/*
 * Who wants the picture while its rows are in the cache: called for pairs of picture rows, once for each, in any order,
 * by the worker that has made them in the last layer's map, which may be a ring of them.
 */
struct ar_net_show {
    ar_workers_fn *fn;
    void *user;
};

/* Runs the last segment, as ar_net_run() does, and shows it. */
void ar_net_run_and_show(struct ar_net *net, uint32_t rung, const struct ar_net_show *show);

/*
 * Calibration: while set, each layer that runs writes its time into layers_ns[layer], borrowed; NULL ends it. The
 * sum over a segment is less than the segment took: showing belongs to no layer.
 */
void ar_net_time_layers(struct ar_net *net, uint64_t *layers_ns);

/* Tells that a whole frame was run: folds this frame's statistics into the running ones. */
void ar_net_end_frame(struct ar_net *net);

/* Forgets running statistics and previous gates: a scene cut, or the end of calibration. */
void ar_net_forget(struct ar_net *net);

/* Shares rows 0 to n_rows among the net's workers, and returns when all are done. */
void ar_net_share_rows(const struct ar_net *net, ar_workers_fn *fn, void *job, uint32_t n_rows);
uint32_t ar_net_n_workers(const struct ar_net *net);
const struct ar_kernels *ar_net_kernels(const struct ar_net *net);
