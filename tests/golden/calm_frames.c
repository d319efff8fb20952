/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"
#include "decoder/temporal.h"
#include "nn/cpu.h"

/*
 * Runs decoder/temporal for test_temporal.py: calm_frames WIDTH HEIGHT IN_FORMAT OUT_FORMAT CALM.
 * Reads what a camera saw and what was painted of it, in turn, rows without padding; writes what is shown.
 */

#define N_THREADS 2

struct picture {
    struct ar_frame frame;
    uint8_t *memory;
};

struct job {
    struct ar_decoder_temporal *temporal;
    struct ar_frame *painted;
};

static int picture_init(struct picture *picture, const struct ar_frame_shape *shape)
{
    picture->memory = calloc(1, ar_frame_size_b(shape));
    if (!picture->memory)
        return -ENOMEM;
    ar_frame_map(&picture->frame, shape, picture->memory);
    return 0;
}

/* Reads or writes all rows: the number that were whole. */
static uint32_t move_rows(const struct ar_frame *frame, FILE *file, bool writes)
{
    uint32_t n_whole = 0;

    for (uint32_t p = 0; p < ar_frame_n_planes(frame->shape.format); p++) {
        const uint32_t width_b = ar_frame_plane_width_b(&frame->shape, p);

        for (uint32_t y = 0; y < ar_frame_plane_rows(&frame->shape, p); y++) {
            uint8_t *const row = frame->planes[p].data + (size_t)y * frame->planes[p].stride_b;

            n_whole +=
                (writes ? fwrite(row, width_b, 1, file) : fread(row, width_b, 1, file)) == 1;
        }
    }
    return n_whole;
}

static void calm_pairs(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    const struct job *const job = user;

    ar_decoder_temporal_rows(job->temporal, job->painted, first, end, worker);
}

static void run(struct ar_decoder_temporal *temporal, struct ar_workers *workers,
                struct picture *in, struct picture *painted)
{
    struct job job = { temporal, &painted->frame };

    while (move_rows(&in->frame, stdin, false) > 0 &&
           move_rows(&painted->frame, stdin, false) > 0) {
        if (ar_decoder_temporal_begin(temporal, &in->frame)) {
            ar_workers_run(workers, calm_pairs, &job, in->frame.shape.height_px / 2, 3);
            ar_decoder_temporal_end(temporal);
        }
        move_rows(&painted->frame, stdout, true);
    }
}

int main(int argc, char **argv)
{
    struct ar_decoder_temporal *temporal = NULL;
    struct ar_workers *workers = NULL;
    struct picture pictures[2] = { 0 };
    struct ar_frame_shape shapes[2] = { 0 };
    struct ar_kernels kernels;
    uint32_t flags = 0;
    int ret;

    if (argc != 6)
        return EXIT_FAILURE;
    for (uint32_t i = 0; i < AR_ARRAY_LEN(shapes); i++) {
        shapes[i] = (struct ar_frame_shape){ .width_px = (uint32_t)strtoul(argv[1], NULL, 10),
                                             .height_px = (uint32_t)strtoul(argv[2], NULL, 10),
                                             .format = strtoul(argv[3 + i], NULL, 10) };
        if (ar_frame_shape_check(&shapes[i], "frames", &(struct ar_reason){ "" }) < 0 ||
            picture_init(&pictures[i], &shapes[i]) < 0)
            return EXIT_FAILURE;
    }
    ret = ar_cpu_flags(&flags, &(struct ar_reason){ "" });
    ar_kernels_init(&kernels, flags);
    if (ret == 0)
        ret = ar_workers_create(&workers, N_THREADS);
    if (ret == 0)
        ret = ar_decoder_temporal_create(&temporal, &shapes[1], &kernels, workers);
    if (ret == 0) {
        ar_decoder_temporal_set_params(temporal,
                                       &(struct ar_decoder_params){ strtod(argv[5], NULL) });
        run(temporal, workers, &pictures[0], &pictures[1]);
    }
    ar_decoder_temporal_destroy(temporal);
    ar_workers_destroy(workers);
    free(pictures[0].memory);
    free(pictures[1].memory);
    return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
