/* SPDX-License-Identifier: MIT */
#include "decoder/decoder.h"

#include <errno.h>
#include <stdlib.h>

#include "nn/image.h"

struct ar_decoder {
    struct ar_net *net;
};

struct emit_job {
    const struct ar_net *net;
    struct ar_frame *frame;
};

int ar_decoder_create(struct ar_decoder **out, struct ar_net *net)
{
    struct ar_decoder *decoder = calloc(1, sizeof(*decoder));

    *out = decoder;
    if (!decoder)
        return -ENOMEM;
    decoder->net = net;
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

static void emit_pairs(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    const struct emit_job *const job = user;
    const struct ar_model *model = ar_net_model(job->net);

    ar_image_emit(ar_net_kernels(job->net), &model->layout,
                  ar_net_layer(job->net, model->n_layers - 1), job->frame, first, end);
}

void ar_decoder_emit(struct ar_decoder *decoder, struct ar_frame *out)
{
    struct emit_job job = { decoder->net, out };

    ar_net_share_rows(decoder->net, emit_pairs, &job, out->shape.height_px / 2);
    ar_net_end_frame(decoder->net);
}
