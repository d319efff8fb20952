/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "nn/ref/ref.h"

static void mirror_row(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n,
                       uint32_t size_b)
{
    for (size_t i = 0; i < n; i++)
        memcpy(dst + i * size_b, src + (n - 1 - i) * size_b, size_b);
}

void ar_mirror1_row_ref(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    mirror_row(dst, src, n, 1);
}

void ar_mirror2_row_ref(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    mirror_row(dst, src, n, 2);
}

void ar_mirror4_row_ref(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    mirror_row(dst, src, n, 4);
}

/* Two pixels change places, and keep their chroma. */
void ar_mirror_row_yuyv_ref(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *const pair = src + (n - 1 - i) * 4;

        dst[4 * i] = pair[2];
        dst[4 * i + 1] = pair[1];
        dst[4 * i + 2] = pair[0];
        dst[4 * i + 3] = pair[3];
    }
}

static void transpose(const struct ar_transpose *restrict job, uint32_t size_b)
{
    for (ptrdiff_t y = 0; y < (ptrdiff_t)job->height; y++)
        for (ptrdiff_t x = 0; x < (ptrdiff_t)job->width; x++)
            memcpy(job->dst + x * job->dst_stride_b + y * size_b,
                   job->src + y * job->src_stride_b + x * size_b, size_b);
}

void ar_transpose1_ref(const struct ar_transpose *restrict job)
{
    transpose(job, 1);
}

void ar_transpose2_ref(const struct ar_transpose *restrict job)
{
    transpose(job, 2);
}

void ar_transpose4_ref(const struct ar_transpose *restrict job)
{
    transpose(job, 4);
}
