/* SPDX-License-Identifier: MIT */
#include "daemon/picture.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define ALIGN_B 64

int ar_picture_init(struct ar_picture *picture, const struct ar_frame_shape *shape)
{
    const size_t size_b = ar_align_up(ar_frame_size_b(shape), ALIGN_B);

    *picture = (struct ar_picture){ .memory = aligned_alloc(ALIGN_B, size_b) };
    if (!picture->memory)
        return -ENOMEM;
    memset(picture->memory, 0, size_b);
    ar_frame_map(&picture->frame, shape, picture->memory);
    return 0;
}

void ar_picture_finish(struct ar_picture *picture)
{
    free(picture->memory);
    picture->memory = NULL;
}

void ar_picture_paste(struct ar_frame *dst, uint32_t left_px, uint32_t top_px,
                      const struct ar_frame *src)
{
    assert(dst->shape.format == AR_FRAME_I420 && left_px % 2 == 0 && top_px % 2 == 0);
    assert(src->shape.format == AR_FRAME_I420 && src->shape.range == dst->shape.range);
    assert(left_px + src->shape.width_px <= dst->shape.width_px);
    assert(top_px + src->shape.height_px <= dst->shape.height_px);
    for (uint32_t i = 0; i < 3; i++) {
        const struct ar_frame_plane *from = &src->planes[i];
        const struct ar_frame_plane *to = &dst->planes[i];
        const uint32_t divisor = i == 0 ? 1 : 2;

        for (size_t y = 0; y < ar_frame_plane_rows(&src->shape, i); y++)
            memcpy(to->data + (top_px / divisor + y) * to->stride_b + left_px / divisor,
                   from->data + y * from->stride_b, ar_frame_plane_width_b(&src->shape, i));
    }
}
