/* SPDX-License-Identifier: MIT */
#include "daemon/convert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/pool.h"
#include "nn/image.h"

/* One in the making, two that the display may keep. */
#define N_FRAMES 3

#define N_PLANES   6
#define ALIGN_TO_B 64

struct ar_convert {
    const struct ar_kernels *kernels;
    struct ar_pool *pool;
    float *memory;
    struct ar_tensor
        planes; /* of one row pair after the other: its rows are one and the same */
};

/* Full-range shares of 1: what is between the two ways does not matter, as long as it is the same. */
static const struct ar_image_layout layout = { .planes = AR_IMAGE_YUV420, .gain = 1.0F };

int ar_convert_create(struct ar_convert **out, const struct ar_frame_shape *shape,
                      const struct ar_kernels *kernels)
{
    struct ar_convert *convert = calloc(1, sizeof(*convert));
    const uint32_t width = shape->width_px / 2;
    const size_t memory_b = ar_tensor_floats(1, width, N_PLANES) * sizeof(float);
    int ret = -ENOMEM;

    *out = NULL;
    if (!convert)
        return -ENOMEM;
    convert->kernels = kernels;
    convert->memory = aligned_alloc(ALIGN_TO_B, ar_align_up(memory_b, ALIGN_TO_B));
    if (convert->memory) {
        memset(convert->memory, 0, memory_b);
        ret = ar_pool_create(&convert->pool, shape, N_FRAMES);
    }
    if (ret < 0) {
        ar_convert_destroy(convert);
        return ret;
    }
    convert->planes = (struct ar_tensor){ .height = shape->height_px / 2, .width = width };
    ar_tensor_place(&convert->planes, convert->memory, N_PLANES);
    convert->planes.row_stride = 0;
    *out = convert;
    return 0;
}

void ar_convert_destroy(struct ar_convert *convert)
{
    if (!convert)
        return;
    ar_pool_destroy(convert->pool);
    free(convert->memory);
    free(convert);
}

bool ar_convert_same(const struct ar_frame_shape *a, const struct ar_frame_shape *b)
{
    return a->width_px == b->width_px && a->height_px == b->height_px &&
           a->format == b->format &&
           (a->format == AR_FRAME_XRGB || a->range == b->range); /* colours have no range */
}

struct ar_frame *ar_convert_run(struct ar_convert *convert, const struct ar_frame *frame)
{
    struct ar_frame *made = ar_pool_take(convert->pool);

    if (!made)
        return NULL;
    for (uint32_t pair = 0; pair < frame->shape.height_px / 2; pair++) {
        ar_image_ingest(convert->kernels, &layout, &convert->planes, frame, pair, pair + 1);
        ar_image_emit(convert->kernels, &layout, &convert->planes, made, pair, pair + 1);
    }
    made->sequence = frame->sequence;
    made->capture_us = frame->capture_us;
    made->arrival_us = frame->arrival_us;
    made->painted_us = frame->painted_us;
    made->width = frame->width;
    return made;
}
