/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/macros.h"
#include "base/pool.h"
#include "capture/mjpeg.h"
#include "tests/fuzz/target.h"

/*
 * A camera's JPEG. Its first byte chooses which size the driver had promised, and how often it is halved;
 * libjpeg-turbo is asked as the camera's backend asks.
 */

static const struct {
    uint32_t width_px;
    uint32_t height_px;
} sizes[] = { { 32, 32 }, { 64, 48 }, { 33, 35 }, { 160, 120 } };

static uint32_t halved(uint32_t size_px, uint32_t shrink_log2)
{
    return (((size_px - 1) >> shrink_log2) + 1) & ~1u;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_b)
{
    struct ar_frame_shape shape = { .format = AR_FRAME_I420, .range = AR_FRAME_FULL };
    struct ar_mjpeg *mjpeg = NULL;
    struct ar_pool *pool = NULL;
    struct ar_frame *frame = NULL;
    uint32_t shrink_log2;
    size_t which;

    if (size_b == 0)
        return 0;
    which = data[0] % AR_ARRAY_LEN(sizes);
    shrink_log2 = data[0] / AR_ARRAY_LEN(sizes) % 2u;
    shape.width_px = halved(sizes[which].width_px, shrink_log2);
    shape.height_px = halved(sizes[which].height_px, shrink_log2);
    if (ar_mjpeg_create(&mjpeg, sizes[which].width_px, sizes[which].height_px, shrink_log2) <
            0 ||
        ar_pool_create(&pool, &shape, 1) < 0)
        abort();
    frame = ar_pool_take(pool);
    ar_mjpeg_decode(mjpeg, data + 1, size_b - 1, frame);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
    ar_mjpeg_destroy(mjpeg);
    return 0;
}
