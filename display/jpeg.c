/* SPDX-License-Identifier: MIT */
#include "display/jpeg.h"

#include <assert.h>
#include <errno.h>
#include <turbojpeg.h>

#include "display/part.h"

/* The frame's planes are what JPEG holds: no conversion. */
static int compress(tjhandle turbo, const char *path, const struct ar_frame *frame,
                    uint32_t quality_pct, unsigned char **data, unsigned long *size_b,
                    struct ar_reason *reason)
{
    const unsigned char *planes[3];
    int strides_b[3];

    for (int i = 0; i < 3; i++) {
        planes[i] = frame->planes[i].data;
        strides_b[i] = (int)frame->planes[i].stride_b;
    }
    if (tjCompressFromYUVPlanes(turbo, planes, (int)frame->shape.width_px, strides_b,
                                (int)frame->shape.height_px, TJSAMP_420, data, size_b,
                                (int)quality_pct, 0) < 0)
        return ar_reason_set(reason, -EIO, "%s: cannot be encoded: %s", path,
                             tjGetErrorStr2(turbo));
    return 0;
}

int ar_jpeg_write(struct ar_part *part, const struct ar_frame *frame, uint32_t quality_pct,
                  struct ar_reason *reason)
{
    tjhandle turbo = tjInitCompress();
    unsigned char *data = NULL;
    unsigned long size_b = 0;
    int ret;

    assert(frame->shape.format == AR_FRAME_I420 && frame->shape.range == AR_FRAME_FULL);
    assert(quality_pct >= 1 && quality_pct <= 100);
    ret = turbo ? compress(turbo, part->path, frame, quality_pct, &data, &size_b, reason)
                : ar_reason_set_err(reason, -ENOMEM, "%s", part->path);
    if (ret == 0)
        ret = ar_part_write(part, data, size_b, reason);
    if (ret == 0)
        ret = ar_part_commit(part, reason);
    else
        ar_part_abandon(part);
    tjFree(data);
    if (turbo)
        tjDestroy(turbo);
    return ret;
}
