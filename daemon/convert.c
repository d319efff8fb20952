/* SPDX-License-Identifier: MIT */
#include "daemon/convert.h"

#include <errno.h>
#include <stdlib.h>

#include "base/pool.h"
#include "base/recode.h"

/* One in the making, two that the display may keep. */
#define N_FRAMES 3

struct ar_convert {
    struct ar_pool *pool;
    struct ar_recode recode;
};

int ar_convert_create(struct ar_convert **out, const struct ar_frame_shape *shape)
{
    struct ar_convert *convert = calloc(1, sizeof(*convert));
    int ret;

    *out = NULL;
    if (!convert)
        return -ENOMEM;
    ret = ar_recode_init(&convert->recode, shape->width_px);
    if (ret == 0)
        ret = ar_pool_create(&convert->pool, shape, N_FRAMES);
    if (ret < 0) {
        ar_convert_destroy(convert);
        return ret;
    }
    *out = convert;
    return 0;
}

void ar_convert_destroy(struct ar_convert *convert)
{
    if (!convert)
        return;
    ar_pool_destroy(convert->pool);
    ar_recode_finish(&convert->recode);
    free(convert);
}

struct ar_frame *ar_convert_run(struct ar_convert *convert, const struct ar_frame *frame)
{
    struct ar_frame *made = ar_pool_take(convert->pool);

    if (!made)
        return NULL;
    ar_recode_pairs(&convert->recode, made, 0, frame, 0, frame->shape.height_px / 2);
    made->sequence = frame->sequence;
    made->capture_us = frame->capture_us;
    made->arrival_us = frame->arrival_us;
    made->painted_us = frame->painted_us;
    made->width = frame->width;
    return made;
}
