/* SPDX-License-Identifier: MIT */
#include "encoder/encoder.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "encoder/cut.h"
#include "nn/image.h"

/* Row pairs that are finished while what was made of them is in a near cache. */
#define PAIRS_AT_ONCE 4

struct ar_encoder {
    struct ar_net *net;
    struct ar_encoder_cut cut;
};

struct ingest_job {
    const struct ar_net *net;
    const struct ar_frame *frame;
};

int ar_encoder_create(struct ar_encoder **out, struct ar_net *net)
{
    struct ar_encoder *encoder = calloc(1, sizeof(*encoder));

    *out = encoder;
    if (!encoder)
        return -ENOMEM;
    encoder->net = net;
    return 0;
}

void ar_encoder_destroy(struct ar_encoder *encoder)
{
    free(encoder);
}

/* Pairs of picture rows: one row of yuv420 planes, two of rgb planes. */
static void ingest_pairs(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    const struct ingest_job *const job = user;
    const struct ar_image_layout *layout = &ar_net_model(job->net)->layout;
    const struct ar_kernels *kernels = ar_net_kernels(job->net);
    const struct ar_tensor8 *planes8 = ar_net_planes8(job->net);
    const uint32_t rows = layout->planes == AR_IMAGE_YUV420 ? 1 : 2;

    while (first < end) {
        const uint32_t next = ar_min_u32(first + PAIRS_AT_ONCE, end);

        if (planes8)
            ar_image_ingest8(kernels, layout, planes8, job->frame, first, next);
        else
            ar_image_ingest(kernels, layout, ar_net_planes(job->net), job->frame, first, next);
        ar_net_finish_rows(job->net, first * rows, next * rows);
        first = next;
    }
}

bool ar_encoder_run(struct ar_encoder *encoder, const struct ar_frame *frame, uint32_t rung)
{
    struct ar_net *net = encoder->net;
    struct ingest_job job = { net, frame };
    bool is_cut;

    ar_net_share_rows(net, ingest_pairs, &job, frame->shape.height_px / 2);
    is_cut = ar_encoder_cut_look(&encoder->cut, net);
    if (is_cut)
        ar_net_forget(net);
    ar_net_run(net, 0, rung);
    return is_cut;
}
