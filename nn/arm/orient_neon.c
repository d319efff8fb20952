/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/arm/neon.h"
#include "nn/ref/ref.h"
#include "nn/transpose.h"

#define STEP_B 16 /* of a row that is mirrored; what is left goes to the reference */

/* Mirrors whole steps, given how 16 bytes are; returns the bytes done. */
AR_TILE size_t mirror_row(uint8_t *restrict dst, const uint8_t *restrict src, size_t n_b,
                          const uint8_t order[STEP_B])
{
    const uint8x16_t orders = vld1q_u8(order);
    const size_t n_whole = n_b - n_b % STEP_B;

    for (size_t i = 0; i < n_whole; i += STEP_B)
        vst1q_u8(dst + i, vqtbl1q_u8(vld1q_u8(src + n_b - STEP_B - i), orders));
    return n_whole;
}

void ar_mirror1_row_neon(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    static const uint8_t order[] = { 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 };
    const size_t done = mirror_row(dst, src, n, order);

    ar_mirror1_row_ref(dst + done, src, n - (uint32_t)done);
}

void ar_mirror2_row_neon(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    static const uint8_t order[] = { 14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1 };
    const size_t done = mirror_row(dst, src, 2 * (size_t)n, order);

    ar_mirror2_row_ref(dst + done, src, n - (uint32_t)done / 2);
}

void ar_mirror4_row_neon(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    static const uint8_t order[] = { 12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3 };
    const size_t done = mirror_row(dst, src, 4 * (size_t)n, order);

    ar_mirror4_row_ref(dst + done, src, n - (uint32_t)done / 4);
}

void ar_mirror_row_yuyv_neon(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t n)
{
    static const uint8_t order[] = { 14, 13, 12, 15, 10, 9, 8, 11, 6, 5, 4, 7, 2, 1, 0, 3 };
    const size_t done = mirror_row(dst, src, 4 * (size_t)n, order);

    ar_mirror_row_yuyv_ref(dst + done, src, n - (uint32_t)done / 4);
}

AR_TILE uint8x16_t zip_low(uint8x16_t a, uint8x16_t b, uint32_t size_b)
{
    if (size_b == 1)
        return vzip1q_u8(a, b);
    if (size_b == 2)
        return vreinterpretq_u8_u16(
            vzip1q_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
    return vreinterpretq_u8_u32(vzip1q_u32(vreinterpretq_u32_u8(a), vreinterpretq_u32_u8(b)));
}

AR_TILE uint8x16_t zip_high(uint8x16_t a, uint8x16_t b, uint32_t size_b)
{
    if (size_b == 1)
        return vzip2q_u8(a, b);
    if (size_b == 2)
        return vreinterpretq_u8_u16(
            vzip2q_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
    return vreinterpretq_u8_u32(vzip2q_u32(vreinterpretq_u32_u8(a), vreinterpretq_u32_u8(b)));
}

/* As nn/x86/orient_avx2.c does it. */
AR_TILE void transpose_tile(uint8_t *dst, ptrdiff_t dst_stride_b, const uint8_t *src,
                            ptrdiff_t src_stride_b, uint32_t size_b, uint32_t n_steps)
{
    const uint32_t n = AR_TRANSPOSE_TILE_B / size_b;
    uint8x16_t rows[AR_TRANSPOSE_TILE_B];
    uint8x16_t zipped[AR_TRANSPOSE_TILE_B];

    AR_UNROLL
    for (uint32_t i = 0; i < n; i++)
        rows[i] = vld1q_u8(src + (ptrdiff_t)i * src_stride_b);
    AR_UNROLL
    for (uint32_t step = 0; step < n_steps; step++) {
        AR_UNROLL
        for (uint32_t i = 0; i < n / 2; i++) {
            zipped[2 * i] = zip_low(rows[i], rows[i + n / 2], size_b);
            zipped[2 * i + 1] = zip_high(rows[i], rows[i + n / 2], size_b);
        }
        AR_UNROLL
        for (uint32_t i = 0; i < n; i++)
            rows[i] = zipped[i];
    }
    AR_UNROLL
    for (uint32_t i = 0; i < n; i++)
        vst1q_u8(dst + (ptrdiff_t)i * dst_stride_b, rows[i]);
}

AR_TILE void transpose_tile1(uint8_t *dst, ptrdiff_t dst_stride_b, const uint8_t *src,
                             ptrdiff_t src_stride_b)
{
    transpose_tile(dst, dst_stride_b, src, src_stride_b, 1, 4);
}

void ar_transpose1_neon(const struct ar_transpose *restrict job)
{
    ar_transpose_by_tiles(job, 1, transpose_tile1, ar_transpose1_ref);
}

AR_TILE void transpose_tile2(uint8_t *dst, ptrdiff_t dst_stride_b, const uint8_t *src,
                             ptrdiff_t src_stride_b)
{
    transpose_tile(dst, dst_stride_b, src, src_stride_b, 2, 3);
}

void ar_transpose2_neon(const struct ar_transpose *restrict job)
{
    ar_transpose_by_tiles(job, 2, transpose_tile2, ar_transpose2_ref);
}

AR_TILE void transpose_tile4(uint8_t *dst, ptrdiff_t dst_stride_b, const uint8_t *src,
                             ptrdiff_t src_stride_b)
{
    transpose_tile(dst, dst_stride_b, src, src_stride_b, 4, 2);
}

void ar_transpose4_neon(const struct ar_transpose *restrict job)
{
    ar_transpose_by_tiles(job, 4, transpose_tile4, ar_transpose4_ref);
}
