/* SPDX-License-Identifier: MIT */
#include "decoder/decoder.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macros.h"
#include "nn/image.h"

/* Row pairs that are calmed and blended while what was emitted of them is in the nearest cache. */
#define PAIRS_AT_ONCE 4

struct ar_decoder {
    struct ar_net *net;
    struct ar_decoder_temporal *temporal;
    struct ar_decoder_blend *blend;
};

struct emit_job {
    const struct ar_net *net;
    struct ar_decoder_temporal *temporal; /* NULL: off */
    struct ar_decoder_blend *blend;       /* NULL: nothing to do */
    struct ar_frame *frame;
    uint64_t spent_ns[AR_WORKERS_MAX];
};

int ar_decoder_create(struct ar_decoder **out, struct ar_net *net,
                      struct ar_decoder_temporal *temporal, struct ar_decoder_blend *blend)
{
    struct ar_decoder *decoder = calloc(1, sizeof(*decoder));

    *out = decoder;
    if (!decoder)
        return -ENOMEM;
    decoder->net = net;
    decoder->temporal = temporal;
    decoder->blend = blend;
    return 0;
}

void ar_decoder_destroy(struct ar_decoder *decoder)
{
    free(decoder);
}

uint32_t ar_decoder_n_segments(const struct ar_decoder *decoder)
{
    return ar_net_model(decoder->net)->n_segments - 1;
}

void ar_decoder_run(struct ar_decoder *decoder, uint32_t segment, uint32_t rung)
{
    ar_net_run(decoder->net, segment + 1, rung);
}

/* An ar_net_show: some pairs of picture rows. */
static void emit_pairs(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    struct emit_job *const job = user;
    const struct ar_model *model = ar_net_model(job->net);
    const struct ar_tensor *planes = ar_net_layer(job->net, model->n_layers - 1);
    const uint64_t start_ns = ar_clock_now_ns();

    while (first < end) {
        const uint32_t next = ar_min_u32(first + PAIRS_AT_ONCE, end);

        ar_image_emit(ar_net_kernels(job->net), &model->layout, planes, job->frame, first,
                      next);
        if (job->temporal)
            ar_decoder_temporal_rows(job->temporal, job->frame, first, next, worker);
        if (job->blend)
            ar_decoder_blend_rows(job->blend, job->frame, first, next, worker);
        first = next;
    }
    job->spent_ns[worker] += ar_clock_now_ns() - start_ns;
}

static uint64_t mean_us(const struct emit_job *job)
{
    const uint32_t n_workers = ar_net_n_workers(job->net);
    uint64_t sum_ns = 0;

    assert(n_workers > 0);
    for (uint32_t i = 0; i < n_workers; i++)
        sum_ns += job->spent_ns[i];
    return sum_ns / n_workers / 1000;
}

uint64_t ar_decoder_paint(struct ar_decoder *decoder, uint32_t rung, const struct ar_frame *in,
                          struct ar_frame *out)
{
    struct emit_job job = { .net = decoder->net, .frame = out };

    if (decoder->temporal && ar_decoder_temporal_begin(decoder->temporal, in))
        job.temporal = decoder->temporal;
    if (decoder->blend && ar_decoder_blend_begin(decoder->blend, in))
        job.blend = decoder->blend;
    ar_net_run_and_show(decoder->net, rung, &(struct ar_net_show){ emit_pairs, &job });
    if (job.temporal)
        ar_decoder_temporal_end(job.temporal);
    ar_net_end_frame(decoder->net);
    return mean_us(&job);
}
